/**
 * One HTTP call to a vendor, with limits on its time and on the size of the answer. It knows no
 * vendor.
 */
import { parseJson } from '../../src/job/parse-json.ts';
import { ProblemError } from '../../src/job/problem.ts';

/** A vendor's answer, read whole. */
export type VendorAnswer = { status: number; headers: Headers; bytes: Uint8Array };

/** The limits of a call. `name`: the vendor, as details call it. */
export type CallLimits = { name: string; timeoutMs: number; maxBytes: number };

/**
 * Makes a call and reads its answer, whatever its status is. A redirect is not followed, because it
 * would take the key elsewhere.
 * @throws ProblemError `provider_unavailable`, `provider_timeout` or `provider_bad_answer` if there
 * is no whole answer; the signal's reason if that aborts, which closes the connection
 */
export async function callVendor(
  url: string,
  init: RequestInit,
  { name, timeoutMs, maxBytes }: CallLimits,
  signal: AbortSignal,
): Promise<VendorAnswer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.any([signal, timeout]) });
    return { status: response.status, headers: response.headers, bytes: await readBody(response, maxBytes, name) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ProblemError) throw error;
    if (timeout.aborted)
      throw new ProblemError('provider_timeout', `${name} did not answer within ${timeoutMs / 1000} s.`, { cause: error });
    throw new ProblemError('provider_unavailable', `The connection to ${name} broke.`, { cause: error });
  }
}

async function readBody(response: Response, maxBytes: number, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new ProblemError('provider_bad_answer', `${name} answered with more than any answer needs.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The answer's JSON; undefined if it is none. */
export function jsonOf({ bytes }: VendorAnswer): unknown {
  return parseJson(new TextDecoder().decode(bytes));
}

/** What an answer says: its JSON, or the beginning of its text. */
export function bodyOf(answer: VendorAnswer): unknown {
  return jsonOf(answer) ?? new TextDecoder().decode(answer.bytes.subarray(0, 4096));
}
