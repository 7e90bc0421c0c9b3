/** Who calls, and whose jobs they may see. */
import type { Context } from 'hono';
import type { Identification } from '../identity/caller.ts';
import type { Snapshot } from '../job/snapshot.ts';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './env.ts';
import { isEqual } from './constant-time.ts';

const BEARER = { headers: { 'WWW-Authenticate': 'Bearer' } };

/** The answer to a request that needs an identity and has none. */
export function unauthorized({ advice }: Pick<Identification, 'advice'>): ProblemError {
  return new ProblemError('unauthorized', advice, BEARER);
}

/**
 * Whether a caller may see a job. A caller without a user comes here only where no identity is required, and may read
 * any job whose id it knows, as the first clients do. A caller with a user may see that user's jobs, and jobs without an owner.
 */
export function maySee(user: string | undefined, { owner }: Snapshot): boolean {
  return user === undefined || owner === undefined || user === owner;
}

/** Lets only the operator pass, whose request has the ADMIN_TOKEN as a bearer token (RFC 6750). Throws `unauthorized` for others. */
export function checkOperator(c: Context<AppEnv>, adminToken: string | undefined): void {
  const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (adminToken !== undefined && shown !== undefined && isEqual(shown, adminToken)) return;
  const detail =
    adminToken === undefined
      ? "This address is the operator's; set ADMIN_TOKEN to open it."
      : "This address is the operator's: send Authorization: Bearer with the ADMIN_TOKEN.";
  throw new ProblemError('unauthorized', detail, BEARER);
}
