/** One call to OpenAI whose answer does not stream: it is bounded, and another status than 200 is a problem. */
import { readChunk } from './chunk.ts';
import { bodyOf, callVendor, jsonOf, type VendorAnswer } from '../vendor-call.ts';
import { toRefusalProblem } from '../refusal.ts';
import { PROVIDER } from './errors.ts';

/** Where to call. `maxBytes`: of the answer. */
export type PostOptions = { apiKey: string; baseURL: string | undefined; path: string; timeoutMs: number; maxBytes: number };

/** The bytes that JSON begins with, and sound does not: a brace and a bracket. */
const OPENS_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b]);

const OPENAI_URL = 'https://api.openai.com/v1';

/**
 * Makes the function that posts a JSON body.
 * @throws ProblemError if the answer is none, or an error; the signal's reason if that aborts
 */
export function createPost({
  apiKey,
  baseURL,
  path,
  timeoutMs,
  maxBytes,
}: PostOptions): (request: object, signal: AbortSignal) => Promise<VendorAnswer> {
  const url = (baseURL ?? OPENAI_URL).replace(/\/+$/, '') + path;
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return async (request, signal) => {
    const init = { method: 'POST', headers, body: JSON.stringify(request) };
    const answer = await callVendor(url, init, { name: 'The provider', timeoutMs, maxBytes }, signal);
    if (answer.status !== 200) throw toRefusalProblem(PROVIDER, { ...answer, body: bodyOf(answer) });
    // Some servers and gateways report an error in an answer of status 200.
    const reported = OPENS_JSON.has(answer.bytes[0] ?? 0) ? readChunk(jsonOf(answer)).error : undefined;
    if (reported) throw toRefusalProblem(PROVIDER, { headers: answer.headers, body: reported });
    return answer;
  };
}
