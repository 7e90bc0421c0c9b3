/** Cancelling: it is final against everything that still runs for a job. */
import type { Redis } from 'ioredis';
import { createEnd } from './end-job.ts';
import type { Keys } from './keys.ts';

/** The result: the job is cancelled now, had ended before, or is not there. */
export type Cancelled = 'cancelled' | 'ended' | 'unknown';

/** Makes the function that cancels jobs. */
export function createCancel(redis: Redis, keys: Keys): (jobId: string) => Promise<Cancelled> {
  const end = createEnd(redis, keys);
  return async (jobId) => {
    const ended = await end({ jobId, reason: 'cancelled' });
    return ended === 'ended' || ended === 'unknown' ? ended : 'cancelled';
  };
}
