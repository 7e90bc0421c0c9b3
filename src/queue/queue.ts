/** The API's side of the queue: submit a job, look at one, count them all. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { fingerprintOf, isMadeFrom, newJobId } from '../jobs/id.ts';
import type { KindName } from '../jobs/index.ts';
import { type Cancelled, createCancel } from './cancel.ts';
import { bullKeys, orUnavailable, QUEUE_NAME } from './connection.ts';
import { createLook, type LookAt } from './look.ts';
import { createUserIndex, type Page, type Range } from './user-index.ts';
import type { Payload } from './record.ts';
import { createStats, type Pace, type QueueStats } from './stats.ts';

/** What a job queue is made with. */
export type QueueOptions = {
  keyPrefix: string;
  /** How many times a job is tried, the first included. */
  attempts: number;
  /** How long ended jobs are kept, in s. */
  retentionS: number;
  /** For the estimate of waiting times. */
  pace: Pace;
};

/** A job that was submitted now, or under the same key before. */
export type Submission = {
  id: string;
  /** In ms since the epoch; of a replayed one, when it was replayed. */
  createdAt: number;
  replayed: boolean;
  /** Whether the job was made from the same input; false only if replayed. */
  sameInput: boolean;
};

/** The queue as the API sees it. All calls reject with `queue_unavailable` within a second while Redis is away. */
export type JobQueue = {
  /** Enqueues a job, or finds the one that was submitted under the same key. */
  submit(kind: KindName, payload: Payload, key?: string): Promise<Submission>;
  look: LookAt;
  /** Ends a job that has not ended, wherever it is. */
  cancel(jobId: string): Promise<Cancelled>;
  /** A user's jobs, newest first. */
  jobsOf(owner: string, range: Range): Promise<Page>;
  /** The queue in figures, as they were read at most so long ago. */
  stats(maxAgeMs?: number): Promise<QueueStats>;
  /** A value all processes agree on: the first to ask decides it. */
  shared(name: string, propose: () => string): Promise<string>;
  /** The time of a round trip to Redis, in ms. */
  ping(): Promise<number>;
  close(): Promise<void>;
};

/** How many events the doorbell's stream holds, about: at 100 jobs/s of a dozen rows, some 30 s of trouble. */
const EVENTS_KEPT = 50_000;

/** How long an idempotency key is kept, in ms. */
const KEY_TTL_MS = 24 * 3600 * 1000;

/** Opens the queue over an impatient connection, which stays its maker's to close. */
export function createQueue(redis: Redis, { keyPrefix, attempts, retentionS, pace }: QueueOptions): JobQueue {
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
  const cancel = createCancel(redis, keys);
  const look = createLook(redis, keys, retentionS);
  const index = createUserIndex(redis, look, { keyPrefix, retentionS });
  const stats = createStats(queue, redis, keys, pace);

  return {
    submit: (kind, payload, key) =>
      orUnavailable(redis, async () => {
        // Only a key makes anyone ask whether the input was the same.
        const fingerprint = key === undefined ? undefined : await fingerprintOf(payload.input);
        const jobId = newJobId(kind, fingerprint);
        // BullMQ answers with the id of the job that holds the key, in the same trip; the key outlives that job.
        const indexed = payload.owner === undefined ? undefined : index.add(payload.owner, jobId);
        const job = await queue.add(kind, payload, { jobId, ...(key !== undefined && { deduplication: { id: key, ttl: KEY_TTL_MS } }) });
        await indexed; // sent before the job, on the same connection
        const id = job.id ?? jobId;
        return {
          id,
          createdAt: job.timestamp,
          replayed: id !== jobId,
          sameInput: fingerprint === undefined || isMadeFrom(id, fingerprint),
        };
      }),
    look: (jobId, after) => orUnavailable(redis, () => look(jobId, after)),
    cancel: (jobId) => orUnavailable(redis, () => cancel(jobId)),
    jobsOf: (owner, range) => orUnavailable(redis, () => index.list(owner, range)),
    stats: (maxAgeMs) => orUnavailable(redis, () => stats(maxAgeMs)),
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
