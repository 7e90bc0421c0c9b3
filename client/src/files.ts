/** Files of a submission: what an app can have in its hands, and how it is sent. */
import { ownError } from './problem.ts';

/** A file: a Blob or File of the web or of expo-file-system, what pickers of React Native give (an object with a `uri`), or base64 or a data URI. */
export type FileInput = Blob | NativeFile | string;

/** A file on the phone, or one of a browser's `blob:` and `data:` addresses, as pickers and recorders give it. */
export type NativeFile = { uri: string; name?: string | undefined; type?: string | undefined };

/** Reads a file of the phone by its URI. It rejects if the file is gone. */
export type ReadFile = (uri: string) => Promise<Blob | Uint8Array>;

/** A request's body, its type where `fetch` does not find it out, and about how many bytes it has. */
export type Body = { body: string | FormData; headers: Record<string, string>; bytes: number };

/** How a submission's files are read: the file fields with how many bytes each may have, and what reads a URI. */
export type FileRules = { files: Readonly<Record<string, number>>; readFile?: ReadFile | undefined };

/**
 * Makes the body: a form where a file is given as one, else JSON. In a form a list is a field repeated, and an object is JSON text.
 * @throws ApiError `payload_too_large` or `unreadable_file` for a file that can't be sent: nothing was sent then
 */
export async function toRequestBody(input: Record<string, unknown>, { files, readFile = readUri }: FileRules): Promise<Body> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  if (!given.some(([name, value]) => name in files && typeof value !== 'string')) {
    const body = JSON.stringify(Object.fromEntries(given));
    return { body, headers: { 'content-type': 'application/json' }, bytes: body.length };
  }
  const form = new FormData();
  let bytes = 0;
  for (const [name, value] of given) {
    const maxBytes = files[name];
    if (maxBytes !== undefined) {
      const { blob, fileName } = await read(value as FileInput, readFile);
      check(name, blob, maxBytes);
      form.append(name, blob, fileName);
      bytes += blob.size;
    } else for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) form.append(name, textOf(one));
  }
  return { body: form, headers: {}, bytes }; // fetch sets the type, with the boundary in it
}

/**
 * The bytes of a file. A part of a form with a `uri` is what React Native's own fetch reads from the disk, but `expo/fetch` refuses it; so
 * the file is read here.
 */
async function read(file: FileInput, readFile: ReadFile): Promise<{ blob: Blob; fileName: string }> {
  if (typeof file === 'string') throw new TypeError('give all files as base64, or none of them');
  if (!('uri' in file) || file instanceof Blob) return { blob: file, fileName: (file as Partial<File>).name ?? 'file' };
  const { uri, name = 'file', type } = file;
  const content = await readFile(uri).catch((cause: unknown) => {
    throw ownError('unreadable_file', 'The file is gone', false, cause);
  });
  return {
    blob: content instanceof Uint8Array ? new Blob([content as Uint8Array<ArrayBuffer>], { type: type ?? '' }) : content,
    fileName: name,
  };
}

/** React Native's own fetch reads files, and so does a browser's the addresses that its pickers give. What `expo/fetch` gives does not. */
const readUri: ReadFile = async (uri) => (await globalThis.fetch(uri)).blob();

function check(field: string, { size }: Blob, maxBytes: number): void {
  if (size > maxBytes) throw ownError('payload_too_large', `${field} may have ${maxBytes} bytes`, false);
  if (size === 0) throw ownError('unreadable_file', `${field} is empty`, false);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
