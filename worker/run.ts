/** One job from input to result: what earlier runs left, the deadline, the handler, the result kept. Knows no BullMQ. */
import type { Logger } from 'pino';
import type { Progress, Row } from '../src/job/snapshot.ts';
import { findKind, type AnyKind } from '../src/kinds/index.ts';
import type { InputOf, ResultOf } from '../src/kinds/kind.ts';
import { ProblemError, type ProblemCode } from '../src/job/problem.ts';
import type { History, Journal } from '../src/queue/journal.ts';
import { FIELDS } from '../src/queue/record.ts';
import { createMeter, type Meter } from './meter.ts';
import type { ListTaker, Provider } from './capabilities.ts';

/** What a handler works with. */
export type Context = {
  provider: Provider;
  /** Aborts when the job is to stop: cancelled, out of time, taken over, or the process is going. */
  signal: AbortSignal;
  log: Pick<Logger, 'debug' | 'info' | 'warn'>;
  /** The finished items of a list, those of earlier attempts first. */
  items(list: string): readonly unknown[];
  /** Publishes a finished item. `percent`: how far the whole job is with it, 0 to 100. */
  item(list: string, value: unknown, percent: number): Promise<void>;
  /** Publishes that a stage is reached. */
  stage(stage: string, percent: number): Promise<void>;
  /** Counts a call that is about to be paid for. */
  startCall: ListTaker['startCall'];
  /** The paid work is done: what is left takes no time worth a deadline, and ends well even past it. */
  answered(): void;
  /** Does paid work once over all attempts: what it gave is kept before anything else can fail. */
  once<T>(name: string, work: () => Promise<T>): Promise<T>;
};

/** The worker's part of every kind: input in, result out. */
export type Handlers = { [K in AnyKind as K['name']]: (input: InputOf<K>, context: Context) => Promise<ResultOf<K>> };

/** A job as it is handed to a run. */
export type Task = {
  id: string;
  kind: string;
  input: unknown;
  /** Counted from 1, lost workers included. */
  attempt: number;
  /** Whether it was never started before, so that nothing of it is there. */
  fresh: boolean;
  /** Why the attempt before ended, where there was one. */
  previous: ProblemCode;
  signal: AbortSignal;
};

/** What all runs share. */
export type RunDeps = {
  handlers: Handlers;
  provider: Provider;
  /** How long one attempt may take, in ms. */
  timeoutMs: number;
  log: Logger;
};

/**
 * Runs a job to its end and keeps its result; resolves once it is safe to complete it.
 * @throws ProblemError for what the job's owner is to know; the abort reason where the signal ended it
 */
export async function runJob(task: Task, journal: Journal, { handlers, provider, timeoutMs, log }: RunDeps): Promise<void> {
  const history = await journal.history(task.fresh);
  if (history.finished) return; // the result is there, only its completion was lost
  const kind = findKind(task.kind);
  if (!kind)
    throw new ProblemError('internal_error', `This worker does not know ${task.kind}: it is older than the API, and another may know it.`);

  const deadline = startDeadline(timeoutMs);
  const signal = AbortSignal.any([task.signal, deadline.signal]);
  const meter = createMeter(journal.spending, log);
  try {
    const pen = await beginAttempt(task, journal, history);
    const handle = handlers[kind.name];
    const context = createContext({ pen, journal, history, provider, signal, log, meter, answered: deadline.lift });
    const result = await Promise.race([handle(kind.input.parse(task.input), context), aborted(signal)]);
    await journal.keep({ [FIELDS.result]: JSON.stringify(kind.result.parse(result)), [FIELDS.provider]: provider.name });
  } catch (error) {
    if (deadline.signal.aborted && !task.signal.aborted) {
      // Where Redis was in the way, it was not the attempt's fault: another one follows at no cost.
      const retryAfterMs = journal.heldUpMs() > 0 ? 0 : undefined;
      throw new ProblemError('job_timeout', `The attempt did not end within ${timeoutMs / 1000} s.`, {
        cause: error,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
    }
    throw error;
  } finally {
    deadline.lift();
    await meter.close();
  }
}

/** A deadline that can be lifted. Its reason is that of AbortSignal.timeout. */
function startDeadline(ms: number): { signal: AbortSignal; lift: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('the attempt took too long', 'TimeoutError')), ms);
  return { signal: controller.signal, lift: () => clearTimeout(timer) };
}

/** Writes rows and keeps count of how far the job is. */
type Pen = { progress: Progress; write(row: Row): Promise<void>; attempt: number; items: Map<string, unknown[]> };

/** Picks up where the attempt before left off, and says so in the journal. */
async function beginAttempt({ attempt, previous }: Task, journal: Journal, { rows, why }: History): Promise<Pen> {
  const progress: Progress = { percent: 0, stage: 'queued', items: 0 };
  const items = new Map<string, unknown[]>();

  const count = (row: Row): void => {
    if (row.type === 'attempt') return;
    progress.percent = Math.max(progress.percent, row.percent);
    if (row.type === 'progress') progress.stage = row.stage;
    else {
      const list = items.get(row.list) ?? [];
      if (row.index !== list.length) return; // each place is taken once
      items.set(row.list, [...list, row.value]);
      progress.items++;
    }
  };
  rows.forEach(count);

  const pen: Pen = {
    progress,
    attempt,
    items,
    async write(row) {
      count(row);
      await journal.append(row, progress);
    },
  };
  const announced = rows.findLast(({ type }) => type === 'attempt')?.attempt ?? 1;
  if (attempt > announced || why) await pen.write({ type: 'attempt', attempt, itemsKept: progress.items, code: why ?? previous });
  return pen;
}

type ContextParts = Pick<Context, 'provider' | 'signal' | 'log' | 'answered'> & {
  pen: Pen;
  journal: Journal;
  history: History;
  meter: Meter;
};

function createContext({ pen, journal, history, provider, signal, log, meter, answered }: ContextParts): Context {
  const { attempt } = pen;
  const checkpoint = { ...history.checkpoint };
  const atLeast = (percent: number) => Math.max(Math.round(percent), pen.progress.percent);

  return {
    provider,
    signal,
    log,
    items: (list) => pen.items.get(list) ?? [],
    item(list, value, percent) {
      meter.flush(); // first what it cost: a worker that is lost in between has hidden nothing
      return pen.write({ type: 'item', attempt, list, index: pen.items.get(list)?.length ?? 0, value, percent: atLeast(percent) });
    },
    stage: (stage, percent) => pen.write({ type: 'progress', attempt, percent: atLeast(percent), stage }),
    startCall: meter.startCall,
    answered,
    async once<T>(name: string, work: () => Promise<T>) {
      if (name in checkpoint) return checkpoint[name] as T;
      const value = await work();
      checkpoint[name] = value ?? null;
      await journal.keep({ [FIELDS.checkpoint]: JSON.stringify(checkpoint) });
      return value;
    },
  };
}

/** Rejects with the signal's reason once it aborts: a handler that does not listen can't hold its place. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => reject(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}
