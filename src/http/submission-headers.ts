/**
 * The headers of a submission: Idempotency-Key, and Cancel-After and Start-Within, which a retry
 * may have, too.
 */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import { SWEEP_MS } from '../jobs/deadlines.ts';
import type { AppEnv } from './context.ts';

/** The longest key, in characters. */
const MAX_KEY_LENGTH = 255;

/**
 * The idempotency key of a submission (draft-ietf-httpapi-idempotency-key-header): requests with
 * the same key give the same job. Undefined if the client sent none. User and kind are parts of it,
 * so it is another one for each user and kind.
 * @throws ProblemError `invalid_input` if the header can't be read
 */
export function idempotencyKey(c: Context<AppEnv>, kind: string, owner: string | undefined): readonly unknown[] | undefined {
  const header = c.req.header('idempotency-key');
  return header === undefined ? undefined : [owner ?? null, kind, parseKey(header)];
}

/**
 * Reads a key. It is a Structured Field string (RFC 9651); without its quotes it is the same key.
 */
function parseKey(header: string): string {
  const quoted = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(header)?.[1]?.replace(/\\(["\\])/g, '$1');
  const key = quoted ?? header;
  if (key === '' || key.length > MAX_KEY_LENGTH || (quoted === undefined && !/^[\x21\x23-\x7e]+$/.test(header))) {
    throw new ProblemError(
      'invalid_input',
      `The Idempotency-Key must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters, such as a UUID, bare or in double quotes.`,
    );
  }
  return key;
}

const UNITS = { h: 3_600_000, m: 60_000, s: 1000 };
const MAX_MS = 24 * UNITS.h;

/**
 * Reads both, in ms; undefined where there is no header. They count from when the job is admitted,
 * by Redis' clock.
 */
export function deadlinesOf(c: Context<AppEnv>): { cancelAfterMs: number | undefined; startWithinMs: number | undefined } {
  const duration = (name: string) => parseDuration(name, c.req.header(name));
  return { cancelAfterMs: duration('Cancel-After'), startWithinMs: duration('Start-Within') };
}

/**
 * Reads `90`, `60s`, `5m` or `1h30m` as ms; undefined where there is no header. `name`: the
 * header's, for the error.
 */
export function parseDuration(name: string, header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?$/.exec(text) ?? [];
  const ms = Number(hours) * UNITS.h + Number(minutes) * UNITS.m + Number(seconds) * UNITS.s;
  if (text === '' || ms < SWEEP_MS || ms > MAX_MS) {
    throw new ProblemError('invalid_input', `${name} must be a time from 1s to 24h, such as 60s, 5m or 1h30m.`);
  }
  return ms;
}
