/** Cancelling: one step that ends a job wherever it is, final against everything that still runs for it. */
import type { Redis } from 'ioredis';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { FIELDS } from './record.ts';

/** What became of the wish: the job is cancelled now, had ended already, or is not there. */
export type Cancelled = 'cancelled' | 'ended' | 'unknown';

/**
 * Takes the job from whichever of BullMQ's places it is in and puts it among the failed, as `cancelled`. The
 * lock goes too, so a worker that runs it can neither complete it nor write to its journal any more. BullMQ's
 * own ways end only active jobs at once (moveToFailed with token 0); a waiting one would wait on to be refused.
 */
const CANCEL = `
local job, lock, events, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local completed, failed, delayed, prioritized, wait, active, stalled = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local id, now = ARGV[1], ARGV[2]
if not redis.call('HGET', job, 'name') then return 'unknown' end
if redis.call('ZSCORE', completed, id) or redis.call('ZSCORE', failed, id) then return 'ended' end

local prev = 'waiting'
if redis.call('ZREM', delayed, id) == 1 then prev = 'delayed'
elseif redis.call('ZREM', prioritized, id) == 1 then prev = 'prioritized'
elseif redis.call('LREM', active, -1, id) > 0 then prev = 'active'
else redis.call('LREM', wait, 1, id) end
redis.call('DEL', lock)
redis.call('SREM', stalled, id)
redis.call('HSET', job, 'failedReason', 'cancelled', 'finishedOn', now, '${FIELDS.cancelled}', now)
redis.call('ZADD', failed, now, id)
redis.call('XADD', events, 'MAXLEN', '~', redis.call('HGET', meta, 'opts.maxLenEvents') or 10000, '*', 'event', 'failed', 'jobId', id, 'failedReason', 'cancelled', 'prev', prev)
return 'cancelled'
`;

/** Makes the function that cancels jobs. */
export function createCancel(redis: Redis, keys: Keys): (jobId: string) => Promise<Cancelled> {
  const script = defineScript(redis, 'aiJobsCancel', CANCEL);
  const places = (['completed', 'failed', 'delayed', 'prioritized', 'wait', 'active', 'stalled'] as const).map(keys.of);
  return async (jobId) =>
    (await script([keys.job(jobId), keys.lock(jobId), keys.of('events'), keys.of('meta'), ...places], [jobId, Date.now()])) as Cancelled;
}
