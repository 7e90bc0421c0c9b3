/** A run's journal writer: what is written within one tick goes to Redis in one fenced step, each row at its place. */
import type { RecordFields } from '../../src/job/record.ts';
import type { JournalMemory, Written } from './journal-memory.ts';

/** Writes for one run. A promise rejects with what the step rejects with. */
export type JournalWriter = {
  /** Appends a row. Resolves with its number once it is written. */
  append(row: string, fields: RecordFields): Promise<number>;
  /** Writes fields; without any, it only finds out whether the run may still write. */
  write(fields: RecordFields): Promise<void>;
  /** Writes fields at the end of this tick, or leaves them to {@link JournalWriter.last}. Nobody waits for them. */
  keep(fields: RecordFields): void;
  /**
   * Waits for what is on its way. Resolves with what is left for the step that ends the job to write: these fields, and those
   * that were kept in this tick. Rejects if an earlier write has failed, whether somebody waited for it or not.
   */
  last(fields: RecordFields): Promise<RecordFields>;
  /** Goes on from what earlier runs have written. `stored`: how many of the rows Redis has, if it has lost any of it. */
  resume(earlier: Written, stored?: number): Promise<void>;
};

/** A run's way to its journal in Redis. */
export type JournalPort = {
  /**
   * Writes rows, the first of them at this place, and fields, in one fenced step. If the place is not the journal's next, or other
   * rows are there, it writes nothing and resolves with how many rows there are; if there is no room for them, with `full`.
   */
  send(rows: readonly string[], place: number, fields: RecordFields): Promise<{ length: number } | 'full' | undefined>;
  /** The rows in Redis. */
  read(): Promise<string[]>;
  /** Makes the error of a run that may not write, and of one whose journal is full. */
  lost(): Error;
  full(): Error;
};

/** What one step will write. `first`: the place of its first row, once it is written. */
type Batch = { rows: string[]; fields: RecordFields; isAwaited: boolean; first: PromiseWithResolvers<number> };

/** Makes the writer of a run. */
export function createJournalWriter(jobId: string, { send, read, lost, full }: JournalPort, memory: JournalMemory): JournalWriter {
  let written: Written = { rows: [], fields: {} };
  let next: Batch | undefined;
  let isSending = false;
  let isFull = false;
  /** Settles when all batches are sent that there were until then; undefined while there are none. */
  let sending: Promise<void> | undefined;
  let failure: { error: unknown } | undefined;

  const remember = (rows: readonly string[], fields: RecordFields): void => {
    written.rows.push(...rows);
    Object.assign(written.fields, fields);
    memory.keep(jobId, written);
  };

  /** Takes rows that are where the first rows of a run were to go: a job that was never started can hold garbage, too. */
  const adopt = async (rows: readonly string[]): Promise<number> => {
    if (written.rows.length > rows.length) throw lost(); // this run has written others there
    written.rows.splice(0, Infinity, ...(await read()), ...rows);
    return written.rows.length - rows.length + 1;
  };

  /** A full journal takes no row more, also none that is shorter: the items after one that is missing would have its numbers. */
  const refuse = (place: number): never => {
    isFull = true;
    written.rows.length = place - 1;
    memory.keep(jobId, written);
    throw full();
  };

  /** Resolves with the place of the batch's first row. If Redis has lost rows before it, they are written again, with all fields. */
  const sendBatch = async ({ rows, fields }: Batch): Promise<number> => {
    const place = written.rows.length + 1;
    if (isFull && rows.length > 0) throw full();
    remember(rows, fields);
    const misplaced = await send(rows, place, fields);
    if (misplaced === 'full') return refuse(place);
    if (!misplaced) return place;
    const isLoss = misplaced.length < place;
    const found = isLoss ? place : await adopt(rows);
    const start = isLoss ? misplaced.length : found - 1;
    const again = await send(written.rows.slice(start), start + 1, written.fields);
    if (again === 'full') return refuse(found);
    if (again) throw lost();
    return found;
  };

  const sendAll = async (): Promise<void> => {
    isSending = true;
    for (let batch = next; batch; batch = next) {
      next = undefined;
      try {
        batch.first.resolve(await sendBatch(batch));
      } catch (error) {
        failure ??= { error };
        batch.first.reject(error);
      }
    }
    isSending = false;
    sending = undefined;
  };

  const collect = (fields: RecordFields, isAwaited: boolean): Batch => {
    if (!next) {
      next = { rows: [], fields: {}, isAwaited, first: Promise.withResolvers() };
      next.first.promise.catch(() => {}); // where nobody waits, `last` tells of it
      // Promises that are settled go on within this tick, so that what they write is collected, too.
      sending ??= new Promise((resolve) => setImmediate(() => resolve(sendAll())));
    }
    Object.assign(next.fields, fields);
    next.isAwaited ||= isAwaited;
    return next;
  };

  return {
    async append(row, fields) {
      const { rows, first } = collect(fields, true);
      const index = rows.push(row) - 1;
      return (await first.promise) + index;
    },
    async write(fields) {
      await collect(fields, true).first.promise;
    },
    keep(fields) {
      collect(fields, false);
    },
    async last(fields) {
      while (isSending || next?.isAwaited) await sending;
      if (failure) throw failure.error;
      const left = { ...next?.fields, ...fields };
      next = undefined;
      remember([], left);
      return left;
    },
    async resume(earlier, stored) {
      written = earlier;
      if (stored !== undefined) await send(written.rows.slice(stored), stored + 1, written.fields);
    },
  };
}
