/**
 * Retrying a failed job: one step that takes its end back and
 * lets it wait again, with everything it has finished.
 */
import { parseReason, problems } from '../job/problem.ts';
import { OUTBOX_LOOK_MS } from './admission.ts';
import { FIELDS } from '../job/record.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** The result: the job waits again, it had not failed, it has no retry left, or it is not there. */
export type RetryOutcome = 'retried' | 'not_failed' | 'too_often' | 'unknown';

/** How a failed job goes on. */
export type Retry = {
  jobId: string;
  /** Whether it is its user's retry, of which a job has so many; an operator's is none. */
  counts: boolean;
  /** Where it is to wait. */
  lane: Lane;
  /** Its place in the fair queue, as admission gave it. */
  priority: number;
  /** How often it may be tried from now on. */
  attempts: number;
  /** After how long it is to be cancelled, in ms from now; a time from before counts no more. */
  cancelAfterMs?: number | undefined;
  /** After how long it is to be cancelled if it has not begun again, in ms from now. */
  startWithinMs?: number | undefined;
  /** Whether somebody is told of its end. */
  notifies?: boolean | undefined;
  /**
   * The bulk action that retries it, which counts it: only if it failed at that moment, in ms
   * since the epoch.
   */
  bulk?: { id: string; failedAt: number } | undefined;
};

const QUEUE_KEYS = ['failed', 'prioritized', 'marker', 'pc', 'events', 'meta'] as const;

/** All codes, each between spaces. */
const CODES = ` ${Object.keys(problems).join(' ')} `;

/** Retries jobs. */
export type Retries = {
  /**
   * Whether a job has one of its user's retries left. That is asked
   * first, so that a retry that can't be does not count as a submission.
   */
  areLeft(jobId: string): Promise<boolean>;
  retry(retry: Retry): Promise<RetryOutcome>;
};

/**
 * `maxRetries`: how often a user may retry one job. `archived`:
 * whether jobs go to the archive when they have ended.
 */
export function createRetries(
  store: Store,
  { maxRetries, archived = false }: { maxRetries: number; archived?: boolean | undefined },
): Retries {
  const script = store.script(new URL('scripts/retry_job.lua', import.meta.url), {
    keys: ['job', 'logs', 'bulkAction', 'coming', 'deadlines', 'outbox', 'notifyOutbox', ...QUEUE_KEYS],
    args: [
      'id',
      'priority',
      'attempts',
      'codes',
      'cancelAfterMs',
      'startWithinMs',
      'archived',
      'notifies',
      'lookMs',
      'maxRetries',
      'failedAt',
    ],
  });
  const shared = {
    coming: store.keys.coming,
    deadlines: store.keys.deadlines,
    outbox: store.keys.archive.outbox,
    notifyOutbox: store.keys.notifications.outbox,
    codes: CODES,
    archived: archived ? 1 : 0,
    lookMs: OUTBOX_LOOK_MS,
  };
  return {
    async areLeft(jobId) {
      const [retries, reason] = await store.redis.hmget(store.keys.job(jobId), FIELDS.retries, 'failedReason');
      return (Number(retries) || 0) < maxRetries && parseReason(reason ?? '').code !== 'journal_full';
    },
    async retry({ jobId, lane, priority, attempts, cancelAfterMs = 0, startWithinMs = 0, notifies = false, counts, bulk }) {
      const own = {
        job: store.keys.job(jobId),
        logs: store.keys.logs(jobId),
        bulkAction: store.keys.admin.bulkAction(bulk?.id ?? ''),
        id: jobId,
        ...store.keys.allOf(QUEUE_KEYS, lane),
      };
      const how = {
        priority,
        attempts,
        cancelAfterMs,
        startWithinMs,
        notifies: notifies ? 1 : 0,
        maxRetries: counts ? maxRetries : -1,
        failedAt: bulk?.failedAt ?? 0,
      };
      return (await script({ ...shared, ...own, ...how })) as RetryOutcome;
    },
  };
}
