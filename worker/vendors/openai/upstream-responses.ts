/**
 * Answers a prompt by OpenAI's Responses. The response runs in the background there, so that it
 * goes on where
 * a connection or a worker is lost: it is bought once.
 */
import type OpenAI from 'openai';
import { ProblemError } from '../../../src/job/problem.ts';
import { addPart, endItem, type GrowingItem, newItem, type OutputItem, type OutputPart } from '../../../src/kinds/response-deltas.ts';
import type { PromptEnd } from '../../capabilities.ts';
import { pause } from '../pause.ts';
import { toRefusalProblem } from '../refusal.ts';
import { type AnswerPrompt, type Asking, cutOff, endOutput, setOutput, toPromptProblem, type UpstreamUsage } from './answer-prompt.ts';
import { PROVIDER } from './errors.ts';

type UpstreamEvent = OpenAI.Responses.ResponseStreamEvent;
type Upstream = OpenAI.Responses.Response;

/** How long a stream may be silent until the response is asked for itself, in ms. */
const SILENCE_MS = 30_000;

/** How often a response is asked for that does not stream, in ms. */
const POLL_MS = 2000;

/** How often in a row a response may not be reached. */
const MAX_LOST = 4;

/** How long to wait before the next try to reach it, in ms; for each further one again so long. */
const LOST_MS = 500;

/** How long a cancelling at the provider may take, in ms. */
const CANCEL_MS = 5000;

/** Answers. */
export const answerByResponses: AnswerPrompt = async (asking) => {
  const reader = new UpstreamResponse(asking);
  try {
    return reader.toEnd(await reader.read());
  } catch (error) {
    if (asking.signal.aborted) await reader.stopIfUnwanted();
    throw error;
  }
};

/** One response at the provider. */
class UpstreamResponse {
  readonly #asking: Asking;
  #id: string | undefined;
  /** The number of the last event that was read. */
  #seen: number | undefined;

  constructor(asking: Asking) {
    this.#asking = asking;
    this.#id = asking.request.started?.id;
  }

  /** Reads the response until it has ended. */
  async read(): Promise<Upstream> {
    const { request } = this.#asking;
    if (this.#id === undefined) {
      if (request.begun) throw cutOff();
      const ended = await this.#create();
      if (ended) return ended;
    } else this.#asking.bill(undefined);
    return this.#goOn();
  }

  /** Begins it, and reads its stream. Returns undefined if the stream broke and the response can go on. */
  async #create(): Promise<Upstream | undefined> {
    const { client, request, signal } = this.#asking;
    const inBackground = request.input.store !== false;
    try {
      const stream = await client.responses.create(bodyOf(request.input, inBackground), { signal });
      return await this.#readStream(stream, inBackground);
    } catch (error) {
      if (signal.aborted || error instanceof ProblemError) throw error;
      if (this.#id !== undefined) return undefined;
      throw request.output.length > 0 ? cutOff(error) : toPromptProblem(error);
    }
  }

  /** Goes on with it: by its stream, else by asking for it now and then. */
  async #goOn(): Promise<Upstream> {
    const { client, signal, report } = this.#asking;
    const id = this.#id ?? '';
    let streams = true;
    for (let lost = 0; lost < MAX_LOST; lost++) {
      try {
        if (streams) {
          const seen = this.#seen;
          const after = seen === undefined ? {} : { starting_after: seen };
          const stream = await client.responses.retrieve(id, { stream: true, ...after }, { signal });
          const ended = await this.#readStream(stream, true).catch((error: unknown) => {
            if (signal.aborted || error instanceof ProblemError) throw error;
          });
          if (ended) return ended;
          if (this.#seen !== seen) lost = 0;
        }
        const response = await client.responses.retrieve(id, {}, { signal });
        if (hasEnded(response)) return response;
        report.alive();
        if (!streams) lost = 0;
        await pause(streams ? LOST_MS * (lost + 1) : POLL_MS, signal);
      } catch (error) {
        if (signal.aborted || error instanceof ProblemError) throw error;
        const { status } = error as { status?: number };
        if (status === 404 || status === 410) {
          if (!streams) throw cutOff(error);
          streams = false; // its stream may be gone before it is
        } else if (status === 400 || status === 405 || status === 501) {
          if (!streams) throw toPromptProblem(error);
          streams = false;
        } else if (lost === MAX_LOST - 1) throw toPromptProblem(error);
        else await pause(LOST_MS * (lost + 1), signal);
      }
    }
    throw new ProblemError('provider_unavailable', 'The connection to the provider broke again and again.');
  }

  /**
   * Reads a stream; undefined if it ended without the response's end. `isKept`: whether the response
   * can go on.
   */
  async #readStream(
    stream: AsyncIterable<UpstreamEvent> & { controller: AbortController },
    isKept: boolean,
  ): Promise<Upstream | undefined> {
    const { request, report } = this.#asking;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watch = (): void => {
      clearTimeout(timer);
      if (isKept) timer = setTimeout(() => stream.controller.abort(), SILENCE_MS);
    };
    try {
      watch();
      for await (const event of stream) {
        watch();
        this.#seen = event.sequence_number ?? this.#seen;
        if ('response' in event) this.#note(event.response, isKept);
        if (event.type === 'error') throw toRefusalProblem(PROVIDER, { body: { error: event } });
        if ('response' in event && hasEnded(event.response)) return event.response;
        void report.begun();
        takeEvent(request.output, event);
        request.grown();
      }
    } finally {
      clearTimeout(timer);
      stream.controller.abort();
    }
    if (isKept && this.#id !== undefined) return undefined;
    throw cutOff();
  }

  /** Keeps the id as soon as there is one. */
  #note(response: Upstream, isKept: boolean): void {
    const { request, bill } = this.#asking;
    bill(usageOf(response));
    if (this.#id !== undefined || !isKept) return;
    this.#id = response.id;
    request.started = { id: response.id };
    request.keepStarted(request.started);
  }

  /** Takes the whole answer, and says how it ended. */
  toEnd(response: Upstream): PromptEnd {
    const { request, bill } = this.#asking;
    const { status, error, incomplete_details: details } = response;
    bill(usageOf(response));
    const isAnswer = status === 'completed' || status === 'incomplete';
    if (isAnswer && response.output.length > 0) setOutput(request.output, response.output as unknown as OutputItem[]);
    const usage = usageOf(response);
    const billed = usage ? { usage } : {};
    switch (status) {
      case 'completed':
        endOutput(request.output, 'completed');
        request.grown();
        return { status: 'completed', ...billed };
      case 'incomplete':
        endOutput(request.output, 'incomplete');
        request.grown();
        return { status: 'incomplete', reason: details?.reason ?? 'max_output_tokens', ...billed };
      case 'failed':
        throw this.#failure(error);
      default:
        throw cutOff();
    }
  }

  /** A response that failed is not asked for again where clients have a part of it. */
  #failure(error: Upstream['error']): ProblemError {
    const { request } = this.#asking;
    const problem = toRefusalProblem(PROVIDER, { body: { error } });
    const isBegun = request.begun || request.output.length > 0;
    if (!isBegun) request.keepStarted((request.started = undefined));
    if (isBegun) return new ProblemError(problem.code, problem.detail, { ...problem.extras, final: true });
    return problem;
  }

  /** Stops it where nobody wants it any more. Another run that took the job over goes on with it. */
  async stopIfUnwanted(): Promise<void> {
    const { client, request, signal, bill } = this.#asking;
    const isTimeout = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
    if (this.#id === undefined || !(isTimeout || (await request.isOver().catch(() => false)))) return;
    const stopped = await client.responses.cancel(this.#id, { timeout: CANCEL_MS }).catch(() => undefined);
    if (stopped) bill(usageOf(stopped));
  }
}

const ENDED: ReadonlySet<string | undefined> = new Set(['completed', 'incomplete', 'failed', 'cancelled']);

const hasEnded = ({ status }: Upstream): boolean => ENDED.has(status);

/** What the provider has billed so far. */
const usageOf = ({ usage }: Upstream): UpstreamUsage | undefined => (usage ?? undefined) as unknown as UpstreamUsage | undefined;

/**
 * The request as it was sent, without what is answered here, and without the address of the user's
 * own server, which may hold a secret.
 */
function bodyOf(input: Asking['request']['input'], inBackground: boolean): OpenAI.Responses.ResponseCreateParamsStreaming {
  const { background: _, metadata: { callback_url: __, ...metadata } = {}, ...rest } = input;
  return {
    ...rest,
    ...(input.metadata && { metadata }),
    stream: true,
    ...(inBackground && { background: true }),
  } as unknown as OpenAI.Responses.ResponseCreateParamsStreaming;
}

/** Takes an event of the stream. Those that say nothing new of the output change nothing. */
function takeEvent(output: GrowingItem[], event: UpstreamEvent): void {
  if (event.type === 'response.output_item.added')
    return void (output[event.output_index] ??= newItem(event.item as unknown as OutputItem));
  if (!('output_index' in event)) return;
  const item = output[event.output_index];
  if (!item) return;
  switch (event.type) {
    case 'response.output_item.done':
      output[event.output_index] = { ...item, ...endItem(item, event.item as unknown as OutputItem) };
      return;
    case 'response.content_part.added':
    case 'response.reasoning_summary_part.added':
      if (indexOf(event) >= partsOf(item, event.type).length) addPart(item, event.part as unknown as OutputPart);
      return;
    case 'response.content_part.done':
    case 'response.reasoning_summary_part.done': {
      const part = partsOf(item, event.type)[indexOf(event)];
      if (part) Object.assign(part, { textDone: true, done: true, final: event.part });
      return;
    }
    default: {
      const part = partsOf(item, event.type)[indexOf(event)];
      if (!part) return;
      if (event.type.endsWith('.delta') && 'delta' in event && typeof event.delta === 'string' && !part.textDone) part.text += event.delta;
      else if (event.type.endsWith('.done') && part.form.field in event) {
        Object.assign(part, { textDone: true, text: String((event as unknown as Record<string, unknown>)[part.form.field]) });
      }
    }
  }
}

const indexOf = (event: UpstreamEvent): number =>
  'summary_index' in event ? event.summary_index : 'content_index' in event ? event.content_index : 0;

/** The parts that an event can be about. */
function partsOf({ parts }: GrowingItem, type: string): GrowingItem['parts'] {
  return parts.filter(({ form }) => (form.list === 'summary') === type.startsWith('response.reasoning_summary'));
}
