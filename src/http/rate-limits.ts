/** Rate limits as clients see them: the headers of draft-ietf-httpapi-ratelimit-headers, and 429. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { ProblemError } from '../job/problem.ts';
import { type Tenant, tenantOf } from '../job/tenant.ts';
import type { Allowance, RateLimit, RatePolicy } from '../queue/rate-limit.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { answerRetryLater, wantsStream } from './watch.ts';

/** Takes one of a tenant's submissions and says in the headers what is left; throws `rate_limited` where nothing is. */
export async function consume(c: Context<AppEnv>, limit: RateLimit, tenant: Tenant): Promise<void> {
  const allowance = await limit.consume(tenant);
  if (!allowance.allowed) throw tooFast(limit.policy, allowance);
  for (const [name, value] of Object.entries(headersOf(limit.policy, allowance))) c.header(name, value);
}

/** Holds all requests to the reads' policy, which is so wide that only a client gone wild meets it; its headers come with the 429 alone. */
export function limitReads({ limits: { read }, addressOf }: AppDeps) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const allowance = await read.consume(tenantOf(c.var.user, addressOf(c)));
    if (allowance.allowed) return next();
    if (wantsStream(c) && c.req.method === 'GET') return answerRetryLater(c, allowance.resetMs);
    throw tooFast(read.policy, allowance);
  });
}

function tooFast(policy: RatePolicy, allowance: Allowance): ProblemError {
  return new ProblemError(
    'rate_limited',
    `More than ${policy.max} requests of this sort in ${policy.windowS} s; go on when Retry-After says.`,
    { retryAfterMs: Math.max(allowance.resetMs, 1), headers: headersOf(policy, allowance) },
  );
}

function headersOf({ name, max, windowS }: RatePolicy, { remaining, resetMs }: Allowance): Record<string, string> {
  return {
    'RateLimit-Policy': `"${name}";q=${max};w=${windowS}`,
    RateLimit: `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
  };
}
