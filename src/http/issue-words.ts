/**
 * Words mistakes in the fields of a request by what is expected. Messages that a schema words
 * itself stay as they are.
 */
import type { z } from 'zod';

/** An issue of a validation: zod's, or one of ours. */
export type Issue = { path: PropertyKey[]; message: string } & Partial<z.core.$ZodIssue>;

/** How zod begins what it words by itself. */
const BY_ZOD = /^(Invalid|Too (big|small)|Unrecognized)/;

/** The names of types in messages. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object',
  record: 'a JSON object',
};

/** The units of sizes in messages. */
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** Words an issue. */
export function wordsOf(issue: Issue): string {
  const { code, message } = issue;
  if (code === undefined || !BY_ZOD.test(message)) return message;
  switch (code) {
    case 'invalid_type':
      if (message.endsWith('received undefined')) return 'is missing';
      return `must be ${TYPES[issue.expected ?? ''] ?? issue.expected ?? 'something else'}`;
    case 'too_big':
      return `must ${sizeOf(issue)} at most`;
    case 'too_small':
      return `must ${sizeOf(issue)} at least`;
    case 'invalid_value':
      return `must be ${(issue.values ?? []).map((value) => String(value)).join(' or ')}`;
    default:
      return message;
  }
}

/** "be 50", "have 100 characters". */
function sizeOf({ origin, maximum, minimum }: { origin?: string; maximum?: unknown; minimum?: unknown }): string {
  const unit = UNITS[origin ?? ''];
  const size = String(maximum ?? minimum);
  return unit === undefined ? `be ${size}` : `have ${size}${size === '1' ? unit.replace(/ies$/, 'y').replace(/s$/, '') : unit}`;
}
