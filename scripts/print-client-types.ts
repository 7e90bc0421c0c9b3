/**
 * Prints the types of the client from the definitions that make the OpenAPI document: `npm run
 * client:types`.
 */
import { writeFileSync } from 'node:fs';
import { kinds } from '../src/kinds/index.ts';
import type { Kind } from '../src/kinds/kind.ts';
import { describeFile, type JsonSchema, publicSchemas } from '../src/kinds/public-schema.ts';
import { CONTRACT_VERSION } from '../src/openapi/contract-version.ts';
import { eventSchemas } from '../src/openapi/event-schemas.ts';
import { jobSchemas } from '../src/openapi/job-schemas.ts';
import { problems } from '../src/job/problem.ts';
import { docstring, typeOf } from './schema-type.ts';

const PRINTED = 'Printed by scripts/print-client-types.ts; do not change it here.';

/** The file of the kinds. */
export function printKinds(all: readonly Kind[]): string {
  const parts = all.map((kind) => {
    const { input, result, items } = publicSchemas(kind);
    const name = typeName(kind);
    return `/** ${kind.summary} */
export type ${name}Input = ${inputType(withFiles(input, kind), kind, all)};

/** The result of that. */
export type ${name}Result = ${typeOf(result)};

/** The items of that, by list, as they come. */
export type ${name}Items = ${Object.keys(items).length === 0 ? 'object' : typeOf({ type: 'object', properties: items, required: Object.keys(items) })};
`;
  });
  const entries = all.map((kind) => {
    const name = typeName(kind);
    return `  ${kind.method}: { input: ${name}Input; result: ${name}Result; items: ${name}Items };`;
  });
  const paths = all.map((kind) => {
    const { name, path, method, files = {} } = kind;
    return `  ${method}: { kind: '${name}', path: '${path}', files: ${sizesOf(files)} },`;
  });
  return `/** What goes in and comes out of each kind. ${PRINTED} */
import type { FileInput } from './files.ts';

/** The version of the HTTP contract that these types are of. A server of this version or a later one knows all of them. */
export const CONTRACT_VERSION = '${CONTRACT_VERSION}';

${parts.join('\n')}
/** All kinds, by the method that submits them. */
export type Kinds = {
${entries.join('\n')}
};

/** Where each is submitted, and its files, each with the most bytes that it may have. */
export const KINDS = {
${paths.join('\n')}
} as const satisfies { [Method in keyof Kinds]: { kind: string; path: string; files: Readonly<Record<string, number>> } };
`;
}

/**
 * The client's types of the shared shapes, by the names of their schemas: the client's name, and
 * fields that it leaves out.
 */
const SHAPES: Readonly<Record<string, { name?: string; without?: readonly string[] }>> = {
  Usage: {},
  Progress: {},
  PausedBy: {},
  Job: { name: 'AnyJobObject', without: ['result', 'items'] }, // those are the kind's
  StatusEvent: {},
  ProgressEvent: { without: ['attempt'] },
  ChildEvent: { without: ['attempt'] },
  AttemptEvent: {},
  ResetEvent: {},
  LiveEvent: {},
  CompletedEvent: { name: 'AnyCompletedEvent', without: ['result'] },
  FailedEvent: {},
  CancelledEvent: {},
};

/** What events have in a stream, and not where the client polls. */
const OF_STREAMS = ['jobId', 'seq'];

/** The file of what all kinds have in common: the job and its events. */
export function printShapes(): string {
  const schemas = { ...jobSchemas, ...eventSchemas };
  const parts = Object.entries(SHAPES).map(([schemaName, { name = schemaName, without = [] }]) => {
    const schema = schemas[schemaName];
    if (!schema) throw new Error(`there is no schema ${schemaName}`);
    const hidden = [...without, ...(schemaName.endsWith('Event') ? OF_STREAMS : [])];
    return `${docstring(schema)}export type ${name} = ${typeOf(less(schema, hidden))};`;
  });
  return `/** What a job and its events look like, whatever the kind. ${PRINTED} */
import type { Problem } from './problem.ts';
${parts.join('\n')}
`;
}

/** The file of the codes of problems. */
export function printCodes(): string {
  const codes = Object.keys(problems).map((code) => `'${code}'`);
  return `/** The codes of what can go wrong. Printed by scripts/print-client-types.ts; do not change it here. */

/** The server's codes. \`GET /problems/CODE\` says what each means, and what to do. */
export type ServerCode = ${codes.join(' | ')};
`;
}

/** A schema without some fields. */
function less(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const fields = Object.entries(schema['properties'] as object).filter(([name]) => !names.includes(name));
  return { ...schema, properties: Object.fromEntries(fields) };
}

/** The file fields as an object's text, each with its size in bytes. */
function sizesOf(files: NonNullable<Kind['files']>): string {
  const sizes = Object.entries(files).map(([name, { maxBytes }]) => `${name}: ${maxBytes}`);
  return sizes.length === 0 ? '{}' : `{ ${sizes.join(', ')} }`;
}

/** An input whose files are what an app has in its hands. */
function withFiles(input: JsonSchema, { files = {} }: Kind): JsonSchema {
  const fields = Object.entries(files).map(([name, file]) => [name, { $ref: 'FileInput', description: describeFile(file) }]);
  return { ...input, properties: { ...(input['properties'] as object), ...Object.fromEntries(fields) } };
}

/**
 * The type of an input. Where a field of it names the job that goes on (`then`), the other fields
 * of that job's input are typed by the name.
 */
function inputType(schema: JsonSchema, kind: Kind, all: readonly Kind[]): string {
  const properties = schema['properties'] as Record<string, JsonSchema>;
  for (const [field, { enum: names, description }] of Object.entries(properties)) {
    const variants = ((names ?? []) as string[]).flatMap((name) => {
      const [inner, nested] = Object.entries(kind.nested?.({ [field]: name }) ?? {})[0] ?? [];
      const next = all.find((one) => one === nested);
      if (inner === undefined || !next) return [];
      const filled = Object.keys(kind.next?.({ [field]: name })?.expected ?? {}).map((one) => `'${one}'`);
      const rest = { $ref: `Omit<${typeName(next)}Input, ${filled.join(' | ')}>`, description: properties[inner]?.['description'] };
      return [
        {
          inner,
          type: typeOf({ type: 'object', required: [field], properties: { [field]: { const: name, description }, [inner]: rest } }),
        },
      ];
    });
    const [first] = variants;
    if (!first) continue;
    const own = typeOf(less(schema, [field, first.inner]));
    return `${own} & ({ ${field}?: undefined; ${first.inner}?: undefined } | ${variants.map(({ type }) => type).join(' | ')})`;
  }
  return typeOf(schema);
}

function typeName({ method }: Kind): string {
  return method.charAt(0).toUpperCase() + method.slice(1);
}

if (import.meta.main) {
  const folder = new URL('../client/src/', import.meta.url);
  writeFileSync(new URL('kinds.ts', folder), printKinds(kinds));
  writeFileSync(new URL('shapes.ts', folder), printShapes());
  writeFileSync(new URL('codes.ts', folder), printCodes());
}
