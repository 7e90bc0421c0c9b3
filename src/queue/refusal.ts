/** Refusals in words: why there is no place for a job, and when it is worth trying again, from what the queue does now. */
import { ProblemError } from '../job/problem.ts';
import type { Refusal } from './add-job.ts';
import type { ReadJob } from './read-job.ts';
import { pollAgainIn, type QueueStats, untilAdmitted } from './stats.ts';

/** How long to wait where nothing is known of the queue, in ms. */
const UNKNOWN_MS = 5000;

/** Words a refusal. `stats`: the queue in figures, where they could be read. */
export async function toRefusalProblem(refusal: Refusal, stats: QueueStats | undefined, readJob: ReadJob): Promise<ProblemError> {
  switch (refusal.type) {
    case 'full':
      return new ProblemError('queue_full', 'More jobs are waiting than this service takes on; nothing was enqueued.', {
        retryAfterMs: stats ? untilAdmitted(stats, refusal.excess) : UNKNOWN_MS,
      });
    case 'too_many': {
      const oldest = await readJob(refusal.oldest);
      return new ProblemError('too_many_jobs', `You have ${refusal.open} jobs that have not ended; wait for one to end, or cancel one.`, {
        retryAfterMs: 1000 * (oldest && !oldest.snapshot.end ? pollAgainIn(oldest.snapshot, stats) : 1),
      });
    }
    case 'spent':
      return new ProblemError('budget_used_up', 'Your budget for today is used up; it is fresh at midnight UTC.', {
        retryAfterMs: untilNextDay(),
      });
  }
}

/** The ms until the next midnight in UTC, when budgets are fresh. */
function untilNextDay(): number {
  return new Date().setUTCHours(24, 0, 0, 0) - Date.now();
}
