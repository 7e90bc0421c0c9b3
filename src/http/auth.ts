/** Who calls, and whose jobs they may see. */
import { createMiddleware } from 'hono/factory';
import type { Snapshot } from '../jobs/event.ts';
import { ProblemError } from '../jobs/problem.ts';
import type { AppEnv } from './env.ts';

/** A user's id: any visible text of up to 256 characters. */
export const USER_ID = /^[^\p{Cc}]{1,256}$/u;

/** Takes the `user-id` header for who calls: it is believed, so in production a gateway must set it. */
export const identify = createMiddleware<AppEnv>(async (c, next) => {
  const user = c.req.header('user-id')?.trim();
  if (user !== undefined && user !== '' && !USER_ID.test(user)) {
    throw new ProblemError('invalid_input', 'The user-id header must be 1 to 256 visible characters.');
  }
  c.set('user', user || undefined);
  await next();
});

/**
 * Whether a caller may see a job. Nobody is authenticated here, so a request that names no user may read by
 * the job's unguessable id, as the first clients do; one that names another user may not.
 */
export function maySee(user: string | undefined, { owner }: Snapshot): boolean {
  return user === undefined || owner === undefined || user === owner;
}
