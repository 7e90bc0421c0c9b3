/** The capability to write structured answers: it asks for structured output and reads it item by item while it streams. */
import OpenAI from 'openai';
import { z } from 'zod';
import { createAnswerReader, type Manners } from '../answer.ts';
import type { AnswerShape } from '../answer-json.ts';
import { type Bill, openBill } from './usage.ts';
import { fellSilent, RefusedError, toCallProblem, toEnding } from './errors.ts';
import { readEvents } from './events.ts';
import { boundedFetch, type ErrorAnswer } from './fetch.ts';
import { createHabitBook, type Form, type Habits, nextForm } from './form.ts';
import { createAnswerTexts } from './answer-texts.ts';
import { readAnswer } from './read.ts';
import { type Body, promptOf, type SeeingRequest, toBody } from './request.ts';
import { ProblemError } from '../../../src/job/problem.ts';
import type { Author } from '../../../src/job/snapshot.ts';
import type { AnswerRequest, Call, Capability, Ending, Report } from '../../capabilities.ts';
import { parseItem } from '../../parse-item.ts';
import { startWatch, type Watch } from '../progress-watch.ts';

/**
 * Settings of one model. `idleTimeoutMs`: how long it may bring nothing new, not even a sign of life. `thinkingMaxMs`: how long it may give signs of life only.
 * `maxTokens`: for one answer, its thinking included. `habitsOf`: what is known of servers and models.
 */
export type OpenAIOptions = {
  apiKey: string;
  baseURL?: string | undefined;
  model: string;
  idleTimeoutMs: number;
  thinkingMaxMs?: number;
  maxTokens: number;
  habitsOf?: ReturnType<typeof createHabitBook>;
};

/** Makes the capability to write structured answers with one model, also about an image. */
export function createOpenAI(options: OpenAIOptions): Capability<SeeingRequest, Ending> {
  const { apiKey, baseURL, model, idleTimeoutMs, thinkingMaxMs = Infinity, maxTokens, habitsOf = createHabitBook() } = options;
  const author: Author = { provider: 'openai', model };
  const client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });
  const habits = habitsOf(baseURL, model, maxTokens);

  /** Sends a request. An error that the server reports comes with its body. */
  const send = async (body: Body, signal: AbortSignal): Promise<Response> => {
    let failed: ErrorAnswer | undefined;
    const asking = client.withOptions({ fetch: boundedFetch((answer) => (failed = answer)) });
    try {
      return await asking.chat.completions.create(body, { signal }).asResponse();
    } catch (error) {
      if (failed) throw new RefusedError({ ...failed, body: jsonOrText(failed.text), cause: error });
      throw toCallProblem(error);
    }
  };

  /** Asks in one form and reads the answer. */
  const ask = async (form: Form, { request, report, signal, watch, call, bill }: Asking): Promise<Ending> => {
    const either = AbortSignal.any([signal, watch.signal]);
    const response = await send(toBody(model, request, form), either);
    if (isPage(response)) {
      void response.body?.cancel().catch(() => {});
      throw new ProblemError('provider_rejected', "The provider's address answers with a web page and not as a model does.");
    }
    bill.begin();
    const shape = shapeOf(request);
    const texts = createAnswerTexts((text) =>
      createAnswerReader(shape, text === 'content' ? habits.manners : text === 'thinking' ? text : undefined),
    );
    try {
      const outcome = await readAnswer(worded(readEvents(response, either)), {
        texts,
        taker: { take: request.take, whole: request.whole, begun: report.begun, alive: report.alive },
        signal,
        watch,
        bill,
        call,
        thinkingMaxMs,
        maxGrowth: Math.max(...Object.values(request.lists).map(({ itemLength }) => itemLength)),
        maxTokens,
        toError: (body) => new RefusedError({ headers: response.headers, body }),
      });
      signal.throwIfAborted(); // an aborted stream may end without an error
      return toEnding(outcome);
    } finally {
      learn(habits, texts.manners);
    }
  };

  return async (request, report, signal) => {
    let { form } = habits;
    const openBillFor = () => openBill(promptOf(toBody(model, request, form)), request.image === undefined ? 0 : 1);
    let bill = openBillFor();
    const call = await report.startCall(bill.used(), author);
    const watch = startWatch(idleTimeoutMs);
    try {
      for (;;) {
        try {
          const ending = await ask(form, { request, report, signal, watch, call, bill });
          habits.form = form;
          return ending;
        } catch (error) {
          // What a server refuses costs nothing, so it is asked again at once without that.
          const next = error instanceof RefusedError && !bill.isOwed() ? nextForm(form, error.refused) : undefined;
          if (!next || signal.aborted) throw error;
          form = next;
          bill = openBillFor();
          watch.restart();
        }
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (watch.signal.aborted && !bill.isOwed()) throw fellSilent(error);
      throw error instanceof RefusedError ? toCallProblem(error) : error;
    } finally {
      watch.stop();
      await call.settle(bill.isOwed() ? bill.used() : undefined);
    }
  };
}

/** Whether an answer of status 200 is a page for people: the address is none of a model, or a proxy on the way wants to be logged in to. */
function isPage({ headers }: Response): boolean {
  return /^\s*text\/html\b/i.test(headers.get('content-type') ?? '');
}

/** What one call is made with. */
type Asking = { request: SeeingRequest; report: Report; signal: AbortSignal; watch: Watch; call: Call; bill: Bill };

/** Remembers what an answer has shown of its model. */
function learn({ manners }: Habits, { closesOnly, longHead }: Manners): void {
  manners.closesOnly ||= closesOnly;
  manners.longHead ||= longHead;
}

/** What the reader looks for: arrays of the schema are lists, all others are fields. */
function shapeOf({ kind, schema, lists }: AnswerRequest): AnswerShape {
  const accepts = (field: string, value: unknown): boolean => {
    const type = schema.shape[field];
    if (type === undefined) return false;
    return parseItem(type instanceof z.ZodArray ? type.element : type, value).success;
  };
  return { lists: Object.keys(lists), fields: Object.keys(schema.shape).filter((field) => !(field in lists)), name: kind, accepts };
}

/** The same stream, with the connection's errors turned into ours. Errors of the code that reads it stay as they are. */
async function* worded(chunks: AsyncIterable<unknown>): AsyncIterable<unknown> {
  try {
    yield* chunks;
  } catch (error) {
    throw toCallProblem(error);
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
