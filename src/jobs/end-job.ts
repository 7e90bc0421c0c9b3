/**
 * Ending a job from outside of its run: one step that takes it
 * from wherever it is and puts it among the failed.
 */
import { FORGOTTEN_AT_ONCE, retentionKeys, retentionTimes } from './retention.ts';
import { kindOf } from './to-snapshot.ts';
import type { Store } from '../store/store.ts';

/**
 * The result: the job has ended by this, had ended before, is
 * not there, another run holds its lock now, or it has begun.
 */
export type EndOutcome = 'done' | 'ended' | 'unknown' | 'held' | 'begun';

/** A job that is to be ended. */
export type EndRequest = {
  jobId: string;
  /** Why, as a failed job keeps it; `cancelled` also notes when. */
  reason: string;
  /** Ends it only if no run of it has begun since it was submitted or retried. */
  onlyUnbegun?: boolean | undefined;
  /** If it is not there: for how long nobody can add it, in ms. Its add may still be on its way. */
  absentMs?: number | undefined;
  /**
   * Ends a record that can't be read, which is rewritten as far as it takes
   * to be listed; only while the job's lock is this one ('' for none).
   */
  unreadable?: { lock: string };
};

/** BullMQ's keys that the script reads or writes beside the job's own. */
const QUEUE_KEYS = ['events', 'meta', 'completed', 'failed'] as const;

/** Makes the function that ends jobs. `retentionS`: how long ended jobs are kept, in s. */
export function createEnd(store: Store, retentionS: number): (ending: EndRequest) => Promise<EndOutcome> {
  const script = store.script(new URL('scripts/end_job.lua', import.meta.url), {
    keys: ['job', 'lock', 'deadlines', 'jobs', 'behind', 'cancelled', ...QUEUE_KEYS],
    args: ['id', 'reason', 'kind', 'onlyUnbegun', 'unreadable', 'held', 'absentMs', 'retentionMs', 'longerMs', 'limit'],
  });
  const shared = {
    deadlines: store.keys.deadlines,
    ...store.keys.allOf(QUEUE_KEYS),
    ...retentionKeys(store.keys),
    ...retentionTimes(retentionS),
    limit: FORGOTTEN_AT_ONCE,
  };
  return async ({ jobId, reason, onlyUnbegun, absentMs = 0, unreadable }) =>
    (await script({
      ...shared,
      job: store.keys.job(jobId),
      lock: store.keys.lock(jobId),
      id: jobId,
      reason,
      kind: kindOf(jobId),
      onlyUnbegun: onlyUnbegun ? 1 : 0,
      unreadable: unreadable ? 1 : 0,
      held: unreadable?.lock ?? '',
      absentMs,
    })) as EndOutcome;
}
