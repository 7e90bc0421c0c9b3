/** Rate limits: fixed windows counted in Redis for all processes, and in each process while Redis is away. */
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Tenant } from '../jobs/tenant.ts';
import type { Keys } from './keys.ts';

/** So many in a window of so many s. */
export type RatePolicy = { name: string; max: number; windowS: number };

/** What of a policy is left to a tenant, and the ms until its window ends. */
export type Allowance = { allowed: boolean; remaining: number; resetMs: number };

/** A policy being kept. */
export type RateLimit = {
  policy: RatePolicy;
  /** Takes one. */
  take(tenant: Tenant): Promise<Allowance>;
  /** Gives one back: it was no new one. */
  giveBack(tenant: Tenant): Promise<void>;
};

/** A limit that all processes share through Redis. */
export function createSharedLimit(redis: Redis, keys: Keys, policy: RatePolicy): RateLimit {
  const { max: points, windowS: duration } = policy;
  const options = { points, duration, keyPrefix: keys.rate(policy.name) };
  const insuranceLimiter = new RateLimiterMemory(options);
  return keep(policy, new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter }));
}

/** A limit that each process keeps for itself: it costs no trip. */
export function createLocalLimit(policy: RatePolicy): RateLimit {
  return keep(policy, new RateLimiterMemory({ points: policy.max, duration: policy.windowS }));
}

function keep(policy: RatePolicy, limiter: RateLimiterRedis | RateLimiterMemory): RateLimit {
  return {
    policy,
    async take(tenant) {
      try {
        return toAllowance(true, await limiter.consume(tenant));
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return toAllowance(false, refused); // not an Error: that is how it says no
        throw refused;
      }
    },
    async giveBack(tenant) {
      await limiter.reward(tenant);
    },
  };
}

function toAllowance(allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Allowance {
  return { allowed, remaining: Math.max(remainingPoints, 0), resetMs: msBeforeNext };
}
