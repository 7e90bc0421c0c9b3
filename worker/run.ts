/** Runs one job: reads what earlier runs left, sets the deadline, calls the handler, keeps the result. It knows no BullMQ. */
import type { Logger } from 'pino';
import { ProblemError, type ProblemCode } from '../src/job/problem.ts';
import type { Journal } from '../src/queue/journal.ts';
import type { Assignment } from './assignments.ts';
import { beginAttempt } from './attempt.ts';
import { createContext } from './context.ts';
import type { Implementation } from './handler.ts';
import { createMeter } from './meter.ts';
import { NotAssignedError } from './retry-policy.ts';

/** A job as it is handed to a run. */
export type Task = {
  id: string;
  kind: string;
  input: unknown;
  /** The attempt's number, counted from 1. Lost workers count. */
  attempt: number;
  /** Whether the job was never started before, so that there is nothing to read of it. */
  fresh: boolean;
  /** Why the attempt before ended, if there was one. */
  previous: ProblemCode;
  signal: AbortSignal;
};

/** What all runs share. */
export type RunDeps = {
  implementations: readonly Implementation[];
  assignments: ReadonlyMap<string, Assignment>;
  /** How long one attempt may take, in ms. */
  timeoutMs: number;
  log: Logger;
};

/** Makes the function that runs a job and keeps its result. It resolves when the job can be completed. */
export function createRun({ implementations, assignments, timeoutMs, log }: RunDeps): (task: Task, journal: Journal) => Promise<void> {
  const byName = new Map(implementations.map((implementation) => [implementation.kind.name, implementation]));

  /**
   * @throws NotAssignedError if this worker can't do the kind, ProblemError for what the job's owner should know, the signal's
   * reason if that ended the run
   */
  return async (task, journal) => {
    const history = await journal.history(task.fresh);
    if (history.finished) return; // the result is kept already; only the completion was lost
    const implementation = byName.get(task.kind);
    const assignment = assignments.get(task.kind);
    if (!implementation || !assignment?.available) {
      throw new NotAssignedError(task.kind, assignment?.available === false ? assignment.support.missing : []);
    }
    const { kind, handle } = implementation;
    const deadline = startDeadline(timeoutMs);
    const signal = AbortSignal.any([task.signal, deadline.signal]);
    const meter = createMeter(journal.spending, log);
    try {
      const attempt = await beginAttempt(task, journal, history);
      const { context, author } = createContext({ attempt, journal, history, assignment, signal, log, meter, answered: deadline.lift });
      const result = await Promise.race([handle(kind.input.parse(task.input), context), aborted(signal)]);
      await journal.saveResult(kind.result.parse(result), author());
    } catch (error) {
      throw deadline.signal.aborted && !task.signal.aborted ? timedOut(timeoutMs, journal, error) : error;
    } finally {
      deadline.lift();
      await meter.close();
    }
  };
}

/** Starts a deadline that can be lifted. Its reason is that of AbortSignal.timeout. */
function startDeadline(ms: number): { signal: AbortSignal; lift: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('the attempt took too long', 'TimeoutError')), ms);
  return { signal: controller.signal, lift: () => clearTimeout(timer) };
}

/** The error for an attempt that took too long. If it had to wait for Redis, it is put off instead, which costs no attempt. */
function timedOut(ms: number, journal: Journal, cause: unknown): ProblemError {
  return new ProblemError('job_timeout', `The attempt did not end within ${ms / 1000} s.`, {
    cause,
    ...(journal.heldUpMs() > 0 && { retryAfterMs: 0 }),
  });
}

/** Rejects with the signal's reason when it aborts. So a handler that ignores the signal does not keep the run. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
