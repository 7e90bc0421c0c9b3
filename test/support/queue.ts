/** The queue's own parts, in the test's process, over a key prefix of their own. */
import type { Redis } from 'ioredis';
import { RedisQueueBackend, Worker } from 'bullmq';
import { inject, onTestFinished } from 'vitest';
import type { RedisClient } from '../../src/store/redis-client.ts';
import { connect, readyWithin } from '../../src/store/redis-connection.ts';
import { type Lane, queueNameOf } from '../../src/store/keys.ts';
import { backendFactory } from '../../src/store/redis-time-backend.ts';
import { Store } from '../../src/store/store.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import type { Bounds } from '../../src/jobs/admission.ts';
import type { AddRequest } from '../../src/jobs/add-job.ts';
import type { Lanes } from '../../src/jobs/lanes.ts';
import type { Plans } from '../../src/jobs/plans.ts';
import { JobQueue } from '../../src/jobs/queue.ts';
import { newPrefix } from './stack.ts';
import { rightClock } from './clocks.ts';

/** How long these queues keep ended jobs, in s. */
export const RETENTION_S = 60;

/** Opens a queue; it closes with the test. `url`: a way to the store of the run. */
export async function openQueue(
  keyPrefix = newPrefix(),
  bounds: Partial<Bounds> = {},
  plans?: Plans,
  url = inject('redisUrl'),
  lanes = noLanes,
) {
  const redis = connect(url, 'fail', () => {});
  await readyWithin(redis, 5000);
  const store = storeOver(redis, keyPrefix);
  const queue = new JobQueue(store, {
    attempts: 3,
    maxRetries: 20,
    retentionS: RETENTION_S,
    rate: { max: 10, duration: 1000 },
    bounds: { maxDepth: 10_000, maxJobsPerUser: 100, ...bounds },
    plans,
    lanes,
  });
  onTestFinished(async () => {
    await queue.close();
    redis.disconnect();
  });
  return { store, redis, queue, keyPrefix, keys: store.keys };
}

/** All jobs wait in the queue that all kinds share. */
export const noLanes: Lanes = { names: [], of: () => Promise.resolve(undefined) };

/** A store over a connection of the test's own. */
export function storeOver(redis: RedisClient, keyPrefix: string): Store {
  return new Store(redis, keyPrefix, rightClock);
}

/** A connection that waits, to the single server of the run; it closes with the test. */
export function waiting(): Redis {
  const redis = connect(inject('redisUrl'), 'wait', () => {}) as Redis;
  onTestFinished(() => redis.disconnect());
  return redis;
}

/**
 * A BullMQ worker of a lane, or of the queue that all kinds share, that does nothing by itself: the test
 * takes each job with `getNextJob` and ends it by hand. It closes with the test.
 */
export async function openManualWorker(keyPrefix: string, lane?: Lane): Promise<Worker> {
  const store = storeOver(waiting(), keyPrefix);
  const factory = backendFactory(store, (...parts) => new RedisQueueBackend(...parts), { nameOf: (key) => queueNameOf(lane, key) });
  const options = { connection: store.redis, prefix: keyPrefix, lockDuration: 60_000 };
  const worker = new Worker(queueNameOf(lane, 'wait'), null, options, factory);
  onTestFinished(() => worker.close(true));
  await worker.waitUntilReady();
  return worker;
}

/** Adds a job of a user's, straight to the queue; fails where there is no place for it. */
export async function submitTo(queue: JobQueue, owner?: string, more: Partial<AddRequest> = {}, kind = 'generate-flashcards') {
  const result = await queue.add({ kind, owner, tenant: tenantOf(owner, undefined), requestId: 'r', input: {}, ...more });
  if (result.type !== 'added' && result.type !== 'known') throw new Error(`refused: ${result.type}`);
  return result;
}

/** Takes so many jobs, ending each at once; resolves with their ids in the order they went. */
export async function drain(worker: Worker, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const job = await worker.getNextJob('token');
    ids.push(job?.id ?? 'none');
    await job?.moveToCompleted(undefined, 'token', false);
  }
  return ids;
}

/** Adds so many jobs of a user's; resolves with their ids. */
export async function submitMany(queue: JobQueue, owner: string, count: number, plan?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await submitTo(queue, owner, { plan })).id);
  return ids;
}
