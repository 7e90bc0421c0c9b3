/** Cancelling: it is final against everything that still runs for a job. */
import type { Redis } from 'ioredis';
import { isJobId } from '../job/id.ts';
import { createEnd } from './end-job.ts';
import type { Keys } from './keys.ts';
import { FIELDS } from './record.ts';

/** The result: the job is cancelled now, had ended before, or is not there. */
export type Cancelled = 'cancelled' | 'ended' | 'unknown';

/** Makes the function that cancels jobs, each with its child: a job that is cancelled leads to nothing. */
export function createCancel(redis: Redis, keys: Keys): (jobId: string) => Promise<Cancelled> {
  const end = createEnd(redis, keys);
  return async (jobId) => {
    const ended = await end({ jobId, reason: 'cancelled' });
    if (ended === 'unknown') return ended;
    // Also where it was cancelled before: then the process that did it may have ended before it came to the child.
    const [reason, child] = await redis.hmget(keys.job(jobId), 'failedReason', FIELDS.child);
    if (reason === 'cancelled' && child && isJobId(child)) await end({ jobId: child, reason });
    return ended === 'ended' ? ended : 'cancelled';
  };
}
