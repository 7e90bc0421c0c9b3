/** Retrying a failed job: one step that takes its end back and lets it wait again, with everything it has finished. */
import type { Redis } from 'ioredis';
import { parseReason, problems } from '../job/problem.ts';
import { LOOK_MS } from './admit-script.ts';
import type { Keys } from '../store/keys.ts';
import { FIELDS } from '../job/record.ts';
import { defineScript } from '../store/script.ts';

/** The result: the job waits again, it had not failed, it has no retry left, or it is not there. */
export type Retried = 'retried' | 'not_failed' | 'too_often' | 'unknown';

/** How a failed job goes on. */
export type Retry = {
  jobId: string;
  /** Whether it is its user's retry, of which a job has so many; an operator's is none. */
  counts: boolean;
  /** Its place in the fair queue, as admission gave it. */
  priority: number;
  /** How often it may be tried from now on. */
  attempts: number;
  /** After how long it is to be cancelled, in ms from now; a time from before counts no more. */
  cancelAfterMs?: number | undefined;
  /** After how long it is to be cancelled if it has not begun again, in ms from now. */
  startWithinMs?: number | undefined;
  /** Whether somebody is told of its end. */
  tells?: boolean | undefined;
};

const QUEUE_KEYS = ['failed', 'prioritized', 'marker', 'pc', 'events', 'meta'] as const;

/** All codes, each between spaces. */
const CODES = ` ${Object.keys(problems).join(' ')} `;

/** Retries jobs. */
export type Retries = {
  /** Whether a job has one of its user's retries left. That is asked first, so that a retry that can't be does not count as a submission. */
  areLeft(jobId: string): Promise<boolean>;
  retry(retry: Retry): Promise<Retried>;
};

/** What it is made with. `maxRetries`: how often a user may retry one job. `archived`: whether jobs go to the archive when they have ended. */
export type RetryOptions = { redis: Redis; keys: Keys; maxRetries: number; archived?: boolean | undefined };

/** Makes it. */
export function createRetries({ redis, keys, maxRetries, archived = false }: RetryOptions): Retries {
  const script = defineScript(redis, new URL('scripts/retry_job.lua', import.meta.url), {
    keys: ['job', 'logs', 'deadlines', 'outbox', 'notifyOutbox', ...QUEUE_KEYS],
    args: ['id', 'priority', 'attempts', 'codes', 'cancelAfterMs', 'startWithinMs', 'archived', 'tells', 'lookMs', 'maxRetries'],
  });
  const shared = {
    deadlines: keys.deadlines,
    outbox: keys.archive.outbox,
    notifyOutbox: keys.notifications.outbox,
    ...keys.allOf(QUEUE_KEYS),
    codes: CODES,
    archived: archived ? 1 : 0,
    lookMs: LOOK_MS,
  };
  return {
    async areLeft(jobId) {
      const [retries, reason] = await redis.hmget(keys.job(jobId), FIELDS.retries, 'failedReason');
      return (Number(retries) || 0) < maxRetries && parseReason(reason ?? '').code !== 'journal_full';
    },
    async retry({ jobId, priority, attempts, cancelAfterMs = 0, startWithinMs = 0, tells = false, counts }) {
      const own = { job: keys.job(jobId), logs: keys.logs(jobId), id: jobId };
      const how = { priority, attempts, cancelAfterMs, startWithinMs, tells: tells ? 1 : 0, maxRetries: counts ? maxRetries : -1 };
      return (await script({ ...shared, ...own, ...how })) as Retried;
    },
  };
}
