/** Makes what a handler works with in one attempt. */
import type { Author } from '../../src/job/snapshot.ts';
import type { History, Journal } from './journal.ts';
import type { Assignment } from '../assignments.ts';
import type { EndedCall } from '../capabilities.ts';
import type { Attempt } from './attempt.ts';
import type { RunFiles } from './files.ts';
import type { Context } from '../handler.ts';
import type { Meter } from './meter.ts';

type Parts = Pick<Context, 'signal' | 'log' | 'answered'> & {
  /** The vendor works, though nothing of the answer has come. */
  alive: () => void;
  files: RunFiles;
  attempt: Attempt;
  journal: Journal;
  history: History;
  assignment: Extract<Assignment, { available: true }>;
  meter: Meter;
  /** An item was written. */
  onItem: () => void;
  /** A call of a vendor is over. */
  onCalled: (call: EndedCall) => void;
};

/** Before the name of a field in a checkpoint, so that no field has the name of a piece of work. */
const FIELD = 'field:';

/**
 * Makes a context, and the function that returns who did the work:
 * the author of the last call, in this attempt or an earlier one.
 */
export function createContext({
  attempt,
  journal,
  history,
  assignment,
  signal,
  log,
  meter,
  answered,
  alive,
  files,
  onItem,
  onCalled,
}: Parts): {
  context: Context;
  author: () => Author | undefined;
} {
  const { number, progress } = attempt;
  const checkpoint = { ...history.checkpoint };
  const atLeast = (percent: number) => Math.max(Math.round(percent), progress.percent);
  let { author } = history;

  const keep = (name: string, value: unknown): void => {
    checkpoint[name] = value;
    journal.saveCheckpoint(checkpoint, author);
    meter.kept();
  };

  const context: Context = {
    work: assignment.work,
    report: {
      startCall(expected, by) {
        author = by;
        return meter.startCall(expected, by);
      },
      begun() {},
      alive,
      called: onCalled,
    },
    signal,
    log,
    answered,
    dropped: () => meter.drop(),
    items: (list) => attempt.items(list),
    async item(list, value, percent) {
      meter.flush(); // the usage is written first, so that a worker that is lost here hides nothing
      await attempt.push({ type: 'item', attempt: number, list, index: attempt.items(list).length, value, percent: atLeast(percent) });
      meter.kept();
      onItem();
    },
    isOver: () => journal.isOver(),
    field: (name) => checkpoint[FIELD + name],
    keepField: (name, value) => keep(FIELD + name, value),
    stage(stage, percent) {
      // It goes out with what else is written in this tick. If it can't
      // be written, nothing after it can, and the job does not complete.
      attempt.write({ type: 'progress', attempt: number, percent: atLeast(percent), stage }).catch(() => {});
      return Promise.resolve();
    },
    async once<T>(name: string, work: () => Promise<T>) {
      if (name in checkpoint) return checkpoint[name] as T;
      const value = await work();
      keep(name, value ?? null);
      return value;
    },
    file: files.file,
    reserve: files.reserve,
    async output(name, bytes, type) {
      const kept = await files.output(name, bytes, type);
      meter.kept();
      return kept;
    },
    readOutput: files.readOutput,
    async keep(name, bytes) {
      await files.keep(name, bytes);
      meter.kept();
    },
    kept: files.kept,
  };
  return { context, author: () => author };
}
