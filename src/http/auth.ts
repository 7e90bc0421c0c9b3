/** What a request that names nobody is told, and whose jobs a caller may see. */
import type { Identification } from '../identity/caller.ts';
import type { Snapshot } from '../job/snapshot.ts';
import { ProblemError } from '../job/problem.ts';

/** The headers of a 401 that asks for a bearer token (RFC 6750). */
export const BEARER = { headers: { 'WWW-Authenticate': 'Bearer' } };

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
