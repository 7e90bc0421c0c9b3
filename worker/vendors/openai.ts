/** OpenAI, or any server that speaks its chat completions: structured output, read item by item as it streams. */
import OpenAI, { APIError } from 'openai';
import { createAnswerReader } from './answer.ts';
import { openBill } from './openai/bill.ts';
import { fellSilent, toEnding, toProblemError } from './openai/errors.ts';
import { boundedFetch } from './openai/fetch.ts';
import { readAnswer } from './openai/read.ts';
import { type Body, promptOf, refusesCap, toBody, TOKEN_CAPS } from './openai/request.ts';
import type { Provider } from '../capabilities.ts';
import { startWatch } from './watch.ts';

/** Where the server is; how long it may bring nothing new, in ms; how many tokens an answer may have, thinking included. */
export type OpenAIOptions = { apiKey: string; baseURL?: string | undefined; model: string; idleTimeoutMs: number; maxTokens: number };

/** Makes the provider. It tries once: trying again is the queue's business, which keeps what was finished. */
export function createOpenAI({ apiKey, baseURL, model, idleTimeoutMs, maxTokens }: OpenAIOptions): Provider {
  const client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });
  let capAt = 0; // the first way to send the cap that this server has not refused

  /** Sends the request; a server that refuses the cap is asked again at once, since a refusal costs nothing. */
  const send = async (body: Body, signal: AbortSignal): Promise<AsyncIterable<unknown>> => {
    for (let at = capAt; ; at++) {
      const cap = TOKEN_CAPS[at];
      let refusal = '';
      const asking = client.withOptions({ fetch: boundedFetch((text) => (refusal = text)) });
      try {
        const chunks = await asking.chat.completions.create({ ...body, ...(cap && { [cap]: maxTokens }) }, { signal });
        capAt = Math.max(capAt, at);
        return chunks;
      } catch (error) {
        if (cap === undefined || !(error instanceof APIError) || !refusesCap(error.status, refusal)) throw toProblemError(error);
      }
    }
  };

  const makeList: Provider['makeList'] = async (request, taker, signal) => {
    const body = toBody(model, request);
    const bill = openBill(promptOf(body));
    const call = await taker.startCall(bill.used());
    const watch = startWatch(idleTimeoutMs);
    let begun = false;
    try {
      const chunks = await send(body, AbortSignal.any([signal, watch.signal]));
      begun = true;
      const reader = createAnswerReader({ list: request.list, accepts: (value) => request.item.safeParse(value).success });
      const outcome = await readAnswer(worded(chunks), { reader, taker, watch, bill, call, maxGrowth: request.itemLength, maxTokens });
      signal.throwIfAborted(); // an aborted stream of this SDK ends quietly
      return toEnding(outcome);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw !begun && watch.signal.aborted ? fellSilent(error) : error;
    } finally {
      watch.stop();
      await call.settle(begun ? bill.used() : undefined);
    }
  };

  return { name: 'openai', makeList };
}

/** A stream whose own errors are in our words; those of its reader stay what they are. */
async function* worded(chunks: AsyncIterable<unknown>): AsyncIterable<unknown> {
  try {
    yield* chunks;
  } catch (error) {
    throw toProblemError(error);
  }
}
