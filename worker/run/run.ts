/**
 * Runs one job: reads what earlier runs left, sets the deadline,
 * calls the handler, keeps the result. It knows no BullMQ.
 */
import { ProblemError } from '../../src/job/problem.ts';
import { findUnaccepted } from '../../src/kinds/acceptance.ts';
import { isNewer, keptVersion, upgradeInput } from '../../src/kinds/input-versions.ts';
import { jobInput, type Kind, type NextJob } from '../../src/kinds/kind.ts';
import type { Children } from '../../src/jobs/child-job.ts';
import { type Journal, LockLostError } from './journal.ts';
import { type RecordFields, targetsOfChild } from '../../src/job/record.ts';
import { reservedForNext } from '../../src/jobs/reservation.ts';
import { toUnacceptedProblem } from '../../src/jobs/unaccepted.ts';
import { lackingIn } from '../../src/jobs/worker-registry.ts';
import type { Assignment } from '../assignments.ts';
import { Attempt } from './attempt.ts';
import { createContext } from './context.ts';
import { Deadline } from './attempt-deadline.ts';
import type { OpenRunFiles, RunFiles } from './files.ts';
import type { Implementation } from '../handler.ts';
import { Meter } from './meter.ts';
import type { AddCost } from '../prices.ts';
import { NewerInputError, NotAssignedError, PaidInVainError } from './retry-policy.ts';
import { NO_RUN_EVENTS, type RunEvents } from './run-events.ts';
import type { Task } from './task.ts';

/** What all runs share. */
export type RunDeps = {
  implementations: readonly Implementation[];
  assignments: ReadonlyMap<string, Assignment>;
  /** Whether this worker is for a kind, if it can do it. */
  isServed?: (kind: string) => boolean;
  openFiles: OpenRunFiles;
  addCost: AddCost;
  children: Children;
  /** How long one attempt may take, in ms, without the time in which Redis was in trouble. */
  timeoutMs: number;
  /** The same for kinds that have a time of their own. It does not move. */
  ownTimeouts?: ReadonlyMap<string, number>;
  /** For how long Redis was in trouble since the process began, in ms. */
  troubleMs: () => number;
  /** Whether `timeoutMs` counts from the vendor's last sign of life, while no answer comes. */
  timeoutMoves?: boolean;
  /** Takes what happens, to count it. */
  events?: RunEvents | undefined;
};

/**
 * Makes the function that runs a job. It resolves with what
 * the job's completion has to write: its result.
 */
export function createRun({
  implementations,
  assignments,
  isServed = () => true,
  openFiles,
  addCost,
  children,
  timeoutMs,
  ownTimeouts = new Map(),
  troubleMs,
  timeoutMoves = false,
  events = NO_RUN_EVENTS,
}: RunDeps): (task: Task, journal: Journal) => Promise<RecordFields> {
  const works = new Map(
    implementations.map(({ kind, handle }): [string, Work] => [
      kind.name,
      { kind, handle, schema: jobInput(kind), isServed: isServed(kind.name), assignment: assignments.get(kind.name) },
    ]),
  );

  /**
   * @throws NotAssignedError if this worker can't do the kind, is not for it, or does not take
   * the input, NewerInputError if it knows only older versions of the input, ProblemError for
   * what the job's owner should know, the signal's reason if that ended the run
   */
  return async (task, journal) => {
    const history = await journal.history(task.fresh);
    if (history.finished) return {}; // the result is kept already; only the completion was lost
    const { id, parent, signal } = task;
    if (parent !== undefined && (await children.endWithParent({ id, parent }))) throw new LockLostError(id);
    const { kind, handle, schema, assignment, stored } = assignedTo(task, works);
    const { name, capability } = kind;
    const limitMs = ownTimeouts.get(name) ?? timeoutMs;
    const deadline = new Deadline(task, limitMs, troubleMs);
    const { log, span } = task;
    const meter = new Meter(journal.spending, addCost, log.lines, (author, used) => {
      log.used(author, used);
      events.used(name, capability, author, used);
    });
    let files: RunFiles | undefined;
    try {
      const attempt = await Attempt.begin(task, journal, history);
      const input = parseStored(schema, stored);
      files = openFiles(task, input);
      const lift = () => deadline.lift();
      const alive = () => (timeoutMoves && !ownTimeouts.has(name) ? deadline.move() : undefined);
      const { context, author } = createContext({
        attempt,
        journal,
        history,
        assignment,
        signal,
        log: log.lines,
        meter,
        files,
        answered: lift,
        alive,
        onItem: itemReporter(events, name, attempt),
        onCalled: (call) => {
          log.called(capability, call);
          span.called(capability, call);
          events.called(capability, call);
        },
      });
      const result = kind.result.parse(await unlessAborted(handle(input, context), signal));
      const next = kind.next?.(input);
      if (!next) return await journal.conclude(result, author());
      lift(); // the paid work is done
      const child = await makeChild(task, next, result as never, { children, attempt, journal });
      return await journal.conclude({ ...result, child }, author());
    } catch (error) {
      await files?.release().catch(() => {}); // it is freed with the end of the job, too
      const reason = deadline.isOver() ? timedOut(limitMs, error) : error;
      const ending = reason instanceof ProblemError && meter.inVain() ? new PaidInVainError(reason) : reason;
      await meter.close();
      throw ending;
    } finally {
      deadline.lift();
      void meter.close(); // its notes go before the completion, over the same connection
    }
  };
}

/** A kind that this worker knows, and whether it is for it and can do it. */
type Work = Implementation & { schema: ReturnType<typeof jobInput>; isServed: boolean; assignment: Assignment | undefined };

/** Work that this worker can do, with its input: of this worker's version, and not parsed yet. */
type AssignedWork = Work & { assignment: Extract<Assignment, { available: true }>; stored: unknown };

/** The work of a task. Throws if this worker can't do the kind, or not with this input. */
function assignedTo(task: Task, works: ReadonlyMap<string, Work>): AssignedWork {
  const { kind, next } = task;
  const work = works.get(kind);
  if (work && isNewer(task, work.kind, works.get(next ?? '')?.kind)) throw new NewerInputError(kind);
  const { assignment } = work ?? {};
  if (!work?.isServed || !assignment?.available) throw new NotAssignedError(kind, assignment?.support);
  const input = upgradeStored(work.kind, task);
  const lacking = lackingIn(input, assignment.support);
  if (lacking.length > 0) throw new NotAssignedError(kind, { ...assignment.support, lacking });
  const unaccepted = findUnaccepted(input, assignment.support.accepts);
  if (unaccepted) throw new NotAssignedError(kind, { problem: toUnacceptedProblem(input, unaccepted) });
  return { ...work, assignment, stored: input };
}

function upgradeStored(kind: Kind, task: Task): unknown {
  try {
    return upgradeInput(kind, task);
  } catch (cause) {
    throw unusable(cause);
  }
}

/** Parses a stored input. What can't be parsed now can't be by another attempt either. */
function parseStored(schema: ReturnType<typeof jobInput>, stored: unknown): Record<string, unknown> {
  const { data, error } = schema.safeParse(stored);
  if (data) return data;
  const fields = new Set(error?.issues.flatMap(({ path }) => (path.length > 0 ? [['#', ...path.map(String)].join('/')] : [])));
  throw unusable(error, [...fields]);
}

/**
 * The error for a stored input. Without fields at fault it is the record that is damaged, or an
 * upgrade that fails.
 */
function unusable(cause: unknown, fields: readonly string[] = []): ProblemError {
  if (fields.length === 0)
    return new ProblemError('internal_error', 'What is stored of the input of this job can not be used.', { cause, final: true });
  return new ProblemError('invalid_input', `The worker does not take what is stored as ${fields.join(', ')}; submit the job again.`, {
    cause,
  });
}

/**
 * Makes the function that reports items. The first one of a
 * job tells how long it took since the run began.
 */
function itemReporter(events: RunEvents, kind: string, { progress }: Attempt): () => void {
  const start = performance.now();
  return () => events.item(kind, progress.items === 1 ? performance.now() - start : undefined);
}

/** The error for an attempt that took too long. */
function timedOut(ms: number, cause: unknown): ProblemError {
  return new ProblemError('job_timeout', `The attempt did not end within ${ms / 1000} s.`, { cause });
}

/**
 * Waits for work, but rejects with the signal's reason when it
 * aborts. So a handler that ignores the signal does not keep the run.
 */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
    work.then(resolve, reject);
  });
}

/**
 * Makes the job that a finished job leads to, says so in the journal, and resolves
 * with what stands for it in the result. After an earlier run has made it, nothing
 * is added. Rejects with LockLostError if the job is not this run's any more.
 */
async function makeChild<Result>(
  { id, owner, tenant, targets, requestId, reserved, span }: Task,
  { kind, inputFrom }: NextJob<Result>,
  result: Result,
  { children, attempt, journal }: { children: Children; attempt: Attempt; journal: Journal },
): Promise<{ jobId: string }> {
  const input = kind.input.parse(inputFrom(result));
  await journal.checkLock(); // adding a job does not check it
  const request = {
    parent: id,
    kind: kind.name,
    owner,
    tenant,
    targets: targetsOfChild(targets),
    requestId,
    reserved: reservedForNext(reserved),
    v: keptVersion(kind),
    input,
  };
  const child = { jobId: await span.sending(kind.name, (traceparent) => children.add({ ...request, traceparent })) };
  if (!attempt.hasChild()) await attempt.write({ type: 'child', attempt: attempt.number, child });
  return child;
}
