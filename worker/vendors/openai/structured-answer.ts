/**
 * The capability to write structured answers: it asks for structured output and reads it item by
 * item while it streams.
 */
import OpenAI from 'openai';
import { z } from 'zod';
import { ProblemError } from '../../../src/job/problem.ts';
import type { AnswerRequest, Call, Capability, Completeness, Report } from '../../capabilities.ts';
import { parseItem } from '../../parse-item.ts';
import { AnswerReader, type Quirks } from '../answer.ts';
import type { VendorRefusal } from '../refusal.ts';
import type { AnswerShape } from '../answer-json.ts';
import { ProgressWatch } from '../progress-watch.ts';
import { createStreamedPost, type StreamedAnswer, type StreamedPost } from '../../streamed-post.ts';
import { AnswerTexts } from './answer-texts.ts';
import { fellSilent, RefusedError, toCallProblem, toCompleteness } from './errors.ts';
import { readEvents } from './events.ts';
import { createModelMemory, type RequestForm, type KnownModel, nextForm } from './form.ts';
import { CompletionReader } from './read.ts';
import { refusalIn } from './post.ts';
import { type RequestText, RequestTemplate, type SeeingRequest } from './request.ts';
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

/**
 * One request while it is answered: `text`, `usage` and `form`
 * are those of the call that is made last.
 */
type Asking = {
  request: SeeingRequest;
  report: Report;
  signal: AbortSignal;
  watch: ProgressWatch;
  call: Call;
  text: RequestText;
  usage: CallUsage;
  form: RequestForm;
};

/** A model on a server. */
class ChatModel {
  readonly #options: OpenAIOptions;
  #post: Promise<StreamedPost> | undefined;
  readonly #known: KnownModel;
  /** The templates of the kinds' requests. */
  readonly #templates = new WeakMap<z.ZodObject, RequestTemplate>();

  constructor(options: OpenAIOptions) {
    const { baseURL, model, maxTokens, modelMemory = createModelMemory() } = options;
    this.#options = options;
    this.#known = modelMemory(baseURL, model, maxTokens);
  }

  /** Answers a request: see {@link Capability}. */
  async answer(request: SeeingRequest, report: Report, signal: AbortSignal): Promise<Completeness> {
    const { model, idleTimeoutMs } = this.#options;
    const { form } = this.#known;
    const text = this.#textOf(request, form);
    const usage = new CallUsage(text.tokens);
    const call = await report.startCall(usage.used(), { provider: 'openai', model });
    const watch = new ProgressWatch(idleTimeoutMs, signal);
    const asking: Asking = { request, report, signal, watch, call, text, usage, form };
    try {
      return await this.#askInForms(asking);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (watch.isOver && !asking.usage.isOwed) throw fellSilent(error);
      throw error instanceof RefusedError ? toCallProblem(error) : error;
    } finally {
      watch.stop();
      await call.settle(asking.usage.isOwed ? asking.usage.used() : undefined);
    }
  }

  #textOf(request: SeeingRequest, form: RequestForm): RequestText {
    const { schema } = request;
    let template = this.#templates.get(schema);
    if (!template?.isOf({ ...request, form })) {
      template = new RequestTemplate({ ...request, form, model: this.#options.model });
      this.#templates.set(schema, template);
    }
    return template.fill(request);
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
        asking.text = this.#textOf(asking.request, next);
        asking.usage = new CallUsage(asking.text.tokens);
        asking.watch.restart();
      }
    }
  }

  /** Asks in one form and reads the answer. */
  async #ask({ request, report, signal, watch, call, text: { body }, usage }: Asking): Promise<Completeness> {
    const { thinkingMaxMs = Infinity, maxTokens } = this.#options;
    const { quirks } = this.#known;
    const answer = await this.#send(body, watch.signal);
    usage.begin();
    const shape = shapeOf(request);
    const texts = new AnswerTexts((text) => new AnswerReader(shape, text === 'content' ? quirks : text === 'thinking' ? text : undefined));
    const reader = new CompletionReader({
      texts,
      taker: { take: request.take, whole: request.whole, begun: report.begun, alive: report.alive, finished: report.finished },
      call,
      usage,
      watch,
      over: () => answer.over(),
      signal,
      thinkingMaxMs,
      maxGrowth: Math.max(...Object.values(request.lists).map(({ itemLength }) => itemLength)),
      maxTokens,
      toError: (reported) => new RefusedError({ headers: answer.headers(), body: reported }),
    });
    try {
      const ending = await reader.read(worded(readEvents(answer)));
      signal.throwIfAborted(); // an aborted stream may end without an error
      return toCompleteness(ending);
    } finally {
      learn(quirks, texts.quirks);
    }
  }

  /** Sends a request. An error that the server reports comes with its body. */
  async #send(body: string, signal: AbortSignal): Promise<StreamedAnswer> {
    try {
      const post = await (this.#post ??= openPost(this.#options));
      const answer = await post(body, signal);
      const refused = await refusalIn(answer);
      if (refused) throw new RefusedError({ ...refused, cause: toSdkError(refused) });
      if (!isPage(answer)) return answer;
      answer.close();
    } catch (error) {
      throw error instanceof RefusedError ? error : toCallProblem(error);
    }
    throw new ProblemError('provider_rejected', "The provider's address answers with a web page and not as a model does.");
  }
}

/**
 * The way to the server. Address and headers are the SDK's, which also reads variables of its own
 * (OPENAI_ORG_ID, OPENAI_PROJECT_ID); what differs from call to call is the body alone.
 */
async function openPost({ apiKey, baseURL }: OpenAIOptions): Promise<StreamedPost> {
  const client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });
  const { url, req } = await client.buildRequest({ method: 'post', path: '/chat/completions', body: {} });
  return createStreamedPost(url, Object.fromEntries(req.headers));
}

/** The SDK's error of a refusal: a log shows its name and the vendor's id of the request. */
function toSdkError({ status, body, headers }: VendorRefusal): Error {
  return OpenAI.APIError.generate(status, typeof body === 'object' && body !== null ? body : undefined, undefined, headers);
}

/**
 * Whether an answer of status 200 is a page for people: the address is none of a model, or a proxy
 * on the way wants to be logged in to.
 */
function isPage({ contentType }: StreamedAnswer): boolean {
  return /^\s*text\/html\b/i.test(contentType);
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
async function* worded<T>(events: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* events;
  } catch (error) {
    throw toCallProblem(error);
  }
}
