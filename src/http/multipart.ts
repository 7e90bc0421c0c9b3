/**
 * Reads multipart/form-data (RFC 7578) while it arrives: texts by field, and the bytes of file
 * fields.
 */
import {
  MaxFileSizeExceededError,
  MaxTotalSizeExceededError,
  MultipartParseError,
  MultipartParser,
  type MultipartPart,
} from '@remix-run/multipart-parser';
import type { FileFields } from '../kinds/kind.ts';
import { ProblemError } from '../job/problem.ts';
import { type BodyReader, checkCharset, tooLarge } from './body.ts';
import { invalidInput } from './problems.ts';

/** What a form has: the texts of each field in their order, and the bytes of each file field. */
export type FormContent = { texts: Map<string, string[]>; files: Map<string, Uint8Array> };

/** How much all texts of a form may have together, in bytes. */
export const TEXT_BYTES = 1024 * 1024;

const MAX_PARTS = 100;
const MAX_HEADER_BYTES = 8 * 1024;

/** How large a whole form may be, in bytes, with what goes around its parts. */
export function formBytes(fields: FileFields): number {
  return contentBytes(fields) + MAX_PARTS * MAX_HEADER_BYTES;
}

function contentBytes(fields: FileFields): number {
  return Object.values(fields).reduce((sum, { maxBytes }) => sum + maxBytes, TEXT_BYTES);
}

/**
 * Reads a form block by block. A mistake is reported when it comes.
 * @throws ProblemError `invalid_input` or `payload_too_large`
 */
export class FormReader implements BodyReader<FormContent> {
  readonly #boundary: string;
  readonly #fields: FileFields;
  readonly #limits: { maxParts: number; maxHeaderSize: number; maxFileSize: number; maxTotalSize: number };
  #parser: MultipartParser;
  #afterPreamble: ReturnType<typeof skipPreamble>;
  #form: FormContent = { texts: new Map(), files: new Map() };
  /** How many parts were whole so far. */
  #parts = 0;

  constructor(contentType: string, fields: FileFields) {
    const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)?.slice(1).find(Boolean);
    if (boundary === undefined) throw new ProblemError('invalid_input', 'The Content-Type of a form needs a boundary.');
    const largest = Math.max(TEXT_BYTES, ...Object.values(fields).map(({ maxBytes }) => maxBytes));
    this.#boundary = boundary;
    this.#fields = fields;
    this.#limits = { maxParts: MAX_PARTS, maxHeaderSize: MAX_HEADER_BYTES, maxFileSize: largest, maxTotalSize: contentBytes(fields) };
    this.#parser = new MultipartParser(boundary, this.#limits);
    this.#afterPreamble = skipPreamble(boundary);
  }

  take(block: Uint8Array): void {
    this.#orProblem(() => {
      if (isWhole(this.#parser)) return; // what comes after the last boundary means nothing (RFC 2046, section 5.1.1)
      const content = this.#afterPreamble(block);
      if (content) for (const part of this.#parser.write(content)) take(this.#form, readHead(part, ++this.#parts), this.#fields);
    });
  }

  drop(): void {
    this.#parser = new MultipartParser(this.#boundary, this.#limits);
    this.#afterPreamble = skipPreamble(this.#boundary);
    this.#form = { texts: new Map(), files: new Map() };
    this.#parts = 0;
  }

  finish(): FormContent {
    this.#orProblem(() => this.#parser.finish());
    return this.#form;
  }

  #orProblem(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw toProblem(error, this.#limits);
    }
  }
}

/**
 * Makes the function that takes away what stands before the first boundary (RFC 2046, section
 * 5.1.1): an empty line, or words for readers without MIME. It returns undefined as long as no
 * boundary has come.
 */
function skipPreamble(boundary: string): (block: Uint8Array) => Uint8Array | undefined {
  const delimiter = Buffer.from(`--${boundary}`);
  let before: Buffer | undefined = Buffer.alloc(0);
  return (block) => {
    if (!before) return block;
    const all = before.length === 0 ? Buffer.from(block.buffer, block.byteOffset, block.byteLength) : Buffer.concat([before, block]);
    const atStart = all.subarray(0, delimiter.length).equals(delimiter);
    const at = atStart ? 0 : all.indexOf(`\r\n--${boundary}`) + 2;
    before = atStart || at >= 2 ? undefined : all;
    if (!before) return all.subarray(at);
    if (before.length > MAX_HEADER_BYTES)
      throw new ProblemError('invalid_input', 'The form does not begin with the boundary of its Content-Type.');
    return undefined;
  };
}

/** Whether the last boundary was there. The parser shows it in no other way. */
function isWhole(parser: MultipartParser): boolean {
  try {
    parser.finish();
    return true;
  } catch {
    return false;
  }
}

/** A part, the name of its field, and whether its head names a file. */
type NamedPart = { part: MultipartPart; name: string; isFile: boolean };

/**
 * Reads the head of a part. `number`: its place in the form, from 1. The name of a file is not
 * decoded: nobody needs it.
 */
function readHead(part: MultipartPart, number: number): NamedPart {
  const disposition = utf8(() => part.headers['content-disposition'] ?? '');
  if (disposition === undefined) {
    throw invalidInput([{ path: [], message: `the head of part ${number}, with its name and its file name, must be UTF-8` }]);
  }
  const { name } = part;
  if (name === undefined || name === '') throw new ProblemError('invalid_input', 'Each part of a form needs a name.');
  const withoutQuoted = disposition.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  return { part, name, isFile: /;\s*filename\*?\s*=/i.test(withoutQuoted) };
}

function take({ texts, files }: FormContent, { part, name, isFile }: NamedPart, fields: FileFields): void {
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (field) {
    if (files.has(name)) throw invalidInput([{ path: [name], message: 'must be one file' }]);
    if (part.size > field.maxBytes) throw tooLarge(`The file in "${name}"`, field.maxBytes);
    files.set(name, part.bytes);
  } else if (isFile) {
    const names = Object.keys(fields).join(', ');
    throw invalidInput([{ path: [name], message: `is no field for a file; a file goes into ${names}` }]);
  } else {
    checkCharset(part.headers['content-type'] ?? '', `The field "${name}"`);
    const text = utf8(() => part.text);
    if (text === undefined) throw invalidInput([{ path: [name], message: 'must be text in UTF-8' }]);
    const values = texts.get(name) ?? [];
    texts.set(name, [...values, text]);
  }
}

/** What the parser decodes; undefined if the bytes are no UTF-8. */
function utf8(decode: () => string): string | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof TypeError) return undefined; // what TextDecoder throws (Encoding Standard)
    throw error;
  }
}

function toProblem(error: unknown, { maxFileSize, maxTotalSize }: { maxFileSize: number; maxTotalSize: number }): unknown {
  if (error instanceof MaxFileSizeExceededError) return tooLarge('A part of the form', maxFileSize);
  if (error instanceof MaxTotalSizeExceededError) return tooLarge('The form', maxTotalSize);
  if (!(error instanceof MultipartParseError)) return error;
  return new ProblemError('invalid_input', `The form can not be read: it is cut off or malformed, or has more than ${MAX_PARTS} parts.`, {
    cause: error,
  });
}
