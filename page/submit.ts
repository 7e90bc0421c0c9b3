/** Submits what was typed, of any kind: a kind that the client does not know, too. */
import { toRequestBody } from '../client/src/files.ts';
import { type Send, submitOnce } from '../client/src/request.ts';
import type { AnyJobObject } from '../client/src/shapes.ts';

const BACKOFF = { firstMs: 500, mostMs: 20_000 };

/** Resolves with the job. Rejects with what the server says against it; what was typed is checked there. */
export async function submitTo(send: Send, path: string, input: Record<string, unknown>): Promise<AnyJobObject> {
  const files = Object.entries(input).flatMap(([name, value]) => (value instanceof Blob ? [[name, Infinity]] : []));
  const body = await toRequestBody(input, { files: Object.fromEntries(files) as Record<string, number> });
  return (await submitOnce(send, path, body, { backoff: BACKOFF })) as AnyJobObject;
}
