/** Opens BullMQ's queue. The API adds jobs to it, and workers add the jobs that others lead to. */
import { type DefaultJobOptions, Queue } from 'bullmq';
import type { Store } from '../store/store.ts';
import { QUEUE_NAME } from '../store/keys.ts';
import type { Payload } from '../job/record.ts';

/** What a queue is opened with. */
export type OpenQueueOptions = {
  /** How many times a job is tried, the first included. */
  attempts: number;
  /** How long ended jobs are kept, in s. */
  retentionS: number;
};

/**
 * How many events the event stream holds, about. At 100 jobs/s
 * with a dozen rows each, a reader may be away for some 30 s.
 */
export const EVENTS_KEPT = 50_000;

/** BullMQ's options for each job. */
export function jobOptionsOf({ attempts, retentionS }: OpenQueueOptions): DefaultJobOptions {
  return {
    attempts,
    backoff: { type: 'custom' },
    removeOnComplete: { age: retentionS },
    removeOnFail: { age: retentionS },
    stackTraceLimit: 1,
  };
}

/** Opens the queue over a connection, which stays its maker's to close. */
export function openQueue({ redis, keyPrefix }: Store, options: OpenQueueOptions): Queue<Payload> {
  const queue = new Queue<Payload>(QUEUE_NAME, {
    connection: redis,
    prefix: keyPrefix,
    streams: { events: { maxLen: EVENTS_KEPT } }, // a queue that is opened without it would set BullMQ's own limit for all
    defaultJobOptions: jobOptionsOf(options),
  });
  queue.on('error', () => {}); // the connection's maker hears of its errors
  return queue;
}
