/** The worker process: config, connection, provider, worker, health port; closed in reverse. */
import { createAdaptorServer } from '@hono/node-server';
import type { ProviderConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';
import { listening, readConfig, runProcess } from '../src/process.ts';
import { connect, readyWithin } from '../src/queue/connection.ts';
import { createDoorbell } from '../src/queue/doorbell.ts';
import { makeFlashcards } from './flashcards.ts';
import { createHealthApp } from './health.ts';
import { createOffline } from './providers/offline.ts';
import { createOpenAI } from './providers/openai.ts';
import type { Provider } from './providers/provider.ts';
import { type Handlers, runJob } from './run.ts';
import { createWorker } from './worker.ts';

const handlers: Handlers = { 'generate-flashcards': makeFlashcards };

const config = readConfig(process.env, 'worker');
const log = createLog('worker', config.logLevel);

await runProcess(log, config.shutdownGraceMs + 5000, async (closers) => {
  const provider = createProvider(config.provider);
  log.info(
    { provider: provider.name },
    provider.name === 'offline' ? 'offline generator: cards come from the text itself, no model is asked' : 'provider',
  );
  if (config.exposedKey)
    log.warn(
      'EXPO_PUBLIC_OPENAI_API_KEY is used: that prefix ships the key inside the app; rename it to OPENAI_API_KEY and make a new key',
    );

  const onRedisError = (error: unknown) => log.warn({ err: error }, 'redis');
  const redis = connect(config.redisUrl, 'patient', onRedisError);
  closers.push(() => redis.disconnect());

  const deps = { handlers, provider, timeoutMs: config.job.timeoutMs, log };
  const { keyPrefix, job } = config;
  const worker = createWorker(
    redis,
    (task, journal) => runJob(task, journal, deps),
    { keyPrefix, backoffMs: job.backoffMs, ...config.worker },
    log,
  );

  const commands = connect(config.redisUrl, 'impatient', onRedisError);
  closers.push(() => commands.disconnect());
  await readyWithin(commands, 3000); // else the doorbell starts with a complaint
  const doorbell = createDoorbell({
    pattern: connect(config.redisUrl, 'patient', onRedisError, { lazyConnect: true }),
    redis: commands,
    keyPrefix,
    onRing: worker.ring,
    onError: (error) => log.warn({ err: error }, 'doorbell'),
  });
  closers.push(() => doorbell.close());
  closers.push(() => worker.close(config.shutdownGraceMs)); // while the bell still rings for what is cancelled

  const { name, concurrency } = config.worker;
  const health = createHealthApp(worker, { name, concurrency, provider: provider.name });
  const server = createAdaptorServer({ fetch: health.fetch });
  closers.push(() => server.close());
  server.listen(config.workerHealthPort, config.host);
  const port = await listening(server, 'WORKER_HEALTH_PORT');
  log.info({ port, concurrency }, 'worker listening');
  return { ready: true, port, note: provider.name };
});

function createProvider(settings: ProviderConfig): Provider {
  return settings.name === 'offline' ? createOffline() : createOpenAI(settings);
}
