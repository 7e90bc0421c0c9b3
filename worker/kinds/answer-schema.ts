/**
 * The schemas of structured answers, each made once: a kind asks for the same few again and again,
 * and what a vendor makes of a schema it keeps by the schema.
 */
import { z } from 'zod';

/**
 * By the names of fields and lists. The types behind the names
 * are those of the last kind that used them.
 */
const made = new Map<string, { types: readonly z.ZodType[]; schema: z.ZodObject }>();

/** The schema of an answer with these fields, and lists of these items. */
export function answerSchema(fields: Readonly<Record<string, z.ZodType>>, items: Readonly<Record<string, z.ZodType>>): z.ZodObject {
  const names = JSON.stringify([Object.keys(fields), Object.keys(items)]);
  const types = [...Object.values(fields), ...Object.values(items)];
  const known = made.get(names);
  if (known && types.every((type, n) => type === known.types[n])) return known.schema;
  const lists = Object.entries(items).map(([name, item]) => [name, z.array(item)] as const);
  const schema = z.strictObject({ ...fields, ...Object.fromEntries(lists) });
  made.set(names, { types, schema });
  return schema;
}
