/** Who calls, and whose jobs they may see. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';
import type { Snapshot } from '../job/snapshot.ts';
import { ProblemError } from '../job/problem.ts';
import { digestOf } from '../job/id.ts';
import type { AppDeps, AppEnv } from './env.ts';

const BEARER = { headers: { 'WWW-Authenticate': 'Bearer' } };

/** A user's id: 1 to 256 characters without control characters. Trimmed and in NFC it is the same however it was sent. */
export const userId = z
  .string()
  .transform((text) => text.trim().normalize('NFC'))
  .pipe(z.string().regex(/^[^\p{Cc}]{1,256}$/u, 'must be 1 to 256 visible characters'));

/** Reads the caller from the `user-id` header. The header is trusted, so in production a gateway must set it. */
export const identify = createMiddleware<AppEnv>(async (c, next) => {
  const header = c.req.header('user-id');
  if (header !== undefined && header.trim() !== '') {
    const user = userId.safeParse(fromLatin1(header));
    if (!user.success) throw new ProblemError('invalid_input', `The user-id header ${user.error.issues[0]?.message}.`);
    c.set('user', user.data);
  }
  await next();
});

/** The answer to a request that needs an identity and has none. */
export function unauthorized(): ProblemError {
  return new ProblemError('unauthorized', 'Say who you are: send the user-id header (behind a gateway, the gateway sets it).', BEARER);
}

/** Refuses requests without a user where an identity is required. It runs before anything else of the request is read. */
export const requireIdentity = ({ identityRequired }: Pick<AppDeps, 'identityRequired'>) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (identityRequired && c.var.user === undefined) throw unauthorized();
    await next();
  });

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
export async function checkOperator(c: Context<AppEnv>, adminToken: string | undefined): Promise<void> {
  const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  // Digests are compared, so that the time of the comparison tells nothing about the token.
  if (adminToken !== undefined && shown !== undefined && (await digestOf(shown)) === (await digestOf(adminToken))) return;
  const detail =
    adminToken === undefined
      ? "This address is the operator's; set ADMIN_TOKEN to open it."
      : "This address is the operator's: send Authorization: Bearer with the ADMIN_TOKEN.";
  throw new ProblemError('unauthorized', detail, BEARER);
}
