/**
 * Reads when a vendor wants to be asked again, from the headers of its answer and from its body.
 */
import { parseJson } from '../../src/job/parse-json.ts';
import { answeredAt, readRetryAfter } from '../../src/job/retry-after.ts';

/** A header by its name in lower case. */
type HeaderMap = ReadonlyMap<string, string>;

/**
 * How long to wait, in ms; undefined if the vendor does not say it. What it asks for outright
 * counts first: `retry-after-ms`, `Retry-After` (RFC 9110, section 10.2.3), or the same in the
 * body. Else it is when a rate limit that is used up is filled again, or what a message says.
 * Moments are reckoned from the answer's own `Date`.
 */
export function retryDelayMs(headers: Headers | undefined, body: unknown): number | undefined {
  const outer: HeaderMap = new Map(headers ? [...headers] : []);
  const now = answeredAt(outer.get('date'));
  const found: Found = { asked: [], headers: [], messages: [] };
  if (typeof body === 'string') found.messages.push(body.slice(0, 2000));
  else collect(body, found, 0);
  const maps = [outer, ...found.headers];
  const ways = [
    () => maps.map((map) => askedOutright(map, now)).find((ms) => ms !== undefined),
    () => found.asked.map((text) => toMs(text, now)).find((ms) => ms !== undefined),
    () => longest(maps.flatMap((map) => resetsOf(map, now))),
    () => found.messages.map((text) => toMs(IN_WORDS.exec(text)?.[1], now)).find((ms) => ms !== undefined),
  ];
  for (const way of ways) {
    const ms = way();
    if (ms !== undefined) return Math.max(ms, 0);
  }
  return undefined;
}

const MS = 'ms';

function askedOutright(headers: HeaderMap, now: number): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? headers.get('x-ms-retry-after-ms') ?? Number.NaN);
  if (ms >= 0) return ms;
  const text = headers.get('retry-after');
  if (/^\d{9,}/.test(text ?? '')) return toMs(text, now); // no number of seconds, but a moment
  return readRetryAfter({ 'retry-after': text, date: headers.get('date') }) ?? toMs(text, now);
}

/**
 * The name of a header that says when a rate limit is filled again: `x-ratelimit-reset-tokens`,
 * `anthropic-ratelimit-requests-reset`, `x-ratelimit-reset`.
 */
const RESET = /^((?:x-|anthropic-)?ratelimit-)(?:reset-(.+)|(.+)-reset|reset)$/;

/**
 * When each rate limit that is used up is filled again. A limit without a name that does not say
 * what remains is taken as used up.
 */
function resetsOf(headers: HeaderMap, now: number): number[] {
  return [...headers].flatMap(([name, value]) => {
    const [matched, head = '', behind, before] = RESET.exec(name) ?? [];
    if (matched === undefined) return [];
    const what = behind ?? before;
    const remaining = headers.get(
      what === undefined ? `${head}remaining` : behind === undefined ? `${head}${what}-remaining` : `${head}remaining-${what}`,
    );
    const isUsedUp = remaining === undefined ? what === undefined : Number(remaining) <= 0;
    const ms = isUsedUp ? toMs(value, now) : undefined;
    return ms === undefined ? [] : [ms];
  });
}

function longest(all: number[]): number | undefined {
  return all.length === 0 ? undefined : Math.max(...all);
}

/** What a message says to a reader: "Please try again in 6m0s." */
const IN_WORDS = /\b(?:try again|retry)\s+(?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:milliseconds?|seconds?|minutes?|hours?|ms|s|m|h|d)?\s*)+)/i;

type Found = { asked: string[]; headers: HeaderMap[]; messages: string[] };

/** How deep a body is looked into. */
const MAX_DEPTH = 8;

function collect(value: unknown, found: Found, depth: number): void {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const name = key.toLowerCase().replaceAll(/[_-]/g, '');
    if (name === 'headers' && typeof inner === 'object' && inner !== null) {
      found.headers.push(new Map(Object.entries(inner).map(([header, text]) => [header.toLowerCase(), String(text)])));
    } else if (/^retry(?:delay|after|aftersec|afterseconds|afterms)$/.test(name)) {
      const text = durationText(inner);
      if (text !== undefined) found.asked.push(name.endsWith(MS) ? `${text}${MS}` : text);
    } else if (typeof inner === 'string' && /^(?:message|msg|detail|error|raw)$/.test(name)) {
      found.messages.push(inner.slice(0, 2000));
      if (/^\s*[{[]/.test(inner)) collect(parseJson(inner), found, depth + 1);
    } else collect(inner, found, depth + 1);
  }
}

/** A duration as its text, also where it is an object of seconds and nanoseconds. */
function durationText(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  const { seconds = 0, nanos = 0 } = (value ?? {}) as { seconds?: unknown; nanos?: unknown };
  const total = Number(seconds) + Number(nanos) / 1e9;
  return total > 0 ? String(total) : undefined;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)\s*(milliseconds?|seconds?|minutes?|hours?|ms|s|m|h|d)/gi;

/** Numbers from here on are a moment, in seconds or in milliseconds since the epoch. */
const EPOCH_S = 1e9;
const EPOCH_MS = 1e11;

/**
 * Reads a time: a number of seconds, a duration such as `6m0s`, a moment in seconds or milliseconds
 * since the epoch, or a date.
 */
function toMs(text: string | undefined, now: number): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return undefined;
  if (/^[-+]?\d+(?:\.\d+)?$/.test(trimmed)) {
    const value = Number(trimmed);
    if (value >= EPOCH_MS) return value - now;
    return value >= EPOCH_S ? value * 1000 - now : value * 1000;
  }
  if (trimmed.replaceAll(PART, '').trim() === '') {
    return [...trimmed.matchAll(PART)].reduce((sum, [, count, unit = '']) => {
      const short = /^(?:ms|milli)/i.test(unit) ? MS : unit[0]?.toLowerCase();
      return sum + Number(count) * (UNITS[short ?? ''] ?? 0);
    }, 0);
  }
  const date = Date.parse(trimmed);
  return Number.isNaN(date) ? undefined : date - now;
}
