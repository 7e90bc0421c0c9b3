/**
 * Decides what becomes of a job whose attempt did not end well,
 * from the error and a few facts. settle.ts carries it out.
 */
import { OwnError } from '../../src/job/own-error.ts';
import { ProblemError, problems } from '../../src/job/problem.ts';
import type { Doers } from '../../src/jobs/doers.ts';
import { LockLostError } from './journal.ts';
import { CircuitOpenError } from './circuit-breaker.ts';

/** What becomes of the job. */
export type Decision =
  /** The job belongs to another run now, or has ended. Nothing is left to do. */
  | { type: 'lost' }
  /** This process is stopping. Another worker continues the job; this costs no attempt. */
  | { type: 'hand-back' }
  /**
   * This worker can't do the job, but others can, or will. One of them takes the job after `afterMs`
   * at the earliest; this costs no attempt. `spaced`: it can be a while until one does, so that the
   * pickups of such jobs are spaced out.
   */
  | { type: 'give-back'; afterMs: number; spaced: boolean }
  /** The job has failed. Another attempt would not help. */
  | { type: 'fail'; problem: ProblemError }
  /** The attempt has failed. The next one begins after `afterMs`, if one is left. */
  | { type: 'retry'; problem: ProblemError; afterMs: number }
  /**
   * The attempt was not at fault. It is made again after `afterMs`
   * and costs none. `counts`: whether it counts towards MAX_PUT_OFFS.
   */
  | { type: 'put-off'; problem: ProblemError; afterMs: number; counts: boolean };

/** The process is stopping, so the job has to be handed back. */
export class HandBack extends OwnError {
  override name = 'HandBack';
}

/** An attempt failed that had paid for work and kept nothing of it: another one pays again. */
export class PaidInVainError extends OwnError {
  override name = 'PaidInVainError';
  /** Why it failed. */
  readonly problem: ProblemError;

  constructor(problem: ProblemError) {
    super(`paid for nothing: ${problem.message}`, { cause: problem });
    this.problem = problem;
  }
}

/** Why a worker can't do a job. */
type NotAssigned = {
  /** The variables it would need. */
  missing?: readonly string[];
  /** The fields that it needs and the input does not have. */
  lacking?: readonly string[];
  /** The problem of an input that it does not take. */
  problem?: ProblemError;
};

/** This worker can't do the job. */
export class NotAssignedError extends OwnError {
  override name = 'NotAssignedError';
  /** The problem of the job if no other worker can do it either. */
  readonly problem: ProblemError;

  constructor(kind: string, { missing = [], lacking = [], problem }: NotAssigned = {}) {
    super(`this worker can't do ${kind}`);
    const needs = missing.length > 0 ? `; it needs ${missing.join(', ')}` : '';
    const without = lacking.length > 0 ? ` without ${lacking.join(' and ')}` : '';
    this.problem = problem ?? new ProblemError('provider_not_configured', `No worker can do this kind of job${without}${needs}.`);
  }
}

/** The input of the job, or of the one that it leads to, is of a newer version than this worker knows. */
export class NewerInputError extends OwnError {
  override name = 'NewerInputError';

  constructor(kind: string) {
    super(`the input of this ${kind} is of a newer version than this worker knows`);
  }
}

/** What the decision depends on, beside the error. */
export type Facts = {
  /** How many attempts have failed, this one included. */
  attemptsMade: number;
  /** How often the job was put off before. */
  putOffs: number;
  /** The longest pause before the first retry, in ms. It doubles for each further one. */
  backoffMs: number;
  /** Whether the attempt before ended with an answer that could not be used, too. */
  badBefore?: boolean;
  /** Who else could do the job. */
  doers: Doers['who'];
  /** How often it was given back before. */
  givenBack: number;
};

/** How soon a job that this worker can't do is picked up again, in ms. */
const GIVE_BACK_MS = 1000;

/** The same where it is not likely that a worker which can do it is the next to take it. */
const LONG_GIVE_BACK_MS = 5000;

/** How often a job whose input is too new for this worker is given back for the shorter time. */
const SHORT_GIVE_BACKS = 3;

/** How often a job is put off at no cost. After that it costs attempts, so that no job waits for ever. */
const MAX_PUT_OFFS = 50;

/**
 * The longest time for which a provider can put a job off, in
 * ms. Without a limit one wrong date would stop a job for good.
 */
const MAX_PUT_OFF_MS = 3_600_000;

const MAX_BACKOFF_MS = 60_000;

/**
 * Turns what was thrown into a problem. A client sees of an
 * error that is no ProblemError only that it happened.
 */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof PaidInVainError) return error.problem;
  if (error instanceof ProblemError) return error;
  return new ProblemError('internal_error', 'The worker failed for a reason that is in its log.', { cause: error });
}

/**
 * Decides. An error that is not `retryable` (the table in problem.ts says so) fails the
 * job. If it is known when to try again, because the provider said so or its breaker is
 * open, or there is no room just now, the job is put off until then, and this costs no
 * attempt. Every other error costs an attempt. So does an error after paid work of which
 * nothing was kept. An answer that could not be used is asked for once more only.
 */
export function decide(error: unknown, { attemptsMade, putOffs, backoffMs, doers, givenBack, badBefore = false }: Facts): Decision {
  if (error instanceof LockLostError) return { type: 'lost' };
  if (error instanceof HandBack) return { type: 'hand-back' };
  if (error instanceof NotAssignedError) {
    if (doers === 'nobody') return { type: 'fail', problem: error.problem };
    return giveBack(doers !== 'unfit');
  }
  // It waits for a newer worker, however long: one may be on its way, or come back after a rollback.
  if (error instanceof NewerInputError) {
    return giveBack(doers === 'live' && givenBack < SHORT_GIVE_BACKS);
  }
  const problem = toProblemError(error);
  const { code, extras } = problem;
  // A second answer of the same kind is paid for, and a third would be.
  const isBadAgain = code === 'provider_bad_answer' && badBefore;
  if (!problems[code].retryable || extras.final || isBadAgain) return { type: 'fail', problem };
  // A provider behind an open breaker was not asked. Each probe
  // costs its job an attempt, so this has an end, too.
  const counts = !(problem instanceof CircuitOpenError);
  const asked = extras.retryAfterMs ?? (extras.forNow ? Math.min(backoffMs * 2 ** putOffs, MAX_BACKOFF_MS) : undefined);
  if (asked === undefined || error instanceof PaidInVainError || (counts && putOffs >= MAX_PUT_OFFS)) {
    return { type: 'retry', problem, afterMs: backoff(attemptsMade, backoffMs, problem) };
  }
  // Some providers say 0, or a date in the past. To ask again at
  // once would use up all put-offs in a moment.
  const pauseMs = Math.max(Math.min(asked, MAX_PUT_OFF_MS), counts ? backoffMs : 0);
  return { type: 'put-off', problem, counts, afterMs: Math.round(pauseMs + Math.random() * backoffMs) };
}

/** `soon`: whether a worker that can do the job is likely to take it. */
function giveBack(soon: boolean): Decision {
  return { type: 'give-back', afterMs: soon ? GIVE_BACK_MS : LONG_GIVE_BACK_MS, spaced: !soon };
}

/**
 * The pause before the next attempt, in ms: exponential with full jitter, so that jobs that failed
 * together do not come back together. If the vendor said when to come back, that time is added.
 */
export function backoff(attemptsMade: number, baseMs: number, error: Error | undefined): number {
  const asked = error instanceof ProblemError ? Math.min(error.extras.retryAfterMs ?? 0, MAX_PUT_OFF_MS) : 0;
  return Math.round(asked + Math.random() * Math.min(baseMs * 2 ** (attemptsMade - 1), MAX_BACKOFF_MS));
}
