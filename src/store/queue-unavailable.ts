/** What requests are told while Redis is away or refuses. */
import { ProblemError } from '../job/problem.ts';
import { storeTrouble } from './store-trouble.ts';

/**
 * What a submission is told of which nobody knows whether its
 * job was added: it is cancelled if it was.
 */
export function abandoned(jobId: string, cause: unknown): ProblemError {
  const detail =
    'The job queue did not answer in time. If the job was enqueued all the same, it is cancelled; submit it again in a few seconds.';
  return new ProblemError('queue_unavailable', detail, { retryAfterMs: RETRY_MS, jobId, cause });
}

/** When it is worth trying again, in ms. */
const RETRY_MS = 5000;

/** What a request is told while Redis is away or refuses. */
export function queueUnavailable(cause?: unknown, trouble = storeTrouble(cause)): ProblemError {
  const what = trouble?.type === 'refuses' ? `refuses commands (${trouble.code})` : 'is out of reach';
  return new ProblemError('queue_unavailable', `The job queue ${what} for the moment; try again in a few seconds.`, {
    retryAfterMs: RETRY_MS,
    cause,
  });
}
