/** What this process has written to journals lately, so that a Redis that lost its last seconds gets it back. */
import type { RecordFields } from './record.ts';

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

/** How much is remembered, in characters of rows and fields over all jobs. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** What a job's id, objects and array take beside its text, as so many characters. Without it many small jobs would take memory without a bound. */
const JOB_CHARACTERS = 2000;

/** Makes a memory. The oldest jobs are forgotten first. */
export function createJournalMemory(maxCharacters = MAX_CHARACTERS): JournalMemory {
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
        if (total <= maxCharacters && now - at < KEPT_MS) break;
        forget(id);
      }
    },
    of: (jobId) => jobs.get(jobId)?.written,
  };
}

function sizeOf({ rows, fields }: Written): number {
  let size = JOB_CHARACTERS;
  for (const row of rows) size += row.length;
  for (const field in fields) size += fields[field as keyof RecordFields]?.length ?? 0;
  return size;
}
