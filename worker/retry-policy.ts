/** Retries: what follows an error. */
import { ProblemError, problems } from '../src/job/problem.ts';
import { CircuitOpenError } from './guard.ts';

/** What follows. */
export type Next =
  /** The job has failed: trying again would not help. */
  | { type: 'give-up' }
  /** The attempt has failed; another comes after a pause, if one is left. */
  | { type: 'again' }
  /** It was not the attempt's fault: it is made later, in ms, and costs none. Whether it counts among the times that are allowed. */
  | { type: 'put-off'; afterMs: number; counts: boolean };

/** How often a job is put off before that costs attempts: nothing waits for ever. */
const MAX_PUT_OFFS = 50;

/** What a provider may ask for, in ms: longer, and one wrong date would park a job for good. */
const MAX_PUT_OFF_MS = 3_600_000;

const MAX_BACKOFF_MS = 60_000;

/** Words what was thrown as a problem; what is none of ours says nothing to a client but that it happened. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError('internal_error', 'The worker failed for a reason that is in its log.', { cause: error });
}

/**
 * The rule: what can't get better (the table in problem.ts says which) is not tried again. Where it is known
 * when it will be better, because the provider said so or its breaker is open, the job waits for that and it
 * costs nothing. All else costs an attempt. `putOffs`: how often the job was put off before.
 */
export function whatFollows(problem: ProblemError, putOffs: number, backoffMs: number): Next {
  const { code, extras } = problem;
  if (!problems[code].retryable) return { type: 'give-up' };
  // Held back, the provider was not even asked; each probe costs one of the held an attempt, so this too has an end.
  const counts = !(problem instanceof CircuitOpenError);
  if (extras.retryAfterMs === undefined || (counts && putOffs >= MAX_PUT_OFFS)) return { type: 'again' };
  // Some providers say 0, or a date that has passed: asking again at once would use up the put-offs in a moment.
  const pauseMs = Math.max(Math.min(extras.retryAfterMs, MAX_PUT_OFF_MS), counts ? backoffMs : 0);
  return { type: 'put-off', counts, afterMs: Math.round(pauseMs + Math.random() * backoffMs) };
}

/**
 * The pause before the next attempt, in ms: exponential with full jitter, so that many jobs that failed together
 * do not come back together. After a vendor's own word, where there was one.
 */
export function backoff(attemptsMade: number, baseMs: number, error: Error | undefined): number {
  const asked = error instanceof ProblemError ? Math.min(error.extras.retryAfterMs ?? 0, MAX_PUT_OFF_MS) : 0;
  return Math.round(asked + Math.random() * Math.min(baseMs * 2 ** (attemptsMade - 1), MAX_BACKOFF_MS));
}
