/**
 * Short ways to write JSON Schemas. Objects are open: answers may get more fields later, and
 * clients ignore those that they do not know.
 */
import type { JsonSchema } from '../kinds/public-schema.ts';

/** A schema by its name in the document. */
export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** An object. A field whose name ends with `?` may be absent. */
export function object(fields: Record<string, JsonSchema>, description?: string): JsonSchema {
  const entries = Object.entries(fields).map(([name, schema]) => [name.replace(/\?$/, ''), schema]);
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(entries),
    required: Object.keys(fields).filter((name) => !name.endsWith('?')),
  };
}

/** A schema that narrows a base schema: both stand in an `allOf`. */
export function narrow(base: string, properties: Record<string, JsonSchema>): JsonSchema {
  return { allOf: [ref(base), { properties }] };
}

/**
 * One of several objects. A field that all have, each with another value, says which. `names`: the
 * schema for each value.
 */
export function oneOf(propertyName: string, names: Record<string, string>, description: string): JsonSchema {
  const mapping = Object.fromEntries(Object.entries(names).map(([value, name]) => [value, ref(name)['$ref']]));
  return { description, oneOf: Object.values(names).map(ref), discriminator: { propertyName, mapping } };
}

/** A text. */
export const text = (description: string): JsonSchema => ({ type: 'string', description });

/** A whole number from 0. */
export const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });

/** A moment (RFC 3339). */
export const time = (description: string): JsonSchema => ({ type: 'string', format: 'date-time', description });

/** An address, relative to this origin. */
export const url = (description: string): JsonSchema => ({ type: 'string', format: 'uri-reference', description });

/** A list. */
export const list = (items: JsonSchema, description?: string): JsonSchema => ({
  type: 'array',
  ...(description !== undefined && { description }),
  items,
});
