/** Turns: who is next among all users' waiting jobs, by start tags, without counting anything that has to be counted down. */
import type { Redis } from 'ioredis';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';

/** The lowest priority BullMQ takes; jobs past it keep the order they came in. It takes as many rounds without an empty queue to get there. */
export const LAST_TURN = 2_097_151;

/**
 * Lua: the virtual time of start-time fair queueing (Goyal, Vin and Cheng, 1996), which is the tag at the
 * head of what waits. BullMQ's priority is the tag: a score there is the priority times 2^32 plus a counter.
 * It never goes back while anything waits, though a job that comes back may stand before the head. With
 * nothing waiting all start over. Expects `turns` and `prioritized` to be keys.
 */
export const VIRTUAL_TIME = `
local function virtualTime()
  local head = redis.call('ZRANGE', prioritized, 0, 0, 'WITHSCORES')[2]
  if not head then
    redis.call('DEL', turns)
    return 0
  end
  local time = math.max(math.floor(head / 0x100000000), tonumber(redis.call('ZSCORE', turns, '*') or 0))
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', time)
  redis.call('ZADD', turns, time, '*')
  return time
end
`;

/** A job keeps its place, or takes the one that is next now if that is nearer: its tag may be from a time before all started over. */
const COME_BACK = `
local turns, prioritized, job = KEYS[1], KEYS[2], KEYS[3]
${VIRTUAL_TIME}
local next = virtualTime() + 1
local own = tonumber(redis.call('HGET', job, 'priority') or 0)
if own > next then redis.call('HSET', job, 'priority', next) end
`;

/** Makes the function that gives a job its place for when it comes back, to be called before it is delayed. */
export function createComeBack(redis: Redis, keys: Keys): (jobId: string) => Promise<void> {
  const script = defineScript(redis, 'aiJobsComeBack', COME_BACK);
  return async (jobId) => void (await script([keys.turns, keys.of('prioritized'), keys.job(jobId)], []));
}
