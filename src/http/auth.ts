/** Who calls, and whose jobs they may see. */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';
import type { Snapshot } from '../job/snapshot.ts';
import { ProblemError } from '../job/problem.ts';
import { digestOf } from '../job/id.ts';
import type { AppDeps, AppEnv } from './env.ts';

const BEARER = { headers: { 'WWW-Authenticate': 'Bearer' } };

/** A user's id, the same however it is sent: trimmed, in Unicode's composed form, up to 256 characters and none of them a control character. */
export const userId = z
  .string()
  .transform((text) => text.trim().normalize('NFC'))
  .pipe(z.string().regex(/^[^\p{Cc}]{1,256}$/u, 'must be 1 to 256 visible characters'));

/** Takes the `user-id` header for who calls: it is believed, so in production a gateway must set it. */
export const identify = createMiddleware<AppEnv>(async (c, next) => {
  const header = c.req.header('user-id');
  if (header !== undefined && header.trim() !== '') {
    const user = userId.safeParse(fromLatin1(header));
    if (!user.success) throw new ProblemError('invalid_input', `The user-id header ${user.error.issues[0]?.message}.`);
    c.set('user', user.data);
  }
  await next();
});

/** What a request is answered that must say who it is from and does not. */
export function unauthorized(): ProblemError {
  return new ProblemError('unauthorized', 'Say who you are: send the user-id header (behind a gateway, the gateway sets it).', BEARER);
}

/** Refuses requests that say nobody, where an identity is needed, before anything else about them is looked at. */
export const requireIdentity = ({ identityRequired }: AppDeps) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (identityRequired && c.var.user === undefined) throw unauthorized();
    await next();
  });

/** Header bytes reach us one a character; clients that send other letters than ASCII send them as UTF-8. */
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
 * Whether a caller may see a job. Who names no user gets here only where no identity is needed, and may then
 * read by the job's unguessable id, as the first clients do; one who names another user may not.
 */
export function maySee(user: string | undefined, { owner }: Snapshot): boolean {
  return user === undefined || owner === undefined || user === owner;
}

/** Lets only the operator pass, who shows the ADMIN_TOKEN as a bearer token (RFC 6750). */
export async function checkOperator(c: Context<AppEnv>, adminToken: string | undefined): Promise<void> {
  const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  // Digests are compared, so that the time it takes says nothing about the token.
  if (adminToken !== undefined && shown !== undefined && (await digestOf(shown)) === (await digestOf(adminToken))) return;
  const detail =
    adminToken === undefined
      ? "This address is the operator's; set ADMIN_TOKEN to open it."
      : "This address is the operator's: send Authorization: Bearer with the ADMIN_TOKEN.";
  throw new ProblemError('unauthorized', detail, BEARER);
}
