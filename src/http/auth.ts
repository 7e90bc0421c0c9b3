/** Who calls, and whose jobs they may see. */
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';
import type { Snapshot } from '../jobs/event.ts';
import { ProblemError } from '../jobs/problem.ts';
import type { AppEnv } from './env.ts';

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
 * Whether a caller may see a job. Nobody is authenticated here, so a request that names no user may read by
 * the job's unguessable id, as the first clients do; one that names another user may not.
 */
export function maySee(user: string | undefined, { owner }: Snapshot): boolean {
  return user === undefined || owner === undefined || user === owner;
}
