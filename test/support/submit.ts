/** Submits jobs of any kind, as JSON or as a form with a file. */
import type { Serving, Stack } from './stack.ts';

/** What a submission was answered with. */
export type Submitted = { status: number; body: Record<string, any> };

/** Submits JSON to a kind's path. */
export async function submitJson({ url }: Pick<Stack<Serving>, 'url'>, path: string, input: object, user = 'ana'): Promise<Submitted> {
  const headers = { 'content-type': 'application/json', 'user-id': user };
  return toSubmitted(await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(input) }));
}

/** Submits a form: texts, and one file. */
export async function submitFile(
  { url }: Pick<Stack<Serving>, 'url'>,
  path: string,
  fields: Record<string, string>,
  file: { field: string; bytes: Uint8Array; name: string },
): Promise<Submitted> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set(file.field, new Blob([new Uint8Array(file.bytes)]), file.name);
  return toSubmitted(await fetch(url + path, { method: 'POST', headers: { 'user-id': 'ana' }, body: form }));
}

async function toSubmitted(response: Response): Promise<Submitted> {
  return { status: response.status, body: (await response.json()) as Record<string, any> };
}
