/** Looking at a job: its state, its journal and how it ended, read in one moment and one round trip. */
import type { Redis } from 'ioredis';
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { FIELDS, parseJson, parseRow } from './record.ts';
import { type Fields, PLACE_OF, SHOWN, toSnapshot } from './snapshot.ts';

/** A job at one moment, and the rows of its journal past a sequence number. */
export type JobView = { snapshot: Snapshot; rows: JournalRow[] };

/**
 * Looks at a job; undefined if there is none (any more).
 * `after`: the sequence number past which rows are wanted; without it none are read.
 */
export type ReadJob = (jobId: string, after?: number) => Promise<JobView | undefined>;

/**
 * State first, then the fields and the rows, all in one atomic step. The first to see that a job has ended
 * fixes the sequence number of its end, for all processes and for ever, and takes it out of the deadlines.
 * What is of another type than it should be is as if it were not there.
 */
const LOOK = `
local job, logs, completed, failed, delayed, prioritized, active, wait, deadlines = unpack(KEYS)
local id, after = ARGV[1], tonumber(ARGV[2])
${PLACE_OF}
local function number(reply) return type(reply) == 'number' and reply or 0 end
local fields = redis.pcall('HMGET', job, unpack(ARGV, 3))
-- a name, or a time that BullMQ notes: else it is no job's record
if fields.err or not (fields[1] or fields[2] or fields[3] or fields[4]) then return false end

local state, at, position = placeOf(id)
local length = number(redis.pcall('LLEN', logs))
if state == 'completed' or state == 'failed' then
  local fixed = tonumber(redis.call('HGET', job, '${FIELDS.end}') or '')
  if not fixed or fixed < 1 or fixed > 2 ^ 53 or fixed % 1 ~= 0 then
    fixed = length + 1
    redis.pcall('HSET', job, '${FIELDS.end}', fixed) -- a full Redis refuses it, and can be read all the same
    redis.pcall('ZREM', deadlines, id)
  end
  length = fixed - 1
end
local cancelAt = redis.pcall('ZSCORE', deadlines, id)
local rows = {}
if after >= 0 and length > after then rows = redis.pcall('LRANGE', logs, after, length - 1) end
return { state, at, position, length, type(cancelAt) == 'string' and cancelAt or '', fields, rows.err and {} or rows }
`;

const WANTED = [...SHOWN, 'data', 'opts', FIELDS.result] as const;

/** Makes the function that looks at jobs over a connection. `retentionS`: how long ended jobs are kept, in s. */
export function createReadJob(redis: Redis, keys: Keys, retentionS: number): ReadJob {
  const script = defineScript(redis, 'aiJobsLook', LOOK);
  const queueKeys = (['completed', 'failed', 'delayed', 'prioritized', 'active', 'wait'] as const).map(keys.of);

  return async (jobId, after = -1) => {
    const reply = (await script([keys.job(jobId), keys.logs(jobId), ...queueKeys, keys.deadlines], [jobId, after, ...WANTED])) as
      | [state: string, at: string, position: number, length: number, cancelAt: string, fields: (string | null)[], rows: string[]]
      | null;
    if (!reply) return undefined;
    const [state, at, position, length, cancelAt, values, rows] = reply;
    const read = Object.fromEntries(WANTED.map((name, index) => [name, values[index] ?? null])) as Record<
      (typeof WANTED)[number],
      string | null
    >;
    const options = parseJson(read.opts ?? '{}') as { attempts?: unknown } | null | undefined;
    const fields: Fields = { ...read, result: read[FIELDS.result], attempts: options?.attempts };
    return {
      snapshot: toSnapshot(jobId, { state, at, position, cancelAt }, length, fields, retentionS),
      rows: rows.flatMap((row, index) => parseRow(row, Math.max(after, 0) + index + 1)),
    };
  };
}
