/** Reading a job: its state, its journal and how it ended, at one moment and in one round trip. */
import type { Redis } from 'ioredis';
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import type { Keys } from './keys.ts';
import { FIELDS, parseRow } from './record.ts';
import { defineScript } from './script.ts';
import { type Fields, PLACE_KEYS, SHOWN, toSnapshot } from './to-snapshot.ts';

/** A job at one moment, and the rows of its journal past a sequence number. */
export type JobView = { snapshot: Snapshot; rows: JournalRow[] };

/**
 * Reads a job; undefined if there is none (any more).
 * `after`: the sequence number past which rows are wanted; without it none are read.
 */
export type ReadJob = (jobId: string, after?: number) => Promise<JobView | undefined>;

const WANTED = [...SHOWN, FIELDS.result] as const;

/** How much of a payload is read, in bytes: owner and tenant stand first, of 256 characters each, and each may be written as `\\uXXXX`. */
const HEAD_BYTES = 4096;

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

/** Makes the function that reads jobs over a connection. `retentionS`: how long ended jobs are kept, in s. */
export function createReadJob(redis: Redis, keys: Keys, retentionS: number): ReadJob {
  const script = defineScript(redis, 'read_job', { keys: ['job', 'logs', 'deadlines', ...PLACE_KEYS], args: ['id', 'after', 'head'] });
  const shared = { deadlines: keys.deadlines, ...keys.allOf(PLACE_KEYS) };

  return async (jobId, after = -1) => {
    const reply = (await script(
      { ...shared, job: keys.job(jobId), logs: keys.logs(jobId), id: jobId, after, head: HEAD_BYTES },
      WANTED,
    )) as Reply | null;
    if (!reply) return undefined;
    const [state, at, position, length, cancelAt, data, attempts, values, rows] = reply;
    const read = Object.fromEntries(WANTED.map((name, index) => [name, values[index] ?? null])) as Record<
      (typeof WANTED)[number],
      string | null
    >;
    const fields: Fields = { ...read, data, result: read[FIELDS.result], attempts: attempts === '' ? undefined : attempts };
    return {
      snapshot: toSnapshot(jobId, { state, at, position, cancelAt }, length, fields, retentionS),
      rows: rows.flatMap((row, index) => parseRow(row, Math.max(after, 0) + index + 1)),
    };
  };
}
