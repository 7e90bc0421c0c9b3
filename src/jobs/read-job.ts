/** Reading a job: its state, its journal and how it ended, at one moment and in one round trip. */
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import { FIELDS, parseRow } from '../job/record.ts';
import { lengthenRow } from '../job/short-rows.ts';
import { createBatch } from '../store/batch.ts';
import { type ReadFields, SHOWN, toSnapshot } from './to-snapshot.ts';
import type { Store } from '../store/store.ts';

/** A job at one moment, and the rows of its journal past a sequence number. */
export type JobView = { snapshot: Snapshot; rows: JournalRow[] };

/**
 * Reads a job; undefined if there is none (any more).
 * `after`: the sequence number past which rows are wanted; without it none are read.
 */
export type ReadJob = (jobId: string, after?: number) => Promise<JobView | undefined>;

const WANTED = [...SHOWN, FIELDS.result] as const;

/**
 * How much of a payload is read, in bytes: owner and tenant stand first, of 256 characters
 * each, and each may be written as `\\uXXXX`; then 20 names of 64 characters that were ignored.
 */
const HEAD_BYTES = 8192;

/**
 * How many jobs one call of the script reads at most: journals
 * and results may be long, and Redis serves others in between.
 */
const BATCH = 16;

const ENDED = ['completed', 'failed'] as const;

type Reply = [
  state: string,
  at: string,
  position: number,
  length: number,
  cancelAt: string,
  data: string,
  attempts: string,
  fields: (string | null)[],
  rows: string[],
];

/**
 * Makes the function that reads jobs over a connection. Calls of one
 * moment share a trip. `retentionS`: how long ended jobs are kept, in s.
 */
export function createReadJob(store: Store, retentionS: number): ReadJob {
  const script = store.batchScript(new URL('scripts/read_jobs.lua', import.meta.url), {
    keys: ['deadlines', ...ENDED, 'jobs'],
    args: ['head', 'fields'],
    eachKeys: ['job', 'logs'],
    eachArgs: ['id', 'after'],
  });
  const { keys } = store;
  const shared = { deadlines: keys.deadlines, ...keys.allOf(ENDED), jobs: keys.job(''), head: HEAD_BYTES, fields: WANTED.join(' ') };

  const readAll = async (wanted: { jobId: string; after: number }[]): Promise<(JobView | undefined)[]> => {
    const entries = wanted.map(({ jobId, after }) => ({ job: keys.job(jobId), logs: keys.logs(jobId), id: jobId, after }));
    const replies = (await script(shared, entries)) as (Reply | null)[];
    return wanted.map(({ jobId, after }, index) => {
      const reply = replies[index];
      return reply ? toView(jobId, after, reply, retentionS) : undefined;
    });
  };
  const read = createBatch(BATCH, readAll);
  return (jobId, after = -1) => read({ jobId, after });
}

function toView(jobId: string, after: number, reply: Reply, retentionS: number): JobView {
  const [state, at, position, length, cancelAt, data, attempts, values, rows] = reply;
  const read = {} as Record<(typeof WANTED)[number], string | null>;
  for (const [index, name] of WANTED.entries()) read[name] = values[index] ?? null;
  const fields: ReadFields = { ...read, data, result: read[FIELDS.result], attempts: attempts === '' ? undefined : attempts };
  return {
    snapshot: toSnapshot(jobId, { state, at, position, cancelAt }, length, fields, retentionS),
    rows: rows.flatMap((row, index) => parseRow(lengthenRow(row, fields.result ?? ''), Math.max(after, 0) + index + 1)),
  };
}
