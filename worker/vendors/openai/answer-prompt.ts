/** The capability to answer any prompt, by OpenAI's Responses or by chat completions. */
import type OpenAI from 'openai';
import type { Usage } from '../../../src/job/snapshot.ts';
import { ProblemError } from '../../../src/job/problem.ts';
import { endItem, grownItem, type GrowingItem, type OutputItem } from '../../../src/kinds/response-deltas.ts';
import { inputTokensOf } from '../../../src/kinds/response-input.ts';
import { estimateTokens } from '../../../src/job/token-estimate.ts';
import type { Call, Capability, PromptEnd, PromptRequest, Report } from '../../capabilities.ts';
import { toRefusalProblem } from '../refusal.ts';
import { PROVIDER } from './errors.ts';

/** One prompt while it is answered. */
export type Asking = {
  client: OpenAI;
  request: PromptRequest;
  report: Report;
  signal: AbortSignal;
  bill(used: UpstreamUsage | undefined): void;
};

/** What an answer has used, in OpenAI's words. */
export type UpstreamUsage = NonNullable<PromptEnd['usage']>;

/** How a provider answers a prompt. It notes in `request.output` what there is. */
export type AnswerPrompt = (asking: Asking) => Promise<PromptEnd>;

/**
 * Makes the capability. `models`: those that may be asked; the first is asked where a request
 * names none.
 */
export function createPrompts(client: OpenAI, models: readonly string[], answer: AnswerPrompt): Capability<PromptRequest, PromptEnd> {
  return async (request, report, signal) => {
    const model = request.input.model ?? models[0] ?? '';
    const asked = { ...request, input: { ...request.input, model } };
    const call = await report.startCall({ inputTokens: 0, outputTokens: 0 }, { provider: 'openai', model });
    const book = new PromptBook(asked, call, signal);
    let hasEnded = false;
    try {
      const end = await answer({ client, request: asked, report, signal, bill: (used) => book.bill(used) });
      hasEnded = true;
      return end;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error;
    } finally {
      await book.close(hasEnded);
    }
  };
}

/**
 * What one call has used: as the provider bills it, else estimated. What an earlier attempt
 * counted is taken off.
 */
class PromptBook {
  readonly #request: PromptRequest;
  readonly #call: Call;
  readonly #signal: AbortSignal;
  readonly #noteAbort = (): void => this.#aborted();
  #billed: UpstreamUsage | undefined;
  #isOwed = false;

  constructor(request: PromptRequest, call: Call, signal: AbortSignal) {
    this.#request = request;
    this.#call = call;
    this.#signal = signal;
    signal.addEventListener('abort', this.#noteAbort, { once: true });
  }

  /** The provider has begun; or it has said what it bills. */
  bill(used: UpstreamUsage | undefined): void {
    this.#isOwed = true;
    this.#billed = used ?? this.#billed;
  }

  /** The call is over. An aborted one was counted when it was. `hasEnded`: the answer is whole. */
  async close(hasEnded: boolean): Promise<void> {
    this.#signal.removeEventListener('abort', this.#noteAbort);
    if (this.#signal.aborted) return;
    await this.#call.settle(this.#isOwed ? this.#used() : undefined);
    if (!hasEnded) this.#keepCounted();
  }

  /** The run counts at once what was noted by now. What a worker hands back, the next one counts. */
  #aborted(): void {
    const { name } = (this.#signal.reason ?? {}) as { name?: string };
    if (!this.#isOwed || (name === 'HandBack' && this.#request.started)) return;
    this.#call.note(this.#used());
    if (name === 'TimeoutError') this.#keepCounted();
  }

  #keepCounted(): void {
    const { started, keepStarted } = this.#request;
    if (started) keepStarted({ ...started, counted: this.#whole() });
  }

  #used(): Usage {
    return minus(this.#whole(), this.#request.started?.counted);
  }

  #whole(): Usage {
    return this.#billed ? toUsage(this.#billed) : estimateOf(this.#request.input, this.#request.output);
  }
}

function toUsage({ input_tokens: inputTokens, output_tokens: outputTokens }: UpstreamUsage): Usage {
  return { inputTokens, outputTokens };
}

function estimateOf(input: PromptRequest['input'], output: readonly GrowingItem[]): Usage {
  const texts = output.flatMap(({ parts }) => parts.map(({ text }) => text));
  const outputTokens = Math.ceil(texts.reduce((sum, text) => sum + estimateTokens(text), 0));
  return { inputTokens: inputTokensOf(input), outputTokens, estimated: true };
}

function minus(used: Usage, counted: Usage | undefined): Usage {
  if (!counted) return used;
  const left = { inputTokens: used.inputTokens - counted.inputTokens, outputTokens: used.outputTokens - counted.outputTokens };
  return { ...used, inputTokens: Math.max(left.inputTokens, 0), outputTokens: Math.max(left.outputTokens, 0) };
}

/** Puts a whole output in the place of what there is. */
export function setOutput(output: GrowingItem[], items: readonly OutputItem[]): void {
  const heads = output.map(({ head }) => head);
  const whole = items.map((item, index) => {
    const grown = grownItem(item);
    // Clients know an item by what it began with.
    const named = heads[index]?.type === item.type ? { ...grown, head: heads[index] } : grown;
    // One at which the answer stopped has not ended by itself.
    return item.status === 'in_progress' ? { head: named.head, parts: named.parts, done: false } : named;
  });
  output.splice(0, output.length, ...whole);
}

/** Ends all items that there are. */
export function endOutput(output: readonly GrowingItem[], status: 'completed' | 'incomplete'): void {
  for (const item of output) if (!item.done) endItem(item, status === 'incomplete' ? incompleteItem(item) : undefined);
}

function incompleteItem(item: GrowingItem): OutputItem | undefined {
  const { head } = item;
  return head.type === 'message'
    ? { ...head, status: 'incomplete', content: item.parts.map(({ head: part, form, text }) => ({ ...part, [form.field]: text })) }
    : { ...head, status: 'incomplete', ...(head.type === 'function_call' && { arguments: item.parts[0]?.text ?? '' }) };
}

/**
 * Short names in a refusal that say which part of the request it is about. They hold nothing of
 * the request's texts.
 */
const NAME = /^[\w.[\]-]{1,100}$/;

/** An error of the SDK. Without a status it is of the connection, or stood in an answer. */
type SdkError = { status?: number; headers?: Headers; error?: unknown; code?: unknown; param?: unknown };

/** Turns what the SDK has thrown into a problem. */
export function toPromptProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const { status, headers, error: body, code, param } = (error ?? {}) as SdkError;
  if (status === undefined) {
    if (body !== undefined) return toRefusalProblem(PROVIDER, { body: { error: body }, cause: error });
    return new ProblemError('provider_unavailable', 'The connection to the provider broke.', { cause: error });
  }
  const problem = toRefusalProblem(PROVIDER, { status, headers, body: { error: body }, cause: error });
  const about = [code, param].filter((name) => typeof name === 'string' && NAME.test(name));
  if (problem.code !== 'provider_rejected' || about.length === 0) return problem;
  return new ProblemError(problem.code, `The provider does not accept the request (${about.join(', ')}).`, problem.extras);
}

/**
 * The problem of an answer that clients have a part of and that can't go on: another one would not
 * join.
 */
export function cutOff(cause?: unknown): ProblemError {
  const detail = 'The answer was cut off and can not go on; what had come of it is kept.';
  return new ProblemError('provider_cut_off', detail, { cause, final: true });
}
