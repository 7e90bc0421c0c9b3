/** Checks an item that an author wrote. An optional field that can't be used is left out, so that the rest of the item is not lost. */
import { z } from 'zod';

/**
 * Parses an item. Models write null for an optional field that has no value, and some write an empty text or an empty list.
 * Where only optional fields are not valid, the item is parsed without them.
 */
export function parseItem(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  const parsed = schema.safeParse(value);
  if (parsed.success || !(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null) return parsed;
  const faulty = new Set(parsed.error.issues.map(({ path }) => path[0]));
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !(faulty.has(key) && isOptional(schema, key))));
  return schema.safeParse(rest);
}

function isOptional(schema: z.ZodObject, key: string): boolean {
  return schema.shape[key]?.safeParse(undefined).success ?? false;
}
