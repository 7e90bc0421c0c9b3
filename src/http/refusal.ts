/** No room for a job: why not, and when it is worth trying again. */
import type { Snapshot } from '../job/snapshot.ts';
import { ProblemError } from '../job/problem.ts';
import type { JobQueue, Refusal } from '../queue/queue.ts';
import { estimate, ESTIMATE_AGE_MS, type QueueStats, untilAdmitted } from '../queue/stats.ts';

/** When a job that has not ended is worth another poll, in s: what the queue says, within reason. */
export function pollAgainIn({ status, retryAt, position, startedAt }: Snapshot, stats: QueueStats | undefined): number {
  const inMs = (ms: number) => Math.ceil(ms / 1000);
  const running = status === 'active' && startedAt !== undefined && stats?.meanRunMs !== undefined;
  const seconds =
    retryAt !== undefined
      ? inMs(retryAt - Date.now())
      : running
        ? inMs(startedAt + (stats?.meanRunMs ?? 0) - Date.now())
        : ((stats && estimate(stats, position)) ?? 2);
  return Math.min(Math.max(seconds, 1), 30);
}

/** Words a refusal, with an estimate of when there is room from what the queue does now. */
export async function toRefusalProblem(refusal: Refusal, queue: JobQueue): Promise<ProblemError> {
  const stats = await queue.stats(ESTIMATE_AGE_MS).catch(() => undefined);
  switch (refusal.type) {
    case 'full':
      return new ProblemError('queue_full', 'More jobs are waiting than this service takes on; nothing was enqueued.', {
        retryAfterMs: stats ? untilAdmitted(stats, refusal.excess) : 5000,
      });
    case 'too_many': {
      const oldest = await queue.read(refusal.oldest);
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
