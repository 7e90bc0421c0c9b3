/**
 * Answers a prompt by chat completions, on servers that have no Responses. A completion has no id
 * by which it goes on,
 * so what is cut off after its beginning was published has failed.
 */
import type OpenAI from 'openai';
import { ProblemError } from '../../../src/job/problem.ts';
import { addPart, type GrowingItem, newItem } from '../../../src/kinds/response-deltas.ts';
import type { PromptEnd } from '../../capabilities.ts';
import { ProgressWatch } from '../progress-watch.ts';
import { type AnswerPrompt, type Asking, cutOff, endOutput, toPromptProblem, type UpstreamUsage } from './answer-prompt.ts';
import { type ChatForm, nextChatForm, toChatRequest } from './chat-request.ts';
import { fellSilent } from './errors.ts';

type Chunk = OpenAI.ChatCompletionChunk;

/** `thinkingMs`: how long nothing may come before the first text, `idleMs`: after that; in ms. */
export type ChatLimits = { thinkingMs: number; idleMs: number };

/** Makes what answers. What servers refuse of the form is remembered. */
export function createAnswerByChat({ thinkingMs, idleMs }: ChatLimits): AnswerPrompt {
  let form: ChatForm = { cap: 'max_completion_tokens', usage: true };

  /** Asks in one form after the other. A refusal costs nothing. */
  const open = async ({ client, request }: Asking, signal: AbortSignal): Promise<AsyncIterable<Chunk>> => {
    for (;;) {
      try {
        return await client.chat.completions.create(toChatRequest(request.input, form), { signal });
      } catch (error) {
        const { status, message = '' } = error as { status?: number; message?: string };
        const next = status === 400 || status === 422 ? nextChatForm(form, message) : undefined;
        if (!next) throw error;
        form = next;
      }
    }
  };

  return async (asking) => {
    const { request, signal } = asking;
    if (request.begun) throw cutOff();
    const watch = new ProgressWatch(Math.min(thinkingMs, 2_147_483_647), signal);
    try {
      const reader = new CompletionAnswer(asking);
      for await (const chunk of await open(asking, watch.signal)) {
        reader.take(chunk);
        if (request.output.length > 0) watch.restart(idleMs);
        else watch.restart();
      }
      if (watch.isOver) throw fellSilent();
      return reader.toEnd();
    } catch (error) {
      const isBegun = request.output.length > 0;
      const problem = watch.isOver ? fellSilent(error) : toPromptProblem(error);
      throw isBegun ? new ProblemError(problem.code, problem.detail, { ...problem.extras, final: true }) : problem;
    } finally {
      watch.stop();
    }
  };
}

/** Why a completion ended, as a Response says it. */
const REASONS: Readonly<Record<string, string>> = { length: 'max_output_tokens', content_filter: 'content_filter' };

/** One completion as it comes. */
class CompletionAnswer {
  readonly #asking: Asking;
  readonly #calls = new Map<number, GrowingItem>();
  readonly #name = crypto.randomUUID().replaceAll('-', '');
  #finish: string | undefined;
  #usage: UpstreamUsage | undefined;

  constructor(asking: Asking) {
    this.#asking = asking;
  }

  take({ choices, usage }: Chunk): void {
    const { request, report, bill } = this.#asking;
    if (usage) this.#usage = toUpstreamUsage(usage);
    bill(this.#usage);
    const [{ delta, finish_reason } = {}] = choices ?? [];
    if (delta?.content) this.#grow('output_text', delta.content);
    if (delta?.refusal) this.#grow('refusal', delta.refusal);
    for (const call of delta?.tool_calls ?? []) this.#growCall(call);
    this.#finish = finish_reason ?? this.#finish;
    void report.begun();
    request.grown();
  }

  toEnd(): PromptEnd {
    const { output } = this.#asking.request;
    if (this.#finish === undefined) {
      if (output.length > 0) throw cutOff();
      throw new ProblemError('provider_cut_off', 'The connection to the provider ended before its answer.');
    }
    const reason = REASONS[this.#finish];
    if (output.length === 0) this.#grow('output_text', '');
    endOutput(output, reason === undefined ? 'completed' : 'incomplete');
    return {
      status: reason === undefined ? 'completed' : 'incomplete',
      ...(reason !== undefined && { reason }),
      ...(this.#usage && { usage: this.#usage }),
    };
  }

  #grow(type: 'output_text' | 'refusal', piece: string): void {
    const { output } = this.#asking.request;
    let message = output.find(({ head }) => head.type === 'message');
    if (!message) {
      message = newItem({ id: `msg_${this.#name}`, type: 'message', status: 'in_progress', role: 'assistant', content: [] });
      output.push(message);
    }
    const isText = type === 'output_text';
    if (message.parts.at(-1)?.head?.type !== type) {
      addPart(message, isText ? { type, text: '', annotations: [], logprobs: [] } : { type, refusal: '' });
    }
    const part = message.parts.at(-1);
    if (part) part.text += piece;
  }

  #growCall({ index, id, function: called }: OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall): void {
    const { output } = this.#asking.request;
    let item = this.#calls.get(index);
    if (!item) {
      const call_id = id ?? `call_${this.#name}_${index}`;
      const head = {
        id: `fc_${this.#name}_${index}`,
        type: 'function_call',
        status: 'in_progress',
        call_id,
        name: called?.name ?? '',
        arguments: '',
      };
      item = newItem(head);
      this.#calls.set(index, item);
      endOutput(output, 'completed'); // one item comes after the other
      output.push(item);
    }
    const [part] = item.parts;
    if (part) part.text += called?.arguments ?? '';
  }
}

function toUpstreamUsage({
  prompt_tokens,
  completion_tokens,
  prompt_tokens_details,
  completion_tokens_details,
}: OpenAI.CompletionUsage): UpstreamUsage {
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: { cached_tokens: prompt_tokens_details?.cached_tokens ?? 0, cache_write_tokens: 0 },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: completion_tokens_details?.reasoning_tokens ?? 0 },
    total_tokens: prompt_tokens + completion_tokens,
  };
}
