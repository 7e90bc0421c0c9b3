/**
 * The capability to write structured answers: it asks for structured output and reads it item by
 * item while it streams.
 */
import OpenAI from 'openai';
import { z } from 'zod';
import { parseJson } from '../../../src/job/parse-json.ts';
import { ProblemError } from '../../../src/job/problem.ts';
import type { AnswerRequest, Call, Capability, Completeness, Report } from '../../capabilities.ts';
import { parseItem } from '../../parse-item.ts';
import { AnswerReader, type Quirks } from '../answer.ts';
import type { AnswerShape } from '../answer-json.ts';
import { ProgressWatch } from '../progress-watch.ts';
import { AnswerTexts } from './answer-texts.ts';
import { fellSilent, RefusedError, toCallProblem, toCompleteness } from './errors.ts';
import { readEvents } from './events.ts';
import { boundedFetch, type ErrorAnswer } from './fetch.ts';
import { createModelMemory, type RequestForm, type KnownModel, nextForm } from './form.ts';
import { CompletionReader } from './read.ts';
import { type Body, promptOf, type SeeingRequest, toBody } from './request.ts';
import { CallUsage } from './usage.ts';

/**
 * Settings of one model. `idleTimeoutMs`: how long it may bring nothing new, not even a sign of
 * life. `thinkingMaxMs`: how long it may give signs of life only.
 * `maxTokens`: for one answer, its thinking included. `modelMemory`: what is known of servers and
 * models.
 */
export type OpenAIOptions = {
  apiKey: string;
  baseURL?: string | undefined;
  model: string;
  idleTimeoutMs: number;
  thinkingMaxMs?: number;
  maxTokens: number;
  modelMemory?: ReturnType<typeof createModelMemory>;
};

/** Makes the capability to write structured answers with one model, also about an image. */
export function createOpenAI(options: OpenAIOptions): Capability<SeeingRequest, Completeness> {
  const model = new ChatModel(options);
  return (request, report, signal) => model.answer(request, report, signal);
}

/** One request while it is answered: `usage` and `form` are those of the call that is made last. */
type Asking = {
  request: SeeingRequest;
  report: Report;
  signal: AbortSignal;
  watch: ProgressWatch;
  call: Call;
  usage: CallUsage;
  form: RequestForm;
};

/** A model on a server. */
class ChatModel {
  readonly #options: OpenAIOptions;
  readonly #client: OpenAI;
  readonly #known: KnownModel;

  constructor(options: OpenAIOptions) {
    const { apiKey, baseURL, model, maxTokens, modelMemory = createModelMemory() } = options;
    this.#options = options;
    this.#client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });
    this.#known = modelMemory(baseURL, model, maxTokens);
  }

  /** Answers a request: see {@link Capability}. */
  async answer(request: SeeingRequest, report: Report, signal: AbortSignal): Promise<Completeness> {
    const { model, idleTimeoutMs } = this.#options;
    const { form } = this.#known;
    const usage = this.#usageOf(request, form);
    const call = await report.startCall(usage.used(), { provider: 'openai', model });
    const watch = new ProgressWatch(idleTimeoutMs);
    const asking: Asking = { request, report, signal, watch, call, usage, form };
    try {
      return await this.#askInForms(asking);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (watch.signal.aborted && !asking.usage.isOwed) throw fellSilent(error);
      throw error instanceof RefusedError ? toCallProblem(error) : error;
    } finally {
      watch.stop();
      await call.settle(asking.usage.isOwed ? asking.usage.used() : undefined);
    }
  }

  #usageOf(request: SeeingRequest, form: RequestForm): CallUsage {
    return new CallUsage(promptOf(toBody(this.#options.model, request, form)), request.image === undefined ? 0 : 1);
  }

  /**
   * Asks in one form after the other, until the server takes one. What it refuses costs nothing, so
   * it is asked again at once.
   */
  async #askInForms(asking: Asking): Promise<Completeness> {
    for (;;) {
      try {
        const completeness = await this.#ask(asking);
        this.#known.form = asking.form;
        return completeness;
      } catch (error) {
        const next = error instanceof RefusedError && !asking.usage.isOwed ? nextForm(asking.form, error.refused) : undefined;
        if (!next || asking.signal.aborted) throw error;
        asking.form = next;
        asking.usage = this.#usageOf(asking.request, next);
        asking.watch.restart();
      }
    }
  }

  /** Asks in one form and reads the answer. */
  async #ask({ request, report, signal, watch, call, usage, form }: Asking): Promise<Completeness> {
    const { model, thinkingMaxMs = Infinity, maxTokens } = this.#options;
    const { quirks } = this.#known;
    const either = AbortSignal.any([signal, watch.signal]);
    const response = await this.#send(toBody(model, request, form), either);
    if (isPage(response)) {
      void response.body?.cancel().catch(() => {});
      throw new ProblemError('provider_rejected', "The provider's address answers with a web page and not as a model does.");
    }
    usage.begin();
    const shape = shapeOf(request);
    const texts = new AnswerTexts((text) => new AnswerReader(shape, text === 'content' ? quirks : text === 'thinking' ? text : undefined));
    const reader = new CompletionReader({
      texts,
      taker: { take: request.take, whole: request.whole, begun: report.begun, alive: report.alive },
      call,
      usage,
      watch,
      signal,
      thinkingMaxMs,
      maxGrowth: Math.max(...Object.values(request.lists).map(({ itemLength }) => itemLength)),
      maxTokens,
      toError: (body) => new RefusedError({ headers: response.headers, body }),
    });
    try {
      const ending = await reader.read(worded(readEvents(response, either)));
      signal.throwIfAborted(); // an aborted stream may end without an error
      return toCompleteness(ending);
    } finally {
      learn(quirks, texts.quirks);
    }
  }

  /** Sends a request. An error that the server reports comes with its body. */
  async #send(body: Body, signal: AbortSignal): Promise<Response> {
    let failed: ErrorAnswer | undefined;
    const asking = this.#client.withOptions({ fetch: boundedFetch((answer) => (failed = answer)) });
    try {
      return await asking.chat.completions.create(body, { signal }).asResponse();
    } catch (error) {
      if (failed) throw new RefusedError({ ...failed, body: parseJson(failed.text) ?? failed.text, cause: error });
      throw toCallProblem(error);
    }
  }
}

/**
 * Whether an answer of status 200 is a page for people: the address is none of a model, or a proxy
 * on the way wants to be logged in to.
 */
function isPage({ headers }: Response): boolean {
  return /^\s*text\/html\b/i.test(headers.get('content-type') ?? '');
}

/** Remembers what an answer has shown of its model. */
function learn(quirks: Quirks, { closesOnly, longHead }: Quirks): void {
  quirks.closesOnly ||= closesOnly;
  quirks.longHead ||= longHead;
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

/**
 * The same stream, with the connection's errors turned into ours. Errors of the code that reads it
 * stay as they are.
 */
async function* worded(chunks: AsyncIterable<unknown>): AsyncIterable<unknown> {
  try {
    yield* chunks;
  } catch (error) {
    throw toCallProblem(error);
  }
}
