/**
 * Rate limits by fixed windows. Admission counts submissions in
 * Redis, for all processes; what is here counts in one process.
 */
import type { Tenant } from '../job/tenant.ts';

/** So many in a window of so many s. */
export type RatePolicy = { name: string; max: number; windowS: number };

/** What of a policy is left to a tenant, and the ms until its window ends. */
export type Allowance = { policy: RatePolicy; allowed: boolean; remaining: number; resetMs: number };

/** A limit that one process keeps for itself. It takes no trip to Redis. */
export type LocalLimit = {
  policy: RatePolicy;
  /** Takes one of the tenant's window. `max`: how many this tenant has, if not as many as all. */
  consume(tenant: Tenant, max?: number): Allowance;
  /** What is left of the tenant's window. It takes nothing. */
  look(tenant: Tenant): Allowance;
};

/** What is left of a policy after so many of a window were used. */
export function allowanceOf(policy: RatePolicy, used: number, resetMs: number): Allowance {
  return { policy, allowed: used <= policy.max, remaining: Math.max(policy.max - used, 0), resetMs };
}

/** Makes a limit. It remembers a tenant until the tenant's window is over. */
export function createLocalLimit(policy: RatePolicy): LocalLimit {
  const windowMs = policy.windowS * 1000;
  /** All windows have the same length, so those that began first end first. */
  const windows = new Map<Tenant, { used: number; until: number }>();

  const open = (tenant: Tenant, now: number) => {
    for (const [other, { until }] of windows) {
      if (until > now) break;
      windows.delete(other);
    }
    const window = { used: 0, until: now + windowMs };
    windows.delete(tenant);
    windows.set(tenant, window);
    return window;
  };

  return {
    policy,
    consume(tenant, max = policy.max) {
      const now = performance.now();
      const known = windows.get(tenant);
      const window = known && known.until > now ? known : open(tenant, now);
      return allowanceOf(max === policy.max ? policy : { ...policy, max }, ++window.used, window.until - now);
    },
    look(tenant) {
      const now = performance.now();
      const { used, until } = windows.get(tenant) ?? { used: 0, until: now + windowMs };
      return until > now ? allowanceOf(policy, used, until - now) : allowanceOf(policy, 0, windowMs);
    },
  };
}
