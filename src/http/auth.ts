/** Who calls, and whose jobs they may see. */
import type { Context } from 'hono';
import { z } from 'zod';
import type { Snapshot } from '../job/snapshot.ts';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './env.ts';
import { isEqual } from './constant-time.ts';

const BEARER = { headers: { 'WWW-Authenticate': 'Bearer' } };

const USER_ID = /^[^\p{Cc}]{1,256}$/u;
const EXPECTED = 'must be 1 to 256 visible characters';

/** A user's id without spaces around it and in Unicode's NFC: it is the same however it was sent. */
const normalize = (text: string): string => text.trim().normalize('NFC');

/** A user's id: 1 to 256 characters without control characters. */
export const userId = z.string().transform(normalize).pipe(z.string().regex(USER_ID, EXPECTED));

/**
 * The caller, from the `user-id` header; undefined if there is none. The header is trusted, so in production a gateway must set it.
 * @throws ProblemError `invalid_input` if it is no user's id
 */
export function callerOf(c: Context<AppEnv>): string | undefined {
  const header = c.req.header('user-id');
  if (header === undefined || header.trim() === '') return undefined;
  const user = normalize(fromLatin1(header));
  if (!USER_ID.test(user)) throw new ProblemError('invalid_input', `The user-id header ${EXPECTED}.`);
  return user;
}

/** The answer to a request that needs an identity and has none. */
export function unauthorized(): ProblemError {
  return new ProblemError('unauthorized', 'Say who you are: send the user-id header (behind a gateway, the gateway sets it).', BEARER);
}

/** Decodes a header as UTF-8. Node hands over each byte as one character; clients send letters outside of ASCII as UTF-8. */
function fromLatin1(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  } catch {
    return text;
  }
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
