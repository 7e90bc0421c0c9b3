/** What this process has written to journals lately, so that a Redis that lost its last seconds gets it back. */
import type { RecordFields } from '../../src/job/record.ts';

/** All that a job's runs have written: the rows as they stand in the journal, and the last values of the fields. */
export type Written = { rows: string[]; fields: RecordFields };

/** The memory of a process. */
export type JournalMemory = {
  /** Keeps what was written for a job, as the newest. It may grow on after that. */
  keep(jobId: string, written: Written): void;
  of(jobId: string): Written | undefined;
};

/** How long a job is remembered after its last row, in ms. A Redis that is restored loses seconds, and rarely minutes. */
const KEPT_MS = 10 * 60_000;

/** How much is remembered unless something else is said, in bytes over all jobs. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What V8 takes for a character, in bytes, at most: texts with characters beyond Latin-1 take two. */
const CHARACTER_BYTES = 2;

/** What a text takes beside its characters, in bytes: its head, and its place in an array. */
const TEXT_BYTES = 32;

/** What a job takes beside its texts, in bytes: its id, objects, array and entry. Without it many small jobs would take memory without a bound. */
const JOB_BYTES = 1000;

/**
 * Makes a memory of at most so many bytes. The oldest jobs are forgotten first, and each job ten minutes after its last row. What that
 * costs: if Redis has lost rows, the checkpoint or the result of a job that is forgotten, a later run of it in this process does not
 * write them again, and asks the vendor anew for what is missing. A run that still goes on holds what it has written itself.
 */
export function createJournalMemory(maxBytes = MAX_BYTES): JournalMemory {
  const jobs = new Map<string, { written: Written; at: number; size: number }>();
  let total = 0;

  const forget = (jobId: string): void => {
    total -= jobs.get(jobId)?.size ?? 0;
    jobs.delete(jobId);
  };

  return {
    keep(jobId, written) {
      const now = performance.now();
      forget(jobId);
      const size = sizeOf(written);
      jobs.set(jobId, { written, at: now, size }); // a Map keeps the order of insertion: the oldest is the first
      total += size;
      for (const [id, { at }] of jobs) {
        if (total <= maxBytes && now - at < KEPT_MS) break;
        forget(id);
      }
    },
    of: (jobId) => jobs.get(jobId)?.written,
  };
}

/** How many bytes of the heap a job takes, at most. */
function sizeOf({ rows, fields }: Written): number {
  let size = JOB_BYTES;
  for (const row of rows) size += TEXT_BYTES + CHARACTER_BYTES * row.length;
  for (const field in fields) size += TEXT_BYTES + CHARACTER_BYTES * (fields[field as keyof RecordFields]?.length ?? 0);
  return size;
}
