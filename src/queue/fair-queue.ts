/** Turns: who is next among all users' waiting jobs, by start tags, without counting anything that has to be counted down. */
import type { Redis } from 'ioredis';
import type { Tenant } from '../job/tenant.ts';
import { defineScript } from './connection.ts';
import type { Keys } from './keys.ts';
import { orMend } from './mend.ts';
import { FIELDS } from './record.ts';

/** The lowest priority BullMQ takes; jobs past it keep the order they came in. It takes as many rounds without an empty queue to get there. */
export const MAX_TAG = 2_097_151;

/**
 * Lua: start-time fair queueing (Goyal, Vin and Cheng, 1996). A job's tag is BullMQ's priority: one more than the
 * virtual time, or than its tenant's last tag if that is higher. The virtual time is the highest tag that was ever
 * served, or stands at the head of what waits (a score there is the priority times 2^32 plus a counter). Once
 * nothing waits, runs, is put off or on its way, all start over. Expects these names to be keys.
 */
export const NEXT_TURN = `
local function nextTurn(tenant, weight)
  local head = redis.call('ZRANGE', prioritized, 0, 0, 'WITHSCORES')[2]
  if not head and redis.call('EXISTS', wait, delayed, active, coming) == 0 then redis.call('DEL', turns) end
  local time = math.max(math.floor((head or 0) / 0x100000000), tonumber(redis.call('ZSCORE', turns, '*') or 0))
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', time)
  redis.call('ZADD', turns, time, '*')
  local start = math.max(time, tonumber(redis.call('ZSCORE', turns, tenant) or 0))
  redis.call('ZADD', turns, start + 1 / weight, tenant)
  return math.min(math.floor(start) + 1, ${MAX_TAG})
end
`;

const QUEUE_AGAIN = `
local turns, prioritized, wait, delayed, active, coming, job = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
${NEXT_TURN}
${orMend({ turns: 'zset', coming: 'zset' }, `redis.call('HSET', job, 'priority', nextTurn(ARGV[1], 1), '${FIELDS.ready}', ARGV[2])`)}
`;

/** What a worker tells of the jobs it takes. */
export type FairQueue = {
  /** A job with this tag has had its turn; one that is merely put off has not. */
  served(tag: number): Promise<void>;
  /**
   * A job is about to be delayed until `readyAt`, in ms since the epoch (now by default): when it comes back it takes its tenant's next turn,
   * or a burst that is put off would return before all others.
   */
  requeue(jobId: string, tenant: Tenant, readyAt?: number): Promise<void>;
};

/** Makes the worker's side of turns. */
export function createFairQueue(redis: Redis, keys: Keys): FairQueue {
  const script = defineScript(redis, 'aiJobsQueueAgain', QUEUE_AGAIN);
  const places = (['prioritized', 'wait', 'delayed', 'active'] as const).map(keys.of);
  return {
    served: async (tag) => void (await redis.zadd(keys.turns, 'GT', tag, '*')),
    requeue: async (jobId, tenant, readyAt = Date.now()) =>
      void (await script([keys.turns, ...places, keys.coming, keys.job(jobId)], [tenant, readyAt])),
  };
}
