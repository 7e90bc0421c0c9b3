/**
 * Rate limits as clients see them: the headers of draft-ietf-httpapi-ratelimit-headers, and 429.
 */
import type { Context } from 'hono';
import type { Allowance, LocalLimit } from '../jobs/rate-limit.ts';
import { tooFast } from '../jobs/refusal.ts';
import { setHeaders } from './answer.ts';
import type { AppEnv } from './context.ts';

/** Sets the headers that say how much of a limit is left; none if the limit was not asked. */
export function setAllowance(c: Context<AppEnv>, allowance: Allowance | undefined): void {
  if (!allowance) return;
  const { name, max, windowS } = allowance.policy;
  setHeaders(c, {
    'RateLimit-Policy': `"${name}";q=${max};w=${windowS}`,
    RateLimit: `"${name}";r=${allowance.remaining};t=${Math.ceil(allowance.resetMs / 1000)}`,
  });
}

/**
 * Counts a request for a limit that the process keeps, by who holds what it uses. The headers come
 * with the 429 only.
 * @throws ProblemError `rate_limited` if there were too many
 */
export function consumeLocal(c: Context<AppEnv>, limit: LocalLimit): void {
  const allowance = limit.consume(c.get('holder'));
  if (allowance.allowed) return;
  setAllowance(c, allowance);
  throw tooFast(limit.policy, allowance.resetMs);
}
