/** Rate limits as clients see them: the headers of draft-ietf-httpapi-ratelimit-headers, and 429. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { ProblemError } from '../job/problem.ts';
import { tenantOf } from '../job/tenant.ts';
import type { Allowance, RatePolicy } from '../queue/rate-limit.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { answerRetryLater, wantsStream } from './answer-stream.ts';

/** Sets the headers that say how much of a limit is left; none if the limit was not asked. */
export function setAllowance(c: Context<AppEnv>, policy: RatePolicy, allowance: Allowance | undefined): void {
  if (!allowance) return;
  for (const [name, value] of Object.entries(headersOf(policy, allowance))) c.header(name, value);
}

/** Limits all requests by the policy for reads. Only a client with a defect reaches this limit, so its headers come with the 429 only. */
export function limitReads({ limits: { read }, addressOf }: Pick<AppDeps, 'limits' | 'addressOf'>) {
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
