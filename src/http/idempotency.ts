/** Idempotency keys (draft-ietf-httpapi-idempotency-key-header): requests with the same key give the same job. */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './env.ts';

/** The longest key, in characters. */
const MAX_LENGTH = 255;

/**
 * The key of a submission, or undefined if the client sent none. User and kind are parts of it, so it is another one for
 * each user and kind.
 * @throws ProblemError `invalid_input` if the header can't be read
 */
export function idempotencyKey(c: Context<AppEnv>, kind: string, owner: string | undefined): readonly unknown[] | undefined {
  const header = c.req.header('idempotency-key');
  return header === undefined ? undefined : [owner ?? null, kind, parseKey(header)];
}

/** Reads a key. It is a Structured Field string (RFC 9651); without its quotes it is the same key. */
function parseKey(header: string): string {
  const quoted = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1');
  const key = quoted ?? header;
  if (key === '' || key.length > MAX_LENGTH || (quoted === undefined && !/^[\x21\x23-\x7e]+$/.test(header))) {
    throw new ProblemError(
      'invalid_input',
      `The Idempotency-Key must be 1 to ${MAX_LENGTH} visible ASCII characters, such as a UUID, bare or in double quotes.`,
    );
  }
  return key;
}
