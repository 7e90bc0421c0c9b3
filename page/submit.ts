/** Submits what was typed, of any kind: a kind that the client does not know, too. */
import { toRequestBody } from '../client/src/files.ts';
import { answerOf, request, type Send } from '../client/src/request.ts';
import type { AnyJobObject } from '../client/src/shapes.ts';
import { newKey } from '../client/src/submission.ts';

/** How the page reaches its server: pauses and bounds in ms. */
const PATIENCE = { backoff: { firstMs: 500, mostMs: 20_000 }, silenceMs: 30_000, callMs: 30_000 };

/** Resolves with the job. Rejects with what the server says against it; what was typed is checked there. */
export async function submitTo(send: Send, path: string, input: Record<string, unknown>): Promise<AnyJobObject> {
  const files = Object.entries(input).flatMap(([name, value]) => (value instanceof Blob ? [[name, Infinity]] : []));
  const { headers, ...body } = await toRequestBody(input, { files: Object.fromEntries(files) as Record<string, number> });
  const all = { 'idempotency-key': newKey(), ...headers };
  return request({ send, ...PATIENCE }, path, { method: 'POST', ...body, headers: all, retries: 5 }, answerOf<AnyJobObject>);
}
