/** The API's side of the queue: submit a job, look at one, count them all. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { newJobId } from '../jobs/id.ts';
import type { KindName } from '../jobs/index.ts';
import { bullKeys, orUnavailable, QUEUE_NAME } from './connection.ts';
import { createLook, type LookAt } from './look.ts';
import type { Payload } from './record.ts';
import { createStats, type QueueStats } from './stats.ts';

/** What a job queue is made with. */
export type QueueOptions = {
  keyPrefix: string;
  /** How many times a job is tried, the first included. */
  attempts: number;
  /** How long ended jobs are kept, in s. */
  retentionS: number;
  /** How many jobs one worker runs at once; for the estimate of waiting times. */
  concurrency: number;
};

/** The queue as the API sees it. All calls reject with `queue_unavailable` within a second while Redis is away. */
export type JobQueue = {
  /** Enqueues a job. `createdAt` is in ms since the epoch. */
  submit(kind: KindName, payload: Payload): Promise<{ id: string; createdAt: number }>;
  look: LookAt;
  stats(): Promise<QueueStats>;
  /** A value all processes agree on: the first to ask decides it. */
  shared(name: string, propose: () => string): Promise<string>;
  /** The time of a round trip to Redis, in ms. */
  ping(): Promise<number>;
  close(): Promise<void>;
};

/** How many events the doorbell's stream holds, about: at 100 jobs/s of a dozen rows, some 30 s of trouble. */
const EVENTS_KEPT = 50_000;

/** Opens the queue over an impatient connection, which stays its maker's to close. */
export function createQueue(redis: Redis, { keyPrefix, attempts, retentionS, concurrency }: QueueOptions): JobQueue {
  const keys = bullKeys(keyPrefix);
  const queue = new Queue<Payload>(QUEUE_NAME, {
    connection: redis,
    prefix: keyPrefix,
    streams: { events: { maxLen: EVENTS_KEPT } },
    defaultJobOptions: {
      attempts,
      backoff: { type: 'custom' },
      removeOnComplete: { age: retentionS },
      removeOnFail: { age: retentionS },
      stackTraceLimit: 1,
    },
  });
  queue.on('error', () => {}); // the connection's maker hears of its errors
  const look = createLook(redis, keys, retentionS);
  const stats = createStats(queue, redis, keys, concurrency);

  return {
    submit: (kind, payload) =>
      orUnavailable(redis, async () => {
        const id = newJobId(kind);
        const { timestamp: createdAt } = await queue.add(kind, payload, { jobId: id });
        return { id, createdAt };
      }),
    look: (jobId, after) => orUnavailable(redis, () => look(jobId, after)),
    stats: () => orUnavailable(redis, stats),
    shared: (name, propose) =>
      orUnavailable(redis, async () => {
        const key = `${keyPrefix}:${name}`;
        await redis.set(key, propose(), 'NX');
        return (await redis.get(key)) ?? '';
      }),
    ping: () =>
      orUnavailable(redis, async () => {
        const start = performance.now();
        await redis.ping();
        return performance.now() - start;
      }),
    close: () => queue.close(),
  };
}
