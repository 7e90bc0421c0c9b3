/** Shortens the journals of completed jobs: what stands in a job's result is not kept a second time. */
import { shortenRows } from '../../src/job/short-rows.ts';
import type { Store } from '../../src/store/store.ts';

/** A job with fewer bytes to save is left as it is: a step for it would cost more. */
const MIN_SAVED = 256;

/** A longer journal is left as it is. A script can't take more values at once. */
const MAX_ROWS = 5000;

/** How long a journal waits for others that are shortened in the same step, in ms. */
const WAIT_MS = 1000;

/** How many journals are shortened in one step. */
const BATCH = 50;

/** What a completed job has written: its journal's rows, and its result as JSON. */
export type CompletedJournal = { id: string; rows: readonly string[]; result: string };

/**
 * Shortens journals, those of a second together. One that is not shortened can be read all the
 * same. Versions before this format read no item of a short row: they take it for no row.
 */
export class JournalShortener {
  readonly #script;
  readonly #mayShorten: () => Promise<boolean>;
  readonly #touched;
  #journals: CompletedJournal[] = [];

  /** `mayShorten`: whether no version can be needed to read them that does not know the format. */
  constructor(store: Store, mayShorten: () => Promise<boolean>) {
    this.#mayShorten = mayShorten;
    this.#script = store.script(new URL('scripts/shorten_journals.lua', import.meta.url), { keys: ['jobs', 'completed'], args: [] });
    this.#touched = { jobs: store.keys.job(''), completed: store.keys.of('completed') };
  }

  /** The job has completed. */
  add(journal: CompletedJournal): void {
    const { rows, result } = journal;
    if (rows.length > MAX_ROWS || Math.min(lengthOf(rows), result.length) < MIN_SAVED) return;
    if (this.#journals.push(journal) === 1) setTimeout(() => void this.#shorten(), WAIT_MS).unref();
  }

  async #shorten(): Promise<void> {
    const journals = this.#journals;
    this.#journals = [];
    if (!(await this.#mayShorten())) return;
    for (let n = 0; n < journals.length; n += BATCH) {
      const values = journals.slice(n, n + BATCH).flatMap(({ id, rows, result }) => {
        const short = shortenRows(rows, result);
        return lengthOf(rows) - lengthOf(short) < MIN_SAVED ? [] : [id, rows.length, ...short];
      });
      if (values.length > 0) this.#script(this.#touched, values).catch(() => {});
    }
  }
}

function lengthOf(rows: readonly string[]): number {
  return rows.reduce((sum, { length }) => sum + length, 0);
}
