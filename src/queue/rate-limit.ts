/** Rate limits: fixed windows counted in Redis for all processes, and in each process while Redis is away. */
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Tenant } from '../job/tenant.ts';
import { unavailable } from './redis-connection.ts';
import type { Keys } from './keys.ts';

/** So many in a window of so many s. */
export type RatePolicy = { name: string; max: number; windowS: number };

/** What of a policy is left to a tenant, and the ms until its window ends. */
export type Allowance = { allowed: boolean; remaining: number; resetMs: number };

/** A policy being kept. */
export type RateLimit = {
  policy: RatePolicy;
  /** Takes one; rejects with `queue_unavailable` where Redis is away and this process would let it pass. */
  consume(tenant: Tenant): Promise<Allowance>;
  /** Gives one back: it was no new one. */
  refund(tenant: Tenant): Promise<void>;
};

/** A limit that all processes share through Redis. */
export function createSharedLimit(redis: Redis, keys: Keys, policy: RatePolicy): RateLimit {
  const options = { points: policy.max, duration: policy.windowS };
  const shared = new RateLimiterRedis({ ...options, keyPrefix: keys.rate(policy.name), storeClient: redis, rejectIfRedisNotReady: true });
  const local = new RateLimiterMemory(options);
  return {
    policy,
    async consume(tenant) {
      try {
        return await consumeFrom(shared, tenant);
      } catch (error) {
        const allowance = await consumeFrom(local, tenant);
        // What passes here needs Redis next; waiting for it a second time would be more than a second.
        if (allowance.allowed) throw unavailable(error);
        return allowance;
      }
    },
    async refund(tenant) {
      await shared.reward(tenant).catch(() => {}); // it counts one too many, for a window
    },
  };
}

/** A limit that each process keeps for itself: it costs no trip. */
export function createLocalLimit(policy: RatePolicy): RateLimit {
  const limiter = new RateLimiterMemory({ points: policy.max, duration: policy.windowS });
  return {
    policy,
    consume: (tenant) => consumeFrom(limiter, tenant),
    refund: async (tenant) => void (await limiter.reward(tenant)),
  };
}

async function consumeFrom(limiter: RateLimiterRedis | RateLimiterMemory, tenant: Tenant): Promise<Allowance> {
  try {
    return toAllowance(true, await limiter.consume(tenant));
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return toAllowance(false, refused); // not an Error: that is how it says no
    throw refused;
  }
}

function toAllowance(allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Allowance {
  return { allowed, remaining: Math.max(remainingPoints, 0), resetMs: msBeforeNext };
}
