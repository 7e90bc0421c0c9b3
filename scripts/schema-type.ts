/**
 * Prints a JSON Schema as a flat TypeScript type, so that who uses the type needs no schema
 * library.
 */
import type { JsonSchema } from '../src/kinds/public-schema.ts';

/**
 * The type. Descriptions of fields become their docstrings. A reference becomes the last part of
 * its address.
 */
export function typeOf(schema: JsonSchema): string {
  const { $ref, type, enum: values, const: value, anyOf, prefixItems, items } = schema;
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (value !== undefined) return literal(value);
  if (Array.isArray(values)) return values.map(literal).join(' | ');
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map(typeOf).join(' | ');
  switch (type) {
    case 'string':
    case 'boolean':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array': {
      if (Array.isArray(prefixItems)) return `[${(prefixItems as JsonSchema[]).map(typeOf).join(', ')}]`;
      const inner = typeOf((items ?? {}) as JsonSchema);
      return /[|&]/.test(inner) && !inner.startsWith('{') ? `(${inner})[]` : `${inner}[]`;
    }
    case 'object':
      return objectType(schema);
    default:
      return 'unknown';
  }
}

function objectType({ properties, required = [], additionalProperties }: JsonSchema): string {
  if (properties === undefined) return 'Record<string, unknown>';
  const fields = Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => {
    const isNeeded = (required as string[]).includes(name);
    return `${docstring(schema)}${name}${isNeeded ? '' : '?'}: ${typeOf(schema)}${isNeeded ? '' : ' | undefined'}`;
  });
  // Of an input that takes further fields as they are.
  const isLoose =
    typeof additionalProperties === 'object' && additionalProperties !== null && Object.keys(additionalProperties).length === 0;
  if (fields.length === 0) return 'Record<string, unknown>';
  return `{ ${[...fields, ...(isLoose ? ['[field: string]: unknown'] : [])].join('; ')} }`;
}

/** The docstring for what a schema describes; '' for none. */
export function docstring({ description }: JsonSchema): string {
  return typeof description === 'string' ? `\n/** ${description.replaceAll('*/', '*\\/')} */\n` : '';
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
