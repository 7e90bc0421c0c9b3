/** Sets the tenant for whom a request's holds and its unsent answer count. */
import type { Context } from 'hono';
import type { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';

/** How much of an answer may wait unsent, in bytes: a piece of a file. */
const ROOM_BYTES = 256 * 1024;

/**
 * Sets the holder of a request. Returns the problem that refuses it if the holder's unread answers
 * leave no room for one more.
 */
export function setHolder(
  c: Context<AppEnv>,
  { shares, countFor }: Pick<AppDeps, 'shares' | 'countFor'>,
  holder: Tenant,
): ProblemError | undefined {
  c.set('holder', holder);
  countFor(c.env, holder);
  return shares.answers.refusal(holder, ROOM_BYTES);
}
