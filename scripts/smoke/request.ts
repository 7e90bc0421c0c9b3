/** A small job of a kind as a request, for checks: JSON, or a form where the kind takes files. */
import { readFileSync } from 'node:fs';
import type { Kind } from '../../src/kinds/kind.ts';

/**
 * Makes body and headers out of the kind's `smoke`. `more`: further fields. Files are read from
 * this folder by their names.
 */
export function smokeRequest(
  { smoke, files = {} }: Kind,
  more: Record<string, unknown> = {},
): { body: string | FormData; headers: Record<string, string> } {
  const input = { ...smoke, ...more };
  if (Object.keys(files).length === 0) return { body: JSON.stringify(input), headers: { 'content-type': 'application/json' } };
  const form = new FormData();
  for (const [field, value] of Object.entries(input)) {
    if (field in files) form.set(field, new File([readFileSync(new URL(String(value), import.meta.url))], String(value)));
    else for (const one of Array.isArray(value) ? value : [value]) form.append(field, typeof one === 'string' ? one : JSON.stringify(one));
  }
  return { body: form, headers: {} };
}
