/** How work is submitted: once, however often it is sent, and within bounds of time. */
import type { JobObject } from './events.ts';
import { type FileRules, toRequestBody } from './files.ts';
import { type Kinds, KINDS } from './kinds.ts';
import { answerOf, type CallOptions, request, type Wire } from './request.ts';

/** Bounds of a job in time: in s, or a text such as `5m` or `1h30m`. */
export type Deadlines = {
  /** A job that has not begun by then ends as `cancelled`. */
  startWithin?: number | string | undefined;
  /** A job that has not ended by then, waiting included, ends as `cancelled`. */
  cancelAfter?: number | string | undefined;
};

/** The headers of a call that has bounds of time. */
export function deadlineHeaders({ startWithin, cancelAfter, headers }: Deadlines & CallOptions): Record<string, string> {
  return {
    ...(startWithin !== undefined && { 'start-within': `${startWithin}` }),
    ...(cancelAfter !== undefined && { 'cancel-after': `${cancelAfter}` }),
    ...headers,
  };
}

/** How it is submitted. */
export type SubmitOptions = CallOptions &
  Deadlines & {
    /**
     * What makes a submission one job however often it is sent: 1 to 255 characters that are kept before it is sent, so that an app that is
     * closed before the answer can submit the same again. Without it each call has a key of its own, which is only good for its own tries.
     * A client with an outbox keeps it.
     */
    idempotencyKey?: string | undefined;
  };

/** A submission with its key. */
export type Submission = { kind: keyof Kinds; input: Record<string, unknown>; key: string; options: Omit<SubmitOptions, 'idempotencyKey'> };

/**
 * Submits under the key. Resolves with the job.
 * @throws ApiError if it is refused, was not answered in all tries (`unreachable`), or has a file that can't be sent
 */
export async function submit(wire: Wire, { kind, input, key, options }: Submission, readFile: FileRules['readFile']): Promise<JobObject> {
  const { path, files } = KINDS[kind];
  const { headers, ...body } = await toRequestBody(input, { files, readFile });
  const { signal, retries = 5 } = options;
  const all = { 'idempotency-key': key, ...headers, ...deadlineHeaders(options) };
  return request(wire, path, { method: 'POST', ...body, headers: all, signal, retries }, async (response) => {
    wire.onContract?.(response.headers.get('contract-version'));
    return answerOf<JobObject>(response);
  });
}

/**
 * 128 random bits. The key tells requests of one user apart and is no secret, so where there is no `crypto`, as in React Native,
 * any random numbers do. `crypto.randomUUID` is not there on an address without HTTPS.
 */
export function newKey(): string {
  const { crypto } = globalThis as { crypto?: typeof globalThis.crypto | undefined };
  const bytes = new Uint8Array(16);
  if (crypto) crypto.getRandomValues(bytes);
  else bytes.forEach((_, n) => (bytes[n] = Math.floor(Math.random() * 256)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
