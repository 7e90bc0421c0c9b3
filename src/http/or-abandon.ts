/** What a submission still has to do once its job is accepted, and what becomes of the job where that fails. */
import { ProblemError } from '../job/problem.ts';
import type { JobQueue } from '../jobs/queue.ts';
import { abandoned } from '../store/redis-connection.ts';
import type { Accepted } from '../jobs/submissions.ts';

/**
 * Does work for a job that was accepted. If Redis stops answering meanwhile, the client is told 503 and not of its job. One that the same
 * request again would not find is abandoned, or the client would buy it twice.
 */
export async function orAbandon<T>(queue: Pick<JobQueue, 'abandon'>, accepted: Accepted, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (accepted.origin !== 'new' || accepted.repeatable || !isUnavailable(error)) throw error;
    queue.abandon(accepted.job.id);
    throw abandoned(accepted.job.id, error);
  }
}

/** For work that can be left out: undefined where Redis does not answer. */
export function noneIfUnavailable(error: unknown): undefined {
  if (!isUnavailable(error)) throw error;
  return undefined;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'queue_unavailable';
}
