/**
 * One call to OpenAI whose answer does not stream: it is bounded, and another status than 200 is a
 * problem.
 */
import { readChunk } from './chunk.ts';
import { bodyOf, callVendor, jsonOf, type VendorAnswer } from '../vendor-call.ts';
import { parseJson } from '../../../src/job/parse-json.ts';
import { toRefusalProblem } from '../refusal.ts';
import { boundedFetch, type ErrorAnswer } from './fetch.ts';
import { PROVIDER } from './errors.ts';

/** Where to call. `maxBytes`: of the answer. */
export type PostOptions = { apiKey: string; baseURL: string | undefined; path: string; timeoutMs: number; maxBytes: number };

/** The bytes that JSON begins with, and sound does not: a brace and a bracket. */
const OPENS_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b]);

const OPENAI_URL = 'https://api.openai.com/v1';

/** What an answer that streams is asked with. `timeoutMs`: until its end. */
export type EventsRequest = Omit<PostOptions, 'maxBytes'>;

const urlOf = ({ baseURL, path }: EventsRequest): string => (baseURL ?? OPENAI_URL).replace(/\/+$/, '') + path;

const headersOf = ({ apiKey }: EventsRequest) => ({ authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' });

/**
 * Makes the function that posts a JSON body.
 * @throws ProblemError if the answer is none, or an error; the signal's reason if that aborts
 */
export function createPost(options: PostOptions): (request: object, signal: AbortSignal) => Promise<VendorAnswer> {
  const { timeoutMs, maxBytes } = options;
  return async (request, signal) => {
    const init = { method: 'POST', headers: headersOf(options), body: JSON.stringify(request) };
    const answer = await callVendor(urlOf(options), init, { name: 'The provider', timeoutMs, maxBytes }, signal);
    if (answer.status !== 200) throw toRefusalProblem(PROVIDER, { ...answer, body: bodyOf(answer) });
    // Some servers and gateways report an error in an answer of status 200.
    const reported = OPENS_JSON.has(answer.bytes[0] ?? 0) ? readChunk(jsonOf(answer)).error : undefined;
    if (reported) throw toRefusalProblem(PROVIDER, { headers: answer.headers, body: reported });
    return answer;
  };
}

/**
 * Posts a JSON body whose answer streams, and returns that from its first byte on. A redirect is
 * not followed.
 * @throws ProblemError if the status is another than 200; what fetch throws
 */
export async function openEvents(options: EventsRequest, request: object, signal: AbortSignal): Promise<Response> {
  let refused: ErrorAnswer | undefined;
  const send = boundedFetch((answer) => (refused = answer));
  const init = { method: 'POST', headers: headersOf(options), body: JSON.stringify(request), redirect: 'error', signal } as const;
  const response = await send(urlOf(options), init);
  if (refused === undefined) return response;
  const { status, headers, text } = refused;
  throw toRefusalProblem(PROVIDER, { status, headers, body: parseJson(text) ?? text });
}
