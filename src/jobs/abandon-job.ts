/** Abandoning: a job may have been added though its client was told 503. It is cancelled, whatever becomes of the connection meanwhile. */
import type { Redis } from 'ioredis';
import type { Cancel } from './cancel-job.ts';
import { storeTrouble } from '../store/store-trouble.ts';

/** What abandons jobs. */
export type Abandoning = {
  /** Cancels a job that may or may not be there, now or as soon as Redis answers. Nobody waits for it. */
  abandon(jobId: string): void;
  close(): void;
};

/** How long a job that was not there can not be added, in ms: an add that a dead connection still holds arrives within that time. */
const ABSENT_MS = 3600 * 1000;

/** How soon to ask again while Redis does not answer, in ms. */
const AGAIN_MS = 2000;

/** How many are remembered. They are the submissions of one process that were on their way when Redis stalled. */
const MAX_PENDING = 10_000;

/**
 * Starts abandoning over the connection that adds jobs. On an open connection the cancel follows the add, so it is carried out right after
 * it. Where the connection is lost, it is the first command of the next one. To cancel a job twice does no harm.
 */
export function createAbandoning(redis: Redis, cancel: Cancel): Abandoning {
  const pending = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const send = async (jobId: string): Promise<void> => {
    try {
      await cancel(jobId, { absentMs: ABSENT_MS });
      pending.delete(jobId);
    } catch (error) {
      if (storeTrouble(error)) timer ??= setTimeout(sendAll, AGAIN_MS).unref();
      else pending.delete(jobId); // its record is of another type: nobody can run it
    }
  };
  const sendAll = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const jobId of pending) void send(jobId);
  };
  redis.on('ready', sendAll);

  return {
    abandon(jobId) {
      if (pending.size < MAX_PENDING) pending.add(jobId);
      void send(jobId);
    },
    close() {
      redis.off('ready', sendAll);
      clearTimeout(timer);
      pending.clear();
    },
  };
}
