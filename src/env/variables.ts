/**
 * Types of environment variables, as zod schemas. A message says what is expected and never repeats
 * the value.
 */
import { z } from 'zod';
import { parseJson } from '../job/parse-json.ts';

/** The longest time a timer can be set to, in ms: longer ones fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** A whole number. */
export function wholeNumber(least: number, most: number) {
  const message = `expected a whole number from ${least} to ${most}`;
  return z.coerce.number(message).int(message).min(least, message).max(most, message);
}

/** A time in ms, for a timer. */
export const milliseconds = (fallback: number, least = 1) => wholeNumber(least, MAX_TIMER_MS).default(fallback);

/** A count or a size. */
export const positive = (fallback: number) => wholeNumber(1, 1_000_000_000).default(fallback);

/** Yes or no, with what counts where nothing is said. */
export const flagOr = (fallback: 'true' | 'false') =>
  z
    .enum(['true', 'false', '1', '0'], 'expected true or false')
    .default(fallback)
    .transform((text) => text === 'true' || text === '1');

/** Yes or no; no where nothing is said. */
export const flag = flagOr('false');

/** A password, or anything else that people choose: anything but nothing. */
export const secret = z.string().min(1);

/**
 * A key that a vendor has made. No key has spaces, quotes or characters outside of ASCII: they were
 * copied along from a page or a message. The vendor would refuse such a key only when the first job
 * runs.
 */
export const vendorKey = z
  .string()
  .regex(/^[\x21\x23-\x26\x28-\x5F\x61-\x7E]+$/, 'expected a key without spaces, quotes, invisible characters and bullets');

/** The address of an HTTP server. */
export const httpUrl = z.url({ protocol: /^https?$/ });

/** The entries of a list with commas between them. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

/** JSON of this shape. `expected`: the message for anything else. */
export function json<Schema extends z.ZodType>(schema: Schema, expected: string) {
  return z.string().transform((text, context): z.output<Schema> => {
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}
