/**
 * What this process has written to journals lately, so that a
 * Redis that lost its last seconds gets it back.
 */
import type { RecordFields } from '../../src/job/record.ts';

/**
 * All that a job's runs have written: the rows as they stand
 * in the journal, and the last values of the fields.
 */
export type JournalContent = { rows: string[]; fields: RecordFields };

/**
 * How long a job is remembered after its last row, in ms. A
 * Redis that is restored loses seconds, and rarely minutes.
 */
const KEPT_MS = 10 * 60_000;

/** How much is remembered unless something else is said, in bytes over all jobs. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What V8 takes for a character, in bytes, at most: texts with characters beyond Latin-1 take two. */
const CHARACTER_BYTES = 2;

/** What a text takes beside its characters, in bytes: its head, and its place in an array. */
const TEXT_BYTES = 32;

/**
 * What a job takes beside its texts, in bytes: its id, objects,
 * array and entry. It bounds how many small jobs are kept.
 */
const JOB_BYTES = 1000;

/**
 * The memory of a process, of at most so many bytes. The oldest jobs are forgotten first, and
 * each job ten minutes after its last row. If Redis has lost rows, the checkpoint or the
 * result of a job that is forgotten, a later run of it in this process does not write them
 * again, and asks the vendor anew for what is missing. A run holds what it has written itself.
 */
export class JournalMemory {
  readonly #maxBytes: number;
  readonly #jobs = new Map<string, { written: JournalContent; at: number; size: number }>(); // the oldest first
  #total = 0;

  constructor(maxBytes = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Keeps what was written for a job, as the newest. It may grow on after that. */
  keep(jobId: string, written: JournalContent): void {
    const now = performance.now();
    this.#forget(jobId);
    const size = sizeOf(written);
    this.#jobs.set(jobId, { written, at: now, size });
    this.#total += size;
    for (const [id, { at }] of this.#jobs) {
      if (this.#total <= this.#maxBytes && now - at < KEPT_MS) break;
      this.#forget(id);
    }
  }

  of(jobId: string): JournalContent | undefined {
    return this.#jobs.get(jobId)?.written;
  }

  #forget(jobId: string): void {
    this.#total -= this.#jobs.get(jobId)?.size ?? 0;
    this.#jobs.delete(jobId);
  }
}

/** How many bytes of the heap a job takes, at most. */
function sizeOf({ rows, fields }: JournalContent): number {
  let size = JOB_BYTES;
  for (const row of rows) size += TEXT_BYTES + CHARACTER_BYTES * row.length;
  for (const field in fields) size += TEXT_BYTES + CHARACTER_BYTES * (fields[field as keyof RecordFields]?.length ?? 0);
  return size;
}
