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

/** Lets only the operator pass, whose request has the ADMIN_TOKEN as a bearer token. Throws `unauthorized` for others. */
export function checkOperator(c: Context<AppEnv>, adminToken: string | undefined): void {
  checkBearer(c, adminToken, 'ADMIN_TOKEN', "This address is the operator's");
}

/** Lets only requests pass that have a secret as a bearer token (RFC 6750). `variable`: its name. `whose`: in words, for the `unauthorized`. */
export function checkBearer(c: Context<AppEnv>, secret: string | undefined, variable: string, whose: string): void {
  const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (secret !== undefined && shown !== undefined && isEqual(shown, secret)) return;
  const detail =
    secret === undefined ? `${whose}; set ${variable} to open it.` : `${whose}: send Authorization: Bearer with the ${variable}.`;
  throw new ProblemError('unauthorized', detail, BEARER);
}
