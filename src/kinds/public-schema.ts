/**
 * Input and result of a kind as clients know them, in JSON Schema (2020-12). Documents and the
 * client's types are made of them.
 */
import { z } from 'zod';
import type { FileField, Kind } from './kind.ts';

/** A JSON Schema. */
export type JsonSchema = { [keyword: string]: unknown };

/** The schemas of a kind. */
export type PublicSchemas = {
  /** What is sent as JSON. A file is base64 in it, or a data URI. */
  input: JsonSchema;
  /** A finished job's `result`. */
  result: JsonSchema;
  /** An item's `value`, by the list that it belongs to. */
  items: Record<string, JsonSchema>;
};

/**
 * Makes the schemas. Answers are open, because later versions may add fields. Addresses stand in
 * the place of markers.
 */
export function publicSchemas({ input, files = {}, result, lists = [] }: Kind): PublicSchemas {
  const sent = toJson(input, 'input');
  const fileSchemas = Object.entries(files).map(([field, file]) => [
    field,
    { type: 'string', contentEncoding: 'base64', description: `${describeFile(file)} Base64, or a data URI.` },
  ]);
  const given = open(toJson(result, 'output'));
  return {
    input: {
      ...sent,
      properties: { ...Object.fromEntries(fileSchemas), ...(sent['properties'] as object) },
      required: [...Object.keys(files), ...((sent['required'] as string[] | undefined) ?? [])],
    },
    result: given,
    items: Object.fromEntries(lists.map((list) => [list, itemOf(given, list)])),
  };
}

/** What a file is, and the types that are taken. */
export const describeFile = ({ summary = 'a file', types }: FileField): string => `${summary}: ${types.join(', ')}.`;

/** Prints a schema without the range of safe integers and the draft, which zod adds. */
function toJson(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io }) as JsonSchema;
  return walk(rest, (node) => {
    const { minimum, maximum, ...others } = node;
    const least = minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum };
    const most = maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum };
    return { ...others, ...('minimum' in node && least), ...('maximum' in node && most) };
  });
}

const URL_SCHEMA: JsonSchema = { type: 'string', format: 'uri-reference' };

/**
 * The schema of an answer: fields may be added, `output` is sent as `outputUrl`, a child has its
 * addresses.
 */
function open(schema: JsonSchema): JsonSchema {
  return walk(schema, (closed) => {
    const { additionalProperties: _, ...node } = closed;
    const properties = node['properties'] as Record<string, JsonSchema> | undefined;
    if (!properties) return node;
    const required = (node['required'] as string[] | undefined) ?? [];
    if ('output' in properties) {
      const { output: __, ...others } = properties;
      return {
        ...node,
        properties: { outputUrl: URL_SCHEMA, ...others },
        required: required.map((name) => (name === 'output' ? 'outputUrl' : name)),
      };
    }
    const { child } = properties;
    if (!child) return node;
    const addresses = { statusUrl: URL_SCHEMA, streamUrl: URL_SCHEMA };
    const whole = {
      ...child,
      properties: { ...(child['properties'] as object), ...addresses },
      required: ['jobId', ...Object.keys(addresses)],
    };
    return { ...node, properties: { ...properties, child: whole } };
  });
}

/** Maps every object schema in a schema, the inner ones first. */
function walk(schema: JsonSchema, map: (node: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    return typeof value === 'object' && value !== null ? walk(value as JsonSchema, map) : value;
  };
  return map(Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inner(value)])));
}

/** The schema of a list's items, wherever in the result the list is. */
function itemOf(schema: JsonSchema, list: string): JsonSchema {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const own = properties[list];
  if (own?.['items']) return own['items'] as JsonSchema;
  for (const property of Object.values(properties)) {
    const found = itemOf(property, list);
    if (Object.keys(found).length > 0) return found;
  }
  return {};
}
