/** A run's pen: what the worker writes about its job, in one fenced step each. */
import type { Redis } from 'ioredis';
import type { JournalRow, Progress, Row, Usage } from '../jobs/event.ts';
import type { ProblemCode } from '../jobs/problem.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { FIELDS, parseRow } from './record.ts';
import type { Tenant } from '../jobs/tenant.ts';

/** Somebody else has taken the job over, or it has ended: whatever this run does from now on counts for nothing. */
export class LockLostError extends Error {
  override name = 'LockLostError';

  constructor(jobId: string) {
    super(`${jobId} is no longer this run's to write`);
  }
}

/** Values for our own fields of the job's record. */
export type Kept = Partial<Record<(typeof FIELDS)[keyof typeof FIELDS], string>>;

/** What earlier runs of a job have left. */
export type History = {
  rows: JournalRow[];
  usage?: Usage | undefined;
  /** What need not be done again, by name. */
  checkpoint: Record<string, unknown>;
  /** Why the run before was put off, where that has not been said yet. */
  why?: ProblemCode | undefined;
  /** Whether the result is kept already: only its completion was lost. */
  finished: boolean;
};

/** Reads and writes for one run of one job. Writes reject with {@link LockLostError} once the run is not the job's any more. */
export type Journal = {
  /** What was there before; to be read first where there can be anything. */
  history(): Promise<History>;
  /** Appends a lasting row, rings the doorbell and resolves with the row's sequence number. `progress`: how far the job is with it. */
  append(row: Row, progress: Progress): Promise<number>;
  /** Keeps what the job has used so far, and counts what is new of it for its tenant. */
  spend(usage: Usage): Promise<void>;
  /** Keeps values beside the job; nobody is told. */
  keep(values: Kept): Promise<void>;
};

/**
 * Appending and ringing in one step, if the run still holds the job's lock and the job has not ended: what
 * BullMQ's log() and updateProgress() do in two, open to a run that was long since replaced. The event is BullMQ's own `progress`, carrying the row and its number. A row that stands at its
 * place already was written before its reply got lost: the connection sends again what was not answered.
 */
const WRITE = `
local job, lock, logs, events, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, token, row, place = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if redis.call('GET', lock) ~= token then return -1 end
local known = redis.call('HMGET', job, 'name', 'finishedOn')
if not known[1] or known[2] then return -1 end
if place > 0 and redis.call('LINDEX', logs, place - 1) == row then return place end
if #ARGV > 4 then redis.call('HSET', job, unpack(ARGV, 5)) end
if row == '' then return 0 end
local seq = redis.call('RPUSH', logs, row)
local bell = '{"seq":' .. seq .. ',' .. string.sub(row, 2)
redis.call('XADD', events, 'MAXLEN', '~', redis.call('HGET', meta, 'opts.maxLenEvents') or 10000, '*', 'event', 'progress', 'jobId', id, 'data', bell)
return seq
`;

/** What a job has used so far, and the difference to what was known for its tenant's day: sent twice, it counts once. */
const SPEND = `
local job, lock, spent = KEYS[1], KEYS[2], KEYS[3]
local token, usage, tokens, keptFor = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
if redis.call('GET', lock) ~= token or redis.call('HGET', job, 'finishedOn') then return -1 end
local before = cjson.decode(redis.call('HGET', job, '${FIELDS.usage}') or '{}')
redis.call('HSET', job, '${FIELDS.usage}', usage)
redis.call('INCRBY', spent, tokens - (before.inputTokens or 0) - (before.outputTokens or 0))
redis.call('EXPIRE', spent, keptFor)
return 0
`;

/** How long a day's count is kept, in s. */
const SPENT_KEPT_S = 48 * 3600;

/** Whose run a journal is for; `token` is the lock token BullMQ gave to it. */
export type Run = { jobId: string; tenant: Tenant; token: string };

/** Makes the function that opens a journal for a run. */
export function createJournals(redis: Redis, keys: Keys): (run: Run) => Journal {
  const script = defineScript(redis, 'aiJobsWrite', WRITE);
  const spend = defineScript(redis, 'aiJobsSpend', SPEND);

  return ({ jobId, tenant, token }) => {
    const touched = [keys.job(jobId), keys.lock(jobId), keys.logs(jobId), keys.of('events'), keys.of('meta')];
    let length = 0;
    const write = async (row: string, place: number, fields: Record<string, string>): Promise<number> => {
      const seq = Number(await script(touched, [jobId, token, row, place, ...Object.entries(fields).flat()]));
      if (seq < 0) throw new LockLostError(jobId);
      length = Math.max(length, seq);
      return seq;
    };
    return {
      async history() {
        const [rows, kept] = await Promise.all([
          redis.lrange(keys.logs(jobId), 0, -1),
          redis.hmget(keys.job(jobId), FIELDS.usage, FIELDS.checkpoint, FIELDS.result, FIELDS.why),
        ]);
        const [usage, checkpoint, result, why] = kept;
        length = rows.length;
        return {
          rows: rows.flatMap((row, index) => parseRow(row, index + 1)),
          usage: usage ? (JSON.parse(usage) as Usage) : undefined,
          checkpoint: checkpoint ? (JSON.parse(checkpoint) as Record<string, unknown>) : {},
          why: why ? (why as ProblemCode) : undefined,
          finished: typeof result === 'string',
        };
      },
      append: (row, progress) =>
        write(JSON.stringify(row), ++length, {
          progress: JSON.stringify(progress),
          [FIELDS.attempt]: String(row.attempt),
          ...(row.type === 'attempt' && { [FIELDS.why]: '' }), // said now
        }),
      async spend(usage) {
        const tokens = usage.inputTokens + usage.outputTokens;
        const kept = await spend(
          [keys.job(jobId), keys.lock(jobId), keys.spent(tenant)],
          [token, JSON.stringify(usage), tokens, SPENT_KEPT_S],
        );
        if (kept === -1) throw new LockLostError(jobId);
      },
      async keep(values) {
        await write('', 0, values);
      },
    };
  };
}
