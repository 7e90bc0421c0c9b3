/** Retrying a failed job: one step that takes its end back and lets it wait again, with everything it has finished. */
import type { Redis } from 'ioredis';
import { problems } from '../job/problem.ts';
import { LOOK_MS } from './admission.ts';
import type { Keys } from './keys.ts';
import { defineScript } from './script.ts';

/** The result: the job waits again, it had not failed, or it is not there. */
export type Retried = 'retried' | 'not_failed' | 'unknown';

/** How a failed job goes on. */
export type Retry = {
  jobId: string;
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

/** Makes the function that retries jobs. `archived`: whether they go to the archive when they have ended. */
export function createRetry(redis: Redis, keys: Keys, archived = false): (retry: Retry) => Promise<Retried> {
  const script = defineScript(redis, 'retry_job', {
    keys: ['job', 'logs', 'deadlines', 'outbox', 'notifyOutbox', ...QUEUE_KEYS],
    args: ['id', 'priority', 'attempts', 'codes', 'cancelAfterMs', 'startWithinMs', 'archived', 'tells', 'lookMs'],
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
  return async ({ jobId, priority, attempts, cancelAfterMs = 0, startWithinMs = 0, tells = false }) => {
    const own = { job: keys.job(jobId), logs: keys.logs(jobId), id: jobId };
    return (await script({ ...shared, ...own, priority, attempts, cancelAfterMs, startWithinMs, tells: tells ? 1 : 0 })) as Retried;
  };
}
