/** Cancelling: it is final against everything that still runs for a job. */
import { isJobId } from '../job/id.ts';
import { createEnd, type EndOutcome, type EndRequest } from './end-job.ts';
import { FIELDS } from '../job/record.ts';
import type { Store } from '../store/store.ts';

/** The result: the job is cancelled now, had ended before, is not there, or has begun. */
export type CancelOutcome = 'cancelled' | 'ended' | 'unknown' | 'begun';

/**
 * Which jobs to cancel. `onlyUnbegun`: only those of which no run has begun since they were
 * submitted or retried. `absentMs`: for how long nobody can add a job that is not there, in ms.
 */
export type WhichToCancel = { onlyUnbegun?: boolean; absentMs?: number };

/** Cancels a job. */
export type Cancel = (jobId: string, which?: WhichToCancel) => Promise<CancelOutcome>;

/**
 * Makes the function that cancels jobs, each with its child: a job that is
 * cancelled leads to nothing. `retentionS`: how long ended jobs are kept, in s.
 * `onCancelled`: called for each job that this ends.
 */
export function createCancel(store: Store, retentionS: number, onCancelled: (jobId: string) => void = () => {}): Cancel {
  const endJob = createEnd(store, retentionS);
  const end = async (ending: EndRequest): Promise<EndOutcome> => {
    const outcome = await endJob(ending);
    if (outcome === 'done') onCancelled(ending.jobId);
    return outcome;
  };
  return async (jobId, which = {}) => {
    const ended = await end({ jobId, reason: 'cancelled', ...which });
    if (ended === 'unknown' || ended === 'begun') return ended;
    // Also where it was cancelled before: then the process that
    // did it may have ended before it came to the child.
    const [reason, child] = await store.redis.hmget(store.keys.job(jobId), 'failedReason', FIELDS.child);
    if (reason === 'cancelled' && child && isJobId(child)) await end({ jobId: child, reason });
    return ended === 'ended' ? ended : 'cancelled';
  };
}
