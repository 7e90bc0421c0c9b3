/**
 * Receives a submission: JSON, in which a file is base64, or a form. The declared type of a file is
 * ignored; the bytes are inspected.
 */
import type { z } from 'zod';
import type { FileStore, StorageFull } from '../files/store.ts';
import type { FileFacts, FileField, FileFields, FileReference, Kind } from '../kinds/kind.ts';
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import { digestOfBytes } from '../store/digest.ts';
import { base64Length, decodeBase64 } from './base64.ts';
import { type Receive, tooLarge } from './body.ts';
import { valuesFor } from './form-values.ts';
import { JsonReader } from './json-body.ts';
import { formBytes, FormReader, TEXT_BYTES } from './multipart.ts';
import { invalidInput } from './problems.ts';

/**
 * A submission as it was received: the validated input with a reference for each file, the bytes of
 * the files, and the names that are not known.
 */
export type ReceivedSubmission = { input: Record<string, unknown>; files: Map<string, Uint8Array>; ignored: string[] | undefined };

/** The values and files of a body, and the mistakes found while reading them. */
type SubmittedValues = {
  values: Record<string, unknown>;
  files: Map<string, Uint8Array>;
  issues: { path: PropertyKey[]; message: string }[];
};

/** Whether a content type is that of a form. */
export function isForm(contentType: string): boolean {
  return /^multipart\/form-data\s*(;|$)/i.test(contentType);
}

/** How large a body with such files may be, in bytes. */
export function bodyBytes(fields: FileFields, contentType: string): number {
  if (isForm(contentType)) return formBytes(fields);
  return Object.values(fields).reduce((sum, { maxBytes }) => sum + base64Length(maxBytes), TEXT_BYTES);
}

/**
 * Makes the function that receives the submissions of a kind. `schema`: the kind's input, and what
 * else a body may have. `maxFileBytes`: how large a file can be kept. `fieldsOf`: finds the fields
 * in a body of JSON, where another client has written it.
 * @throws ProblemError if the submission can't be read, is too large or not valid
 */
export function createReceiver(
  { files: fields = {}, nested }: Kind,
  schema: z.ZodObject,
  maxFileBytes: number,
  fieldsOf: (body: unknown) => unknown = (body) => body,
) {
  const readValues = valuesFor(schema);

  const readAny = async (contentType: string, receive: Receive): Promise<SubmittedValues> => {
    const maxBytes = bodyBytes(fields, contentType);
    if (!isForm(contentType)) return fromJson(fieldsOf(await receive(new JsonReader(), maxBytes)), fields);
    const { texts, files } = await receive(new FormReader(contentType, fields), maxBytes);
    return { values: readValues(texts), files, issues: [] };
  };

  return async (contentType: string, receive: Receive): Promise<ReceivedSubmission> => {
    const { values: brought, files, issues } = await readAny(contentType, receive);
    const { values, ignored } = readFields(brought, schema, nested);
    const parsed = schema.safeParse(values);
    for (const name of Object.keys(fields)) {
      if (issues.some(({ path }) => path[0] === name)) continue;
      const { byteLength } = files.get(name) ?? {};
      if (byteLength === undefined) issues.push({ path: [name], message: 'must be a file' });
      if (byteLength === 0) issues.push({ path: [name], message: 'is empty' });
    }
    const all = [...issues, ...(parsed.error?.issues ?? [])];
    if (!parsed.success || all.length > 0) throw invalidInput(all);
    const input: Record<string, unknown> = { ...parsed.data };
    for (const [name, field] of Object.entries(fields)) {
      const bytes = files.get(name) ?? new Uint8Array();
      if (bytes.byteLength > maxFileBytes) throw tooLarge(`The file in "${name}"`, maxFileBytes);
      input[name] = await toReference(name, field, bytes);
    }
    return { input, files, ignored };
  };
}

/** Reads the fields of a body, and those of the fields that are another kind's input. */
function readFields(
  brought: Record<string, unknown>,
  schema: z.ZodObject,
  nested: Kind['nested'],
): { values: Record<string, unknown>; ignored: string[] | undefined } {
  const values = withoutNulls(brought, schema);
  const names = unknownFields(values, schema);
  for (const [field, { input: inner }] of Object.entries(nested?.(values) ?? {})) {
    const value = values[field];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    values[field] = withoutNulls(value as Record<string, unknown>, inner);
    names.push(...unknownFields(value, inner, field));
  }
  return { values, ignored: shortNames(names) };
}

/** How many unknown fields are named, and how many characters of each. */
const MAX_NAMES = 20;
const MAX_NAME_LENGTH = 64;

/**
 * The values without those that are `null` where the schema does not demand the field: many clients
 * write so what they don't have.
 */
function withoutNulls(values: Record<string, unknown>, { shape }: z.ZodObject): Record<string, unknown> {
  const isAbsent = ([name, value]: [string, unknown]): boolean =>
    value === null && Object.hasOwn(shape, name) && (shape[name] as z.ZodType).safeParse(undefined).success;
  const entries = Object.entries(values);
  return entries.some(isAbsent) ? Object.fromEntries(entries.filter((entry) => !isAbsent(entry))) : values;
}

/**
 * The names of fields that a schema does not know. `within`: the field that the values are of,
 * which then stands before each name.
 */
function unknownFields(values: object, { shape }: z.ZodObject, within?: string): string[] {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(shape, name));
  return unknown.map((name) => (within === undefined ? name : `${within}.${name}`));
}

/**
 * The first names, cut to a length that is kept with the job and shown to its client; undefined if
 * there are none.
 */
function shortNames(names: readonly string[]): string[] | undefined {
  if (names.length === 0) return undefined;
  return names.slice(0, MAX_NAMES).map((name) =>
    name
      .replaceAll(/\p{Cc}/gu, '\ufffd')
      .slice(0, MAX_NAME_LENGTH)
      .toWellFormed(),
  );
}

function fromJson(body: unknown, fields: FileFields): SubmittedValues {
  const brought: SubmittedValues = { values: {}, files: new Map(), issues: [] };
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidInput([{ path: [], message: 'must be one JSON object' }]);
  }
  brought.values = { ...body };
  for (const [name, { maxBytes }] of Object.entries(fields)) {
    const value = brought.values[name];
    delete brought.values[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' && value.length > base64Length(maxBytes)) throw tooLarge(`The file in "${name}"`, maxBytes);
    const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
    if (!bytes) brought.issues.push({ path: [name], message: 'must be base64 or a data URI with base64' });
    else if (bytes.byteLength > maxBytes) throw tooLarge(`The file in "${name}"`, maxBytes);
    else brought.files.set(name, bytes);
  }
  return brought;
}

/**
 * Makes the reference that stands in the input for a file. A mistake that the inspection finds is
 * reported for the field.
 */
async function toReference(name: string, field: FileField, bytes: Uint8Array): Promise<FileReference> {
  const facts: FileFacts = await Promise.resolve()
    .then(() => field.inspect(bytes))
    .catch((error: unknown) => {
      if (!(error instanceof ProblemError) || error.extras.errors) throw error;
      const errors = [{ pointer: `#/${encodeURIComponent(name)}`, detail: error.detail }];
      throw new ProblemError(error.code, `#/${name}: ${error.detail}`, { ...error.extras, errors });
    });
  if (!field.types.includes(facts.type)) {
    const detail = `#/${name}: is ${facts.type}; taken are ${field.types.join(', ')}`;
    throw new ProblemError('unsupported_media_type', detail);
  }
  return { facts, bytes: bytes.byteLength, digest: digestOfBytes(bytes) };
}

/**
 * Makes the functions that keep a submission's files under its job's id, and delete them if the job
 * is not added after all. `untilRoom` estimates when an unfinished job will have made room, in ms.
 */
export function createKeeping(store: FileStore, tenant: Tenant, { input, files }: ReceivedSubmission, untilRoom: () => Promise<number>) {
  return {
    async keepFiles(jobId: string): Promise<void> {
      for (const [name, bytes] of files) {
        const { type } = (input[name] as FileReference).facts;
        const kept = await store.put({ jobId, name: `in:${name}`, tenant, type, bytes });
        if (kept.type === 'full') throw await noRoom(kept, untilRoom);
      }
    },
    dropFiles: (jobId: string) => store.delete(jobId, 'all'),
  };
}

/** How long to wait where nothing is known, in ms. */
const UNKNOWN_MS = 60_000;

/** The error for files that have no room. */
export async function noRoom({ whose, freeInMs, jobsMakeRoom }: StorageFull, untilRoom: () => Promise<number>): Promise<ProblemError> {
  const waits = [...(freeInMs === undefined ? [] : [freeInMs]), ...(jobsMakeRoom ? [await untilRoom()] : [])];
  const detail = whose === 'own' ? 'Your files take up your share of the storage' : 'The files of all jobs take up the storage';
  return new ProblemError('storage_full', `${detail}; nothing of this one was stored.`, {
    retryAfterMs: waits.length === 0 ? UNKNOWN_MS : Math.max(Math.min(...waits), 1000),
  });
}
