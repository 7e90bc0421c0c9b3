/** The headers Cancel-After and Start-Within: how long a job may take, waiting included, and within what time it must begin. */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import { LOOK_MS } from '../jobs/deadlines.ts';
import type { AppEnv } from './env.ts';

const UNITS = { h: 3_600_000, m: 60_000, s: 1000 };
const MAX_MS = 24 * UNITS.h;

/** Reads both, in ms; undefined where there is no header. They count from when the job is admitted, by Redis' clock. */
export function deadlinesOf(c: Context<AppEnv>): { cancelAfterMs: number | undefined; startWithinMs: number | undefined } {
  const duration = (name: string) => parseDuration(name, c.req.header(name));
  return { cancelAfterMs: duration('Cancel-After'), startWithinMs: duration('Start-Within') };
}

/** Reads `90`, `60s`, `5m` or `1h30m` as ms; undefined where there is no header. `name`: the header's, for the error. */
export function parseDuration(name: string, header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?$/.exec(text) ?? [];
  const ms = Number(hours) * UNITS.h + Number(minutes) * UNITS.m + Number(seconds) * UNITS.s;
  if (text === '' || ms < LOOK_MS || ms > MAX_MS) {
    throw new ProblemError('invalid_input', `${name} must be a time from 1s to 24h, such as 60s, 5m or 1h30m.`);
  }
  return ms;
}
