/** Ending a job from outside of its run: one step that takes it from wherever it is and puts it among the failed. */
import type { Redis } from 'ioredis';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { FIELDS } from './record.ts';
import { kindOf } from './snapshot.ts';

/** What became of the wish: the job has ended by it, had ended already, is not there, or somebody else holds its lock now. */
export type Ended = 'done' | 'ended' | 'unknown' | 'held';

/** A job that is to be ended. */
export type Ending = {
  jobId: string;
  /** Why, as a failed job keeps it; `cancelled` also notes when. */
  reason: string;
  /** Ends a record that can't be read, which is rewritten as far as it takes to be listed; only while the job's lock is this one ('' for none). */
  unreadable?: { lock: string };
};

/**
 * The lock goes too, so a worker that runs the job can neither complete it nor write to its journal any more. BullMQ's
 * own ways end only active jobs at once (moveToFailed with token 0); a waiting one would wait on to be refused.
 * The job's deadline goes with it.
 */
const END = `
local job, lock, events, meta, deadlines = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local completed, failed, delayed, prioritized, wait, active, stalled = unpack(KEYS, 6)
local id, now, reason, kind, unreadable, held = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6]
local record = redis.pcall('HMGET', job, 'name', 'timestamp', 'processedOn', 'finishedOn')
if not unreadable and (record.err or not (record[1] or record[2] or record[3] or record[4])) then return 'unknown' end
if redis.call('ZSCORE', completed, id) or redis.call('ZSCORE', failed, id) then return 'ended' end
if unreadable then
  local token = redis.pcall('GET', lock)
  if (type(token) == 'string' and token or '') ~= held then return 'held' end
  if record.err then redis.call('DEL', job) end
  redis.call('HSETNX', job, 'name', kind)
  if not tonumber(not record.err and record[2] or '') then redis.call('HSET', job, 'timestamp', now) end
end

local prev = 'waiting'
if redis.call('ZREM', delayed, id) == 1 then prev = 'delayed'
elseif redis.call('ZREM', prioritized, id) == 1 then prev = 'prioritized'
elseif redis.call('LREM', active, -1, id) > 0 then prev = 'active'
else redis.call('LREM', wait, 1, id) end
redis.call('DEL', lock)
redis.call('SREM', stalled, id)
redis.call('HSET', job, 'failedReason', reason, 'finishedOn', now)
if reason == 'cancelled' then redis.call('HSET', job, '${FIELDS.cancelled}', now) end
redis.call('ZADD', failed, now, id)
redis.pcall('ZREM', deadlines, id)
local kept = tonumber(redis.call('HGET', meta, 'opts.maxLenEvents') or '') or 10000
redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', 'failed', 'jobId', id, 'failedReason', reason, 'prev', prev)
return 'done'
`;

/** Makes the function that ends jobs. */
export function createEnd(redis: Redis, keys: Keys): (ending: Ending) => Promise<Ended> {
  const script = defineScript(redis, 'aiJobsEnd', END);
  const places = (['completed', 'failed', 'delayed', 'prioritized', 'wait', 'active', 'stalled'] as const).map(keys.of);
  return async ({ jobId, reason, unreadable }) =>
    (await script(
      [keys.job(jobId), keys.lock(jobId), keys.of('events'), keys.of('meta'), keys.deadlines, ...places],
      [jobId, Date.now(), reason, kindOf(jobId), unreadable ? 1 : 0, unreadable?.lock ?? ''],
    )) as Ended;
}
