/**
 * Refusals in words: why there is no place for a job, and when
 * it is worth trying again, from what the queue does now.
 */
import { ProblemError } from '../job/problem.ts';
import type { Refusal } from './admission.ts';
import type { Clock } from '../store/clock.ts';
import type { RatePolicy } from './rate-limit.ts';
import type { ReadJob } from './read-job.ts';
import { pollAgainIn, untilAdmitted } from './eta.ts';
import type { QueueStats } from './stats.ts';

/** How long to wait where nothing is known of the queue, in ms. */
const UNKNOWN_MS = 5000;

/** The budgets, in words. */
const BUDGETS = { tokens: 'budget of tokens', usd: 'budget of money' };

/** What a refusal is worded with: the time, and what the queue does now, where that can be read. */
export type RefusalSources = { clock: Clock; stats: () => Promise<QueueStats | undefined>; readJob: ReadJob };

/** Words a refusal. */
export async function toAdmissionProblem(refusal: Refusal, { clock, stats, readJob }: RefusalSources): Promise<ProblemError> {
  const now = clock.now();
  /** About how long a job takes to end, in ms. */
  const untilEndOf = async (jobId: string): Promise<number> => {
    const [job, figures] = await Promise.all([readJob(jobId), stats()]);
    return 1000 * (job && !job.snapshot.end ? pollAgainIn(job.snapshot, figures, now) : 1);
  };
  switch (refusal.type) {
    case 'limited':
      return tooFast(refusal.allowance.policy, refusal.allowance.resetMs);
    case 'blocked': {
      const why = refusal.reason === undefined ? '' : `: ${refusal.reason}`;
      return new ProblemError('blocked', `The operator of this service takes no more jobs of you${why}`);
    }
    case 'full': {
      const figures = await stats();
      return new ProblemError('queue_full', 'More jobs are waiting than this service takes on; nothing was enqueued.', {
        retryAfterMs: figures ? untilAdmitted(figures, refusal.excess) : UNKNOWN_MS,
      });
    }
    case 'too_many':
      return new ProblemError('too_many_jobs', `You have ${refusal.open} jobs that have not ended; wait for one to end, or cancel one.`, {
        retryAfterMs: await untilEndOf(refusal.oldest),
      });
    case 'spent': {
      const budget = BUDGETS[refusal.what];
      if (refusal.oldest === undefined) {
        return new ProblemError('budget_used_up', `Your ${budget} for today is used up; it is fresh at midnight UTC.`, {
          retryAfterMs: untilNextDay(now),
        });
      }
      const detail = `What is left of your ${budget} for today is reserved for your jobs that have not ended; wait for one to end, or cancel one.`;
      return new ProblemError('budget_used_up', detail, { retryAfterMs: Math.min(await untilEndOf(refusal.oldest), untilNextDay(now)) });
    }
  }
}

/** The problem of a tenant that has used up its rate. `resetMs`: until its window ends. */
export function tooFast({ max, windowS }: RatePolicy, resetMs: number): ProblemError {
  return new ProblemError('rate_limited', `More than ${max} requests of this sort in ${windowS} s; go on when Retry-After says.`, {
    retryAfterMs: Math.max(resetMs, 1),
  });
}

/** The ms until the next midnight in UTC, when budgets are fresh. */
function untilNextDay(now: number): number {
  return new Date(now).setUTCHours(24, 0, 0, 0) - now;
}
