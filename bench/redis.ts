/** A native Redis for a benchmark, and jobs in it that the benchmark writes to by hand. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { Worker } from 'bullmq';
import { tenantOf } from '../src/job/tenant.ts';
import type { Clock } from '../src/store/clock.ts';
import { connect, readyWithin } from '../src/store/redis-connection.ts';
import { QUEUE_NAME } from '../src/store/keys.ts';
import { createJournals, type Journal } from '../worker/run/journal.ts';
import { JobQueue } from '../src/jobs/queue.ts';
import { killAtExit } from './processes.ts';
import { Store } from '../src/store/store.ts';
import type { RedisClient } from '../src/store/redis-client.ts';

/** The prefix of a benchmark's keys. */
export const PREFIX = '{bench}';

/** A running Redis. */
export type RedisServer = { url: string; stop(): void };

/** A database of Redis for one contender, and a connection to it. */
export type Place = { url: string; redis: RedisClient };

/** How many databases there are. */
const PLACES = 32;

/** Opens so many databases, 32 at most. */
export const openPlaces = ({ url }: RedisServer, count: number): Place[] =>
  Array.from({ length: count }, (_, n) => ({ url: `${url}/${n}`, redis: connect(`${url}/${n}`, 'wait', console.error) }));

/** Starts redis-server on a free loopback port, keeping nothing on disk. */
export async function startRedis(): Promise<RedisServer> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' ? address?.port : 0;
  probe.close();
  await once(probe, 'close');
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--databases', String(PLACES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  void killAtExit(server);
  for await (const text of server.stdout) if (String(text).includes('Ready to accept connections')) break;
  return { url: `redis://127.0.0.1:${port}`, stop: () => void server.kill() };
}

/** Redis runs on this machine, by the same clock. */
export const ownClock: Clock = { now: () => Date.now(), measured: Promise.resolve(), aheadMs: () => undefined };

/** The benchmark's queue over a connection. */
export const openQueue = (redis: ReturnType<typeof connect>) =>
  new JobQueue(new Store(redis, PREFIX, ownClock), {
    attempts: 1,
    maxRetries: 20,
    retentionS: 600,
    rate: { max: 10, duration: 1000 },
    bounds: { maxDepth: 1e9, maxJobsPerUser: 1e9 },
    lanes: { names: [], of: () => Promise.resolve(undefined) },
  });

/** A running job that the benchmark writes to. */
export type HeldJob = { id: string; journal: Journal; complete(): Promise<unknown> };

/** Submits so many jobs and takes them, as a worker would. `ownerOf`: the user of the n-th one. */
export async function holdJobs(
  url: string,
  count: number,
  ownerOf: (n: number) => string = () => 'bench',
): Promise<{ jobs: HeldJob[]; close(): Promise<void> }> {
  const redis = connect(url, 'wait', () => {});
  await readyWithin(redis, 5000);
  const queue = openQueue(redis);
  const journals = createJournals(new Store(redis, PREFIX, ownClock));
  const worker = new Worker(QUEUE_NAME, null, { connection: redis, prefix: PREFIX, lockDuration: 600_000 });
  const jobs: HeldJob[] = [];
  for (let n = 0; n < count; n++) {
    const owner = ownerOf(n);
    const tenant = tenantOf(owner, undefined);
    await queue.add({ kind: 'generate-flashcards', owner, tenant, requestId: 'bench', input: { n } });
    const job = await worker.getNextJob(`token-${n}`);
    const id = job?.id ?? '';
    jobs.push({
      id,
      journal: journals({ id, tenant, token: `token-${n}` }),
      complete: async () => job?.moveToCompleted(undefined, `token-${n}`, false),
    });
  }
  return {
    jobs,
    async close() {
      await worker.close(true);
      await queue.close();
      redis.disconnect();
    },
  };
}
