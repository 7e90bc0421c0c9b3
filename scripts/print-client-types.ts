/** Prints the types of the client from the kinds' JSON Schemas: `node scripts/print-client-types.ts > client/src/kinds.ts`. */
import { kinds } from '../src/kinds/index.ts';
import type { Kind } from '../src/kinds/kind.ts';
import { type JsonSchema, publicSchemas } from '../src/kinds/public-schema.ts';

/** The methods of the client, by the kinds' names. A new kind gets one here. */
const METHODS: Readonly<Record<string, string>> = {
  'generate-flashcards': 'flashcards',
  'generate-lesson': 'lesson',
  'pronunciation-assess': 'pronunciation',
  'process-image': 'image',
  'generate-audio': 'audio',
};

/** The whole file. */
export function printTypes(all: readonly Kind[]): string {
  const head = `/** What goes in and comes out of each kind. Printed by scripts/print-client-types.ts from the kinds' definitions; do not change it here. */
import type { FileInput } from './files.ts';
`;
  const parts = all.map((kind) => {
    const { input, result, items } = publicSchemas(kind);
    const name = typeName(kind);
    return `/** ${kind.summary} */
export type ${name}Input = ${typeOf(input, Object.keys(kind.files ?? {}))};

/** The result of that. */
export type ${name}Result = ${typeOf(result)};

/** The items of that, by list, as they come. */
export type ${name}Items = ${Object.keys(items).length === 0 ? 'object' : typeOf({ type: 'object', properties: items, required: Object.keys(items) })};
`;
  });
  const entries = all.map((kind) => {
    const name = typeName(kind);
    return `  ${methodOf(kind)}: { input: ${name}Input; result: ${name}Result; items: ${name}Items };`;
  });
  const paths = all.map((kind) => {
    const { name, path, files = {} } = kind;
    return `  ${methodOf(kind)}: { kind: '${name}', path: '${path}', files: ${JSON.stringify(Object.keys(files)).replaceAll('"', "'")} },`;
  });
  return `${head}
${parts.join('\n')}
/** All kinds, by the method that submits them. */
export type Kinds = {
${entries.join('\n')}
};

/** Where each is submitted, and which of its fields are files. */
export const KINDS = {
${paths.join('\n')}
} as const satisfies { [Method in keyof Kinds]: { kind: string; path: string; files: readonly string[] } };
`;
}

function methodOf({ name }: Kind): string {
  const method = METHODS[name];
  if (method === undefined) throw new Error(`${name} has no method in scripts/print-client-types.ts`);
  return method;
}

function typeName(kind: Kind): string {
  const method = methodOf(kind);
  return method.charAt(0).toUpperCase() + method.slice(1);
}

/** A schema as a type. `files`: fields of it that are files. */
function typeOf(schema: JsonSchema, files: readonly string[] = []): string {
  const { type, enum: values, const: value, anyOf, prefixItems, items } = schema;
  if (value !== undefined) return literal(value);
  if (Array.isArray(values)) return values.map(literal).join(' | ');
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).map((one) => typeOf(one)).join(' | ');
  switch (type) {
    case 'string':
    case 'boolean':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array': {
      if (Array.isArray(prefixItems)) return `[${(prefixItems as JsonSchema[]).map((one) => typeOf(one)).join(', ')}]`;
      const inner = typeOf((items ?? {}) as JsonSchema);
      return /[|&]/.test(inner) && !inner.startsWith('{') ? `(${inner})[]` : `${inner}[]`;
    }
    case 'object':
      return objectType(schema, files);
    default:
      return 'unknown';
  }
}

function objectType({ properties, required = [] }: JsonSchema, files: readonly string[]): string {
  if (properties === undefined) return 'Record<string, unknown>';
  const fields = Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => {
    const isNeeded = (required as string[]).includes(name);
    const inner = files.includes(name) ? 'FileInput' : typeOf(schema);
    return `${name}${isNeeded ? '' : '?'}: ${inner}${isNeeded ? '' : ' | undefined'}`;
  });
  return `{ ${fields.join('; ')} }`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

if (import.meta.main) process.stdout.write(printTypes(kinds));
