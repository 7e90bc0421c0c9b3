/** The outcome of an attempt that did not end well: decided here, from the error and a few facts, and carried out by the worker. */
import { OwnError } from '../src/job/own-error.ts';
import { ProblemError, problems } from '../src/job/problem.ts';
import { LockLostError } from '../src/queue/journal.ts';
import { CircuitOpenError } from './guard.ts';

/** What becomes of the job. */
export type Outcome =
  /** It is another run's by now, or has ended: nothing is left to do here. */
  | { type: 'lost' }
  /** This process is stopping: another goes on with the job, at no attempt's cost. */
  | { type: 'hand-back' }
  /** This worker can't do the kind, but others can: one of them takes it later, in ms, at no attempt's cost. */
  | { type: 'give-back'; afterMs: number }
  /** The job has failed: trying again would not help. */
  | { type: 'fail'; problem: ProblemError }
  /** The attempt has failed; another comes after a pause, in ms, if one is left. */
  | { type: 'retry'; problem: ProblemError; afterMs: number }
  /** It was not the attempt's fault: it is made later, in ms, and costs none. `counts`: whether it is one of the times that are allowed. */
  | { type: 'put-off'; problem: ProblemError; afterMs: number; counts: boolean };

/** The process is stopping: the job is to be handed back. */
export class HandBack extends OwnError {
  override name = 'HandBack';
}

/** This worker can't do the kind. `missing`: the variables it would need. */
export class NotAssignedError extends OwnError {
  override name = 'NotAssignedError';
  readonly missing: readonly string[];

  constructor(kind: string, missing: readonly string[]) {
    super(`this worker can't do ${kind}`);
    this.missing = missing;
  }
}

/** What the decision needs to know, beside the error. */
export type Facts = {
  /** How many attempts have failed, this one included. */
  attemptsMade: number;
  /** How often the job was put off before. */
  putOffs: number;
  /** The first backoff, in ms. */
  backoffMs: number;
  /** Whether any worker can do the job's kind, or could within the registry's time. */
  doneElsewhere: boolean;
};

/** How soon a job that this worker can't do is picked up again, in ms. */
const GIVE_BACK_MS = 1000;

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
 * costs nothing. All else costs an attempt.
 */
export function decide(error: unknown, { attemptsMade, putOffs, backoffMs, doneElsewhere }: Facts): Outcome {
  if (error instanceof LockLostError) return { type: 'lost' };
  if (error instanceof HandBack) return { type: 'hand-back' };
  if (error instanceof NotAssignedError) {
    if (doneElsewhere) return { type: 'give-back', afterMs: GIVE_BACK_MS };
    const needs = error.missing.length > 0 ? `; it needs ${error.missing.join(', ')}` : '';
    return { type: 'fail', problem: new ProblemError('provider_not_configured', `No worker can do this kind of job${needs}.`) };
  }
  const problem = toProblemError(error);
  const { code, extras } = problem;
  if (!problems[code].retryable) return { type: 'fail', problem };
  // Held back, the provider was not even asked; each probe costs one of the held an attempt, so this too has an end.
  const counts = !(problem instanceof CircuitOpenError);
  if (extras.retryAfterMs === undefined || (counts && putOffs >= MAX_PUT_OFFS)) {
    return { type: 'retry', problem, afterMs: backoff(attemptsMade, backoffMs, problem) };
  }
  // Some providers say 0, or a date that has passed: asking again at once would use up the put-offs in a moment.
  const pauseMs = Math.max(Math.min(extras.retryAfterMs, MAX_PUT_OFF_MS), counts ? backoffMs : 0);
  return { type: 'put-off', problem, counts, afterMs: Math.round(pauseMs + Math.random() * backoffMs) };
}

/**
 * The pause before the next attempt, in ms: exponential with full jitter, so that many jobs that failed together
 * do not come back together. After a vendor's own word, where there was one.
 */
export function backoff(attemptsMade: number, baseMs: number, error: Error | undefined): number {
  const asked = error instanceof ProblemError ? Math.min(error.extras.retryAfterMs ?? 0, MAX_PUT_OFF_MS) : 0;
  return Math.round(asked + Math.random() * Math.min(baseMs * 2 ** (attemptsMade - 1), MAX_BACKOFF_MS));
}
