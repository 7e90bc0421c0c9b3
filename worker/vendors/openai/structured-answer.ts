/** The capability to write structured answers: it asks for structured output and reads it item by item while it streams. */
import OpenAI, { APIError } from 'openai';
import { z } from 'zod';
import { createAnswerReader } from '../answer.ts';
import type { AnswerShape } from '../answer-json.ts';
import { openBill } from './usage.ts';
import { fellSilent, toEnding, toProblemError } from './errors.ts';
import { readEvents } from './events.ts';
import { boundedFetch } from './fetch.ts';
import { readAnswer } from './read.ts';
import { type Body, promptOf, refusesCap, type SeeingRequest, toBody, TOKEN_CAPS } from './request.ts';
import type { Author } from '../../../src/job/snapshot.ts';
import type { AnswerRequest, Capability, Ending } from '../../capabilities.ts';
import { parseItem } from '../../parse-item.ts';
import { startWatch } from '../progress-watch.ts';

/** Settings of one model. `idleTimeoutMs`: how long it may bring nothing new. `maxTokens`: for one answer, its thinking included. */
export type OpenAIOptions = { apiKey: string; baseURL?: string | undefined; model: string; idleTimeoutMs: number; maxTokens: number };

/** Makes the capability to write structured answers with one model, also about an image. */
export function createOpenAI({ apiKey, baseURL, model, idleTimeoutMs, maxTokens }: OpenAIOptions): Capability<SeeingRequest, Ending> {
  const author: Author = { provider: 'openai', model };
  const client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });
  let capAt = 0; // the first way to send the cap that this server has not refused

  /** Sends the request. If the server refuses the cap, it is asked again at once in another way; a refusal costs nothing. */
  const send = async (body: Body, signal: AbortSignal): Promise<AsyncIterable<unknown>> => {
    for (let at = capAt; ; at++) {
      const cap = TOKEN_CAPS[at];
      let refusal = '';
      const asking = client.withOptions({ fetch: boundedFetch((text) => (refusal = text)) });
      try {
        const response = await asking.chat.completions.create({ ...body, ...(cap && { [cap]: maxTokens }) }, { signal }).asResponse();
        capAt = Math.max(capAt, at);
        return readEvents(response, signal);
      } catch (error) {
        if (cap === undefined || !(error instanceof APIError) || !refusesCap(error.status, refusal)) throw toProblemError(error);
      }
    }
  };

  return async (request, report, signal) => {
    const body = toBody(model, request);
    const bill = openBill(promptOf(body), request.image === undefined ? 0 : 1);
    const call = await report.startCall(bill.used(), author);
    const watch = startWatch(idleTimeoutMs);
    let begun = false;
    try {
      const chunks = await send(body, AbortSignal.any([signal, watch.signal]));
      begun = true;
      const reader = createAnswerReader(shapeOf(request));
      const taker = { take: request.take, whole: request.whole, begun: report.begun };
      const maxGrowth = Math.max(...Object.values(request.lists).map(({ itemLength }) => itemLength));
      const outcome = await readAnswer(worded(chunks), { reader, taker, watch, bill, call, maxGrowth, maxTokens });
      signal.throwIfAborted(); // an aborted stream may end without an error
      return toEnding(outcome);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw !begun && watch.signal.aborted ? fellSilent(error) : error;
    } finally {
      watch.stop();
      await call.settle(begun ? bill.used() : undefined);
    }
  };
}

/** What the reader looks for: arrays of the schema are lists, all others are fields. */
function shapeOf({ schema, lists }: AnswerRequest): AnswerShape {
  const accepts = (field: string, value: unknown): boolean => {
    const type = schema.shape[field];
    if (type === undefined) return false;
    return parseItem(type instanceof z.ZodArray ? type.element : type, value).success;
  };
  return { lists: Object.keys(lists), fields: Object.keys(schema.shape).filter((field) => !(field in lists)), accepts };
}

/** The same stream, with the server's errors turned into ours. Errors of the code that reads it stay as they are. */
async function* worded(chunks: AsyncIterable<unknown>): AsyncIterable<unknown> {
  try {
    yield* chunks;
  } catch (error) {
    throw toProblemError(error);
  }
}
