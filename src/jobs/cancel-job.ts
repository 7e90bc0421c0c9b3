/** Cancelling: it is final against everything that still runs for a job. */
import type { Redis } from 'ioredis';
import { isJobId } from '../job/id.ts';
import { createEnd } from './end-job.ts';
import type { Keys } from '../store/keys.ts';
import { FIELDS } from '../job/record.ts';

/** The result: the job is cancelled now, had ended before, is not there, or has begun. */
export type Cancelled = 'cancelled' | 'ended' | 'unknown' | 'begun';

/**
 * Cancels a job. `onlyUnbegun`: only if no run of it has begun since it was submitted or retried. `absentMs`: if it is not there, for how long
 * nobody can add it, in ms.
 */
export type Cancel = (jobId: string, which?: { onlyUnbegun?: boolean; absentMs?: number }) => Promise<Cancelled>;

/** Makes the function that cancels jobs, each with its child: a job that is cancelled leads to nothing. `retentionS`: how long ended jobs are kept, in s. */
export function createCancel(redis: Redis, keys: Keys, retentionS: number): Cancel {
  const end = createEnd(redis, keys, retentionS);
  return async (jobId, which = {}) => {
    const ended = await end({ jobId, reason: 'cancelled', ...which });
    if (ended === 'unknown' || ended === 'begun') return ended;
    // Also where it was cancelled before: then the process that did it may have ended before it came to the child.
    const [reason, child] = await redis.hmget(keys.job(jobId), 'failedReason', FIELDS.child);
    if (reason === 'cancelled' && child && isJobId(child)) await end({ jobId: child, reason });
    return ended === 'ended' ? ended : 'cancelled';
  };
}
