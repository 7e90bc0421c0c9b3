/** Looking at a job: its state, its journal and how it ended, read in one moment and one round trip. */
import type { Redis } from 'ioredis';
import type { JournalRow, Outcome, Progress, Snapshot, Usage } from '../jobs/event.ts';
import { parseReason } from '../jobs/problem.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { FIELDS, parseRow, readPayload } from './record.ts';

/** A job at one moment, and the rows of its journal past a sequence number. */
export type Look = { snapshot: Snapshot; rows: JournalRow[] };

/**
 * Looks at a job; undefined if there is none (any more).
 * `after`: the sequence number past which rows are wanted; without it none are read.
 */
export type LookAt = (jobId: string, after?: number) => Promise<Look | undefined>;

/**
 * State first, as BullMQ's own getState reads it, then the fields and the rows, all in one atomic step.
 * The first to see that a job has ended fixes the sequence number of its end, for all processes and for ever.
 */
const LOOK = `
local job, logs = KEYS[1], KEYS[2]
local id, after = ARGV[1], tonumber(ARGV[2])
local fields = redis.call('HMGET', job, unpack(ARGV, 3))
if not fields[1] then return false end

local state, at, position = 'waiting', '', 0
if redis.call('ZSCORE', KEYS[3], id) then state = 'completed'
elseif redis.call('ZSCORE', KEYS[4], id) then state = 'failed'
else
  local due = redis.call('ZSCORE', KEYS[5], id)
  local rank = not due and redis.call('ZRANK', KEYS[6], id)
  if due then state, at = 'delayed', due
  elseif rank then position = redis.call('LLEN', KEYS[8]) + rank + 1
  elseif redis.call('LPOS', KEYS[7], id) then state = 'active'
  else
    -- taken from the right end: the last is next
    local index = redis.call('LPOS', KEYS[8], id)
    if index then position = redis.call('LLEN', KEYS[8]) - index end
  end
end

local length = redis.call('LLEN', logs)
if state == 'completed' or state == 'failed' then
  local fixed = redis.call('HGET', job, '${FIELDS.end}')
  -- a full or read-only Redis may refuse this: then the next one to read does it
  if not fixed then redis.pcall('HSET', job, '${FIELDS.end}', length + 1) end
  length = (fixed or length + 1) - 1
end
local cancelAt = redis.call('ZSCORE', KEYS[9], id) or ''
local rows = {}
if after >= 0 and length > after then rows = redis.call('LRANGE', logs, after, length - 1) end
return { state, at, position, length, cancelAt, fields, rows }
`;

const WANTED = [
  'name',
  'data',
  'opts',
  'timestamp',
  'processedOn',
  'finishedOn',
  'ats',
  'failedReason',
  'progress',
  FIELDS.result,
  FIELDS.usage,
  FIELDS.attempt,
  FIELDS.cancelled,
  FIELDS.provider,
] as const;

type Fields = { [Name in (typeof WANTED)[number]]: string | null };

/** Makes the function that looks at jobs over a connection. `retentionS`: how long ended jobs are kept, in s. */
export function createLook(redis: Redis, keys: Keys, retentionS: number): LookAt {
  const script = defineScript(redis, 'aiJobsLook', LOOK);
  const queueKeys = (['completed', 'failed', 'delayed', 'prioritized', 'active', 'wait'] as const).map(keys.of);

  return async (jobId, after = -1) => {
    const reply = (await script([keys.job(jobId), keys.logs(jobId), ...queueKeys, keys.deadlines], [jobId, after, ...WANTED])) as
      | [state: string, at: string, position: number, length: number, cancelAt: string, fields: (string | null)[], rows: string[]]
      | null;
    if (!reply) return undefined;
    const [state, at, position, length, cancelAt, values, rows] = reply;
    const fields = Object.fromEntries(WANTED.map((name, index) => [name, values[index] ?? null])) as Fields;
    return {
      snapshot: toSnapshot(jobId, { state, at, position, length, cancelAt }, fields, retentionS),
      rows: rows.flatMap((row, index) => parseRow(row, Math.max(after, 0) + index + 1)),
    };
  };
}

type Place = { state: string; at: string; position: number; length: number; cancelAt: string };

function toSnapshot(id: string, { state, at, position, length, cancelAt }: Place, fields: Fields, retentionS: number): Snapshot {
  const { owner, tenant } = readPayload(fields.data);
  const finishedAt = time(fields.finishedOn);
  const outcome = readOutcome(state, fields);
  return {
    id,
    kind: fields.name ?? '',
    owner,
    tenant,
    status: outcome?.type ?? (state === 'active' ? 'active' : 'waiting'),
    // As its run has written it: a pickup may also be no attempt, but the end of a job that lost its workers too often.
    attempt: number(fields[FIELDS.attempt] ?? Math.min(number(fields.ats), 1)),
    maxAttempts: number((JSON.parse(fields.opts ?? '{}') as { attempts?: number }).attempts),
    progress: readProgress(fields.progress),
    position: position > 0 ? position : undefined,
    retryAt: state === 'delayed' ? Math.floor(Number(at) / 0x1000) : undefined, // BullMQ keeps a counter in the low 12 bits
    createdAt: number(fields.timestamp),
    cancelAt: outcome || cancelAt === '' ? undefined : Number(cancelAt),
    cancelRequestedAt: time(fields[FIELDS.cancelled]),
    startedAt: time(fields.processedOn),
    finishedAt,
    expiresAt: finishedAt === undefined ? undefined : finishedAt + retentionS * 1000,
    provider: fields[FIELDS.provider] ?? undefined,
    end: outcome && { seq: length + 1, outcome },
    length,
  };
}

function readOutcome(state: string, fields: Fields): Outcome | undefined {
  const stored = fields[FIELDS.usage];
  const usage = stored === null ? undefined : (JSON.parse(stored) as Usage);
  if (state === 'completed') return { type: 'completed', result: JSON.parse(fields[FIELDS.result] ?? 'null'), usage };
  if (state !== 'failed') return undefined;
  const error = parseReason(fields.failedReason ?? '');
  return error.code === 'cancelled' ? { type: 'cancelled', usage } : { type: 'failed', error, usage };
}

/** BullMQ's progress field holds our summary, or its own 0 before the first row. */
function readProgress(text: string | null): Progress | undefined {
  const value: unknown = JSON.parse(text ?? '0');
  return typeof value === 'object' && value !== null ? (value as Progress) : undefined;
}

function number(text: string | null | number | undefined): number {
  return Number(text ?? 0);
}

function time(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}
