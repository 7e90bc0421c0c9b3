/** Idempotency keys (draft-ietf-httpapi-idempotency-key-header): the same request twice is one job. */
import type { Context } from 'hono';
import { digestOf } from '../job/id.ts';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './env.ts';

/** The longest key, in characters. */
const MAX_LENGTH = 255;

/**
 * The key under which a submission is one and the same, or undefined where the client sent none. It is
 * the user's own and the route's: a hash, so that it fits a Redis key whatever the client chose.
 */
export async function idempotencyKey(c: Context<AppEnv>, kind: string, owner: string | undefined): Promise<string | undefined> {
  const header = c.req.header('idempotency-key');
  if (header === undefined) return undefined;
  return digestOf([owner ?? null, kind, parseKey(header)]);
}

/** A key is a Structured Field string (RFC 9651); a bare one is taken for the same. */
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
