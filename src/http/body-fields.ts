/** The fields of a body beside what a kind asks for: `null` for an optional one is as if it were absent, and unknown ones are named, not refused. */
import type { z } from 'zod';

/** How many names are told, and how many characters of each. */
const MAX_NAMES = 20;
const MAX_NAME_LENGTH = 64;

/** The values without those that are `null` where the schema does not demand the field: many clients write so what they don't have. */
export function withoutNulls(values: Record<string, unknown>, { shape }: z.ZodObject): Record<string, unknown> {
  const isAbsent = ([name, value]: [string, unknown]): boolean =>
    value === null && Object.hasOwn(shape, name) && (shape[name] as z.ZodType).safeParse(undefined).success;
  const entries = Object.entries(values);
  return entries.some(isAbsent) ? Object.fromEntries(entries.filter((entry) => !isAbsent(entry))) : values;
}

/** The names of fields that a schema does not know. `within`: the field that the values are of, which then stands before each name. */
export function unknownFields(values: object, { shape }: z.ZodObject, within?: string): string[] {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(shape, name));
  return unknown.map((name) => (within === undefined ? name : `${within}.${name}`));
}

/** So many of the names, and so much of each, as is kept with a job and told; undefined if there are none. */
export function toldNames(names: readonly string[]): string[] | undefined {
  if (names.length === 0) return undefined;
  return names.slice(0, MAX_NAMES).map((name) =>
    name
      .replaceAll(/\p{Cc}/gu, '\ufffd')
      .slice(0, MAX_NAME_LENGTH)
      .toWellFormed(),
  );
}
