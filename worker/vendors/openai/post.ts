/**
 * One call to OpenAI whose answer does not stream: it is bounded, and another status than 200 is a
 * problem.
 */
import { readChunk } from './chunk.ts';
import { bodyOf, callVendor, jsonOf, type VendorAnswer } from '../vendor-call.ts';
import { parseJson } from '../../../src/job/parse-json.ts';
import { toRefusalProblem, type VendorRefusal } from '../refusal.ts';
import { createStreamedPost, type StreamedAnswer } from '../../streamed-post.ts';
import { PROVIDER } from './errors.ts';

/** Where to call. `maxBytes`: of the answer. */
export type PostOptions = { apiKey: string; baseURL: string | undefined; path: string; timeoutMs: number; maxBytes: number };

/** The bytes that JSON begins with, and sound does not: a brace and a bracket. */
const OPENS_JSON: ReadonlySet<number> = new Set([0x7b, 0x5b]);

/** How many characters of an error's body are read. */
const MAX_ERROR = 65_536;

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
 * What an answer of this status refuses; undefined if it is
 * none. At most the beginning of its body is read.
 */
export async function refusalIn(answer: StreamedAnswer): Promise<VendorRefusal | undefined> {
  const { status } = answer;
  if (status >= 200 && status < 300) return undefined;
  const text = await answer.startOfText(MAX_ERROR);
  return { status, headers: answer.headers(), body: parseJson(text) ?? text };
}

/**
 * Posts a JSON body whose answer streams, and returns that from its first byte on.
 * @throws ProblemError if the answer is an error; what the connection throws
 */
export async function openEvents(options: EventsRequest, request: object, signal: AbortSignal): Promise<StreamedAnswer> {
  const answer = await createStreamedPost(urlOf(options), headersOf(options))(JSON.stringify(request), signal);
  const refused = await refusalIn(answer);
  if (refused) throw toRefusalProblem(PROVIDER, refused);
  return answer;
}
