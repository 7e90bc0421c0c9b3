/**
 * A run's journal writer: what is written within one tick goes
 * to Redis in one fenced step, each row at its place.
 */
import type { RecordFields } from '../../src/job/record.ts';
import type { JournalContent, JournalMemory } from './journal-memory.ts';

/** A run's way to its journal in Redis. */
export type JournalPort = {
  /**
   * Writes rows, the first of them at this place, and fields, in one fenced step. If
   * the place is not the journal's next, or other rows are there, it writes nothing and
   * resolves with how many rows there are; if there is no room for them, with `full`.
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

/** Writes for one run. A promise rejects with what the step rejects with. */
export class JournalWriter {
  readonly #jobId: string;
  readonly #port: JournalPort;
  readonly #memory: JournalMemory;
  #written: JournalContent = { rows: [], fields: {} };
  #next: Batch | undefined;
  #isSending = false;
  #isFull = false;
  /** Settles when all batches are sent that there were until then; undefined while there are none. */
  #sending: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  constructor(jobId: string, port: JournalPort, memory: JournalMemory) {
    this.#jobId = jobId;
    this.#port = port;
    this.#memory = memory;
  }

  /** All rows of the journal that are written by now. */
  get rows(): readonly string[] {
    return this.#written.rows;
  }

  /** Appends a row. Resolves with its number once it is written. */
  async append(row: string, fields: RecordFields): Promise<number> {
    const { rows, first } = this.#collect(fields, true);
    const index = rows.push(row) - 1;
    return (await first.promise) + index;
  }

  /**
   * Appends a row without waiting for it, unless a step is on its way: so no more is ever
   * unwritten than what came within one turn of the event loop. Rejects if a write has
   * failed by then; of a later failure the next call or `last` tells.
   */
  async push(row: string, fields: RecordFields): Promise<void> {
    const isSending = this.#isSending;
    this.#collect(fields, true).rows.push(row);
    if (isSending) await this.#sending;
    if (this.#failure) throw this.#failure.error;
  }

  /** Writes fields; without any, it only finds out whether the run may still write. */
  async write(fields: RecordFields): Promise<void> {
    await this.#collect(fields, true).first.promise;
  }

  /**
   * Writes fields at the end of this tick, or leaves them to
   * {@link JournalWriter.last}. Nobody waits for them.
   */
  keep(fields: RecordFields): void {
    this.#collect(fields, false);
  }

  /**
   * Waits for what is on its way. Resolves with what is left for the step that
   * ends the job to write: these fields, and those that were kept in this tick.
   * Rejects if an earlier write has failed, whether somebody waited for it or not.
   */
  async last(fields: RecordFields): Promise<RecordFields> {
    while (this.#isSending || this.#next?.isAwaited) await this.#sending;
    if (this.#failure) throw this.#failure.error;
    const left = { ...this.#next?.fields, ...fields };
    this.#next = undefined;
    this.#remember([], left);
    return left;
  }

  /**
   * Goes on from what earlier runs have written. `stored`: how
   * many of the rows Redis has, if it has lost any of it.
   */
  async resume(earlier: JournalContent, stored?: number): Promise<void> {
    this.#written = earlier;
    if (stored !== undefined) await this.#port.send(earlier.rows.slice(stored), stored + 1, earlier.fields);
  }

  #collect(fields: RecordFields, isAwaited: boolean): Batch {
    if (!this.#next) {
      this.#next = { rows: [], fields: {}, isAwaited, first: Promise.withResolvers() };
      this.#next.first.promise.catch(() => {}); // where nobody waits, `last` rejects
      // After the promises that are settled: what they write is collected, too. A row does not wait
      // until the loop has read from all other sockets.
      this.#sending ??= new Promise((resolve) => process.nextTick(() => resolve(this.#sendAll())));
    }
    Object.assign(this.#next.fields, fields);
    this.#next.isAwaited ||= isAwaited;
    return this.#next;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let batch = this.#next; batch; batch = this.#next) {
      this.#next = undefined;
      try {
        batch.first.resolve(await this.#send(batch));
      } catch (error) {
        this.#failure ??= { error };
        batch.first.reject(error);
      }
    }
    this.#isSending = false;
    this.#sending = undefined;
  }

  /**
   * Resolves with the place of the batch's first row. Rows before
   * it that Redis has lost are written again, with all fields.
   */
  async #send({ rows, fields }: Batch): Promise<number> {
    const { send, lost, full } = this.#port;
    const place = this.#written.rows.length + 1;
    if (this.#isFull && rows.length > 0) throw full();
    this.#remember(rows, fields);
    const misplaced = await send(rows, place, fields);
    if (misplaced === 'full') return this.#refuse(place);
    if (!misplaced) return place;
    const isLoss = misplaced.length < place;
    const found = isLoss ? place : await this.#adopt(rows);
    const start = isLoss ? misplaced.length : found - 1;
    const again = await send(this.#written.rows.slice(start), start + 1, this.#written.fields);
    if (again === 'full') return this.#refuse(found);
    if (again) throw lost();
    return found;
  }

  /**
   * Takes rows that are where the first rows of a run were to
   * go: a job that was never started can hold garbage, too.
   */
  async #adopt(rows: readonly string[]): Promise<number> {
    const { rows: written } = this.#written;
    if (written.length > rows.length) throw this.#port.lost(); // this run has written others there
    written.splice(0, Infinity, ...(await this.#port.read()), ...rows);
    return written.length - rows.length + 1;
  }

  /**
   * A full journal takes no row more, also none that is shorter:
   * the items after one that is missing would have its numbers.
   */
  #refuse(place: number): never {
    this.#isFull = true;
    this.#written.rows.length = place - 1;
    this.#memory.keep(this.#jobId, this.#written);
    throw this.#port.full();
  }

  #remember(rows: readonly string[], fields: RecordFields): void {
    this.#written.rows.push(...rows);
    Object.assign(this.#written.fields, fields);
    this.#memory.keep(this.#jobId, this.#written);
  }
}
