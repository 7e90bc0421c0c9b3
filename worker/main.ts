/** The worker process: config, connection, provider, worker, health port; closed in reverse. */
import { createAdaptorServer } from '@hono/node-server';
import type { ProviderConfig } from '../src/config.ts';
import { createErrorLog } from '../src/error-log.ts';
import { listen } from '../src/listen.ts';
import { createLog } from '../src/log.ts';
import { readConfig, readEnvFile, runProcess } from '../src/process.ts';
import { createBreaker } from '../src/queue/breaker.ts';
import { createCancel } from '../src/queue/cancel-job.ts';
import { watchDeadlines } from '../src/queue/deadlines.ts';
import { createEventReader } from '../src/queue/event-reader.ts';
import { keysUnder } from '../src/queue/keys.ts';
import { openStore } from '../src/queue/store.ts';
import { makeFlashcards } from './kinds/generate-flashcards.ts';
import { createHealthApp } from './health.ts';
import { withFallback } from './fallback.ts';
import { type Breaker, guard } from './guard.ts';
import { createOffline } from './vendors/offline.ts';
import { createOpenAI } from './vendors/openai.ts';
import type { Provider } from './capabilities.ts';
import { type Handlers, runJob } from './run.ts';
import { createWorker } from './worker.ts';

const handlers: Handlers = { 'generate-flashcards': makeFlashcards };

const envFile = readEnvFile(process.argv[2], process.env);
const config = readConfig(process.env, 'worker');
const log = await createLog('worker', config.logLevel);
if (envFile !== undefined) log.info({ file: envFile }, 'environment file read; variables that are set win');

const breakerOptions = {
  ...config.breaker,
  probeMs: config.job.timeoutMs,
  paceMs: (2 * config.worker.rate.duration) / config.worker.rate.max, // they take every second start at most
};

await runProcess(log, config.shutdownGraceMs + 5000, async (closers, fail) => {
  const { keyPrefix, job } = config;
  const store = await openStore({ url: config.redisUrl, keyPrefix, log, logError: createErrorLog(log), onUnusable: fail });
  closers.push(store.close);
  const redis = store.connect('wait');
  const commands = store.redis;

  const keys = keysUnder(keyPrefix);
  const provider = createProvider(config.provider, (name) => createBreaker(redis, keys, name, breakerOptions));
  log.info(
    { provider: provider.name },
    provider.name === 'offline' ? 'offline generator: cards come from the text itself, no model is asked' : 'provider',
  );
  if (config.exposedKey)
    log.warn(
      'EXPO_PUBLIC_OPENAI_API_KEY is used: that prefix ships the key inside the app; rename it to OPENAI_API_KEY and make a new key',
    );

  const onCancelled = (jobId: string) => log.info({ jobId }, 'job cancelled: its time was up');
  // Before any job is taken: nobody pays for one that is past its time.
  closers.push(
    await watchDeadlines({ redis: commands, keys, cancel: createCancel(commands, keys), onCancelled, onError: store.onError('deadlines') }),
  );

  const deps = { handlers, provider, timeoutMs: job.timeoutMs, log };
  const worker = createWorker(
    store,
    (task, journal) => runJob(task, journal, deps),
    { keyPrefix, backoffMs: job.backoffMs, ...config.worker },
    log,
  );

  const eventReader = createEventReader({
    pattern: store.connect('wait', { lazyConnect: true }),
    redis: commands,
    keyPrefix,
    onSignal: worker.signal,
    onError: store.onError('events'),
  });
  closers.push(() => eventReader.close());
  closers.push(() => worker.close(config.shutdownGraceMs)); // while events are still read: a job can be cancelled until then

  const checks = { writes: async () => (await store.monitor.probe()) === undefined, listening: eventReader.listening };
  const { name, concurrency } = config.worker;
  const health = createHealthApp(worker, checks, { name, concurrency, provider: provider.name });
  const ports = config.workerHealthPorts;
  const createServer = () => createAdaptorServer({ fetch: health.fetch, hostname: 'localhost' });
  const { port, close } = await listen(createServer, { host: config.host, ports, variable: 'WORKER_HEALTH_PORT' });
  closers.push(close);
  if (!ports.includes(0) && port !== ports[0]) log.warn({ port }, `port ${ports[0]} is taken, so /health is at port ${port}`);
  log.info({ port, concurrency }, 'worker listening');
  return { ready: true, port, note: provider.name };
});

/** The provider, each model behind its breaker. */
function createProvider(settings: ProviderConfig, breakerOf: (name: string) => Breaker): Provider {
  if (settings.name === 'offline') return createOffline();
  const main = guard(createOpenAI(settings.main), breakerOf('openai'));
  return settings.fallback ? withFallback(main, guard(createOpenAI(settings.fallback), breakerOf('openai-fallback'))) : main;
}
