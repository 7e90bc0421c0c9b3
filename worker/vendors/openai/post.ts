/** One call to OpenAI whose answer does not stream: it is bounded, and another status than 200 is a problem. */
import { bodyOf, callVendor, type VendorAnswer } from '../vendor-call.ts';
import { toRefusalProblem } from '../refusal.ts';
import { PROVIDER } from './errors.ts';

/** Where to call. `maxBytes`: of the answer. */
export type PostOptions = { apiKey: string; baseURL: string | undefined; path: string; timeoutMs: number; maxBytes: number };

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
}: PostOptions): (body: object, signal: AbortSignal) => Promise<VendorAnswer> {
  const url = (baseURL ?? OPENAI_URL).replace(/\/+$/, '') + path;
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  return async (body, signal) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await callVendor(url, init, { name: 'The provider', timeoutMs, maxBytes }, signal);
    if (answer.status === 200) return answer;
    throw toRefusalProblem(PROVIDER, { ...answer, body: bodyOf(answer) });
  };
}
