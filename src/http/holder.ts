/** For whom it counts what a request holds, and what waits of its answer. */
import type { Context } from 'hono';
import type { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';

/** How much of an answer may have to wait, in bytes: a piece of a file. */
const ROOM_BYTES = 256 * 1024;

/**
 * Sets for whom a request counts. Returns why it must not go on, if so much of that holder's
 * answers waits unread that there is no room for one more.
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
