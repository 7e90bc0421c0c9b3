/** Files of a submission: what an app can have in its hands, and how it is sent. */

/** A file: a Blob or File of the web, what React Native has (an object with a `uri`), or base64 or a data URI. */
export type FileInput = Blob | NativeFile | string;

/** A file as React Native's FormData takes it. */
export type NativeFile = { uri: string; name?: string | undefined; type?: string | undefined };

/** A request's body, and its type where `fetch` does not find it out. */
export type Body = { body: string | FormData; headers: Record<string, string> };

/** Makes the body: a form where a file is given as one, else JSON. In a form a list is a field repeated, and an object is JSON text. */
export function bodyOf(input: Record<string, unknown>, files: readonly string[]): Body {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  if (!given.some(([name, value]) => files.includes(name) && typeof value !== 'string')) {
    return { body: JSON.stringify(Object.fromEntries(given)), headers: { 'content-type': 'application/json' } };
  }
  const form = new FormData();
  for (const [name, value] of given) {
    if (files.includes(name)) form.append(name, toPart(value as FileInput));
    else for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) form.append(name, textOf(one));
  }
  return { body: form, headers: {} }; // fetch sets the type, with the boundary in it
}

/** React Native's FormData takes its own kind of file, which the types of the web do not know. */
function toPart(file: FileInput): Blob {
  if (file instanceof Blob) return file;
  if (typeof file === 'string') throw new TypeError('give all files as base64, or none of them');
  return { name: 'file', ...file } as unknown as Blob;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
