/** The Cancel-After header: how long a job may take, waiting included. */
import { ProblemError } from '../job/problem.ts';
import { LOOK_MS } from '../queue/deadlines.ts';

const UNITS = { h: 3_600_000, m: 60_000, s: 1000 };
const MAX_MS = 24 * UNITS.h;

/** Reads `90`, `60s`, `5m` or `1h30m` as ms; undefined where there is no header. */
export function parseCancelAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s?)?$/.exec(text) ?? [];
  const ms = Number(hours) * UNITS.h + Number(minutes) * UNITS.m + Number(seconds) * UNITS.s;
  if (text === '' || ms < LOOK_MS || ms > MAX_MS) {
    throw new ProblemError('invalid_input', 'Cancel-After must be a time from 1s to 24h, such as 60s, 5m or 1h30m.');
  }
  return ms;
}
