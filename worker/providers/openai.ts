/** OpenAI, or any server that speaks its chat completions: structured output, read item by item as it streams. */
import OpenAI, { APIError } from 'openai';
import { JSONParser } from '@streamparser/json';
import { z } from 'zod';
import { ProblemError, type ProblemCode } from '../../src/jobs/problem.ts';
import type { ListRequest, Part, Provider } from './provider.ts';

/** Where the server is, and how long it may be silent, in ms. */
export type OpenAIOptions = { apiKey: string; baseURL?: string | undefined; model: string; idleTimeoutMs: number };

/** Makes the provider. It tries once: trying again is the queue's business, which keeps what was finished. */
export function createOpenAI({ apiKey, baseURL, model, idleTimeoutMs }: OpenAIOptions): Provider {
  const client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });

  async function* makeList(request: ListRequest, signal: AbortSignal): AsyncIterable<Part> {
    const idle = new AbortController();
    // The SDK's own timeout ends with the answer's headers; a stream that falls silent needs this one.
    const watchdog = setTimeout(() => idle.abort(), idleTimeoutMs);
    try {
      const chunks = await client.chat.completions.create(toBody(model, request), { signal: AbortSignal.any([signal, idle.signal]) });
      yield* readItems(
        request.list,
        touched(chunks, () => watchdog.refresh()),
      );
    } catch (error) {
      throw signal.aborted ? signal.reason : toProblemError(error, idle.signal.aborted);
    } finally {
      clearTimeout(watchdog);
    }
    // An aborted stream of this SDK ends quietly.
    signal.throwIfAborted();
  }

  return { name: 'openai', makeList };
}

function toBody(model: string, { list, item, instructions, material }: ListRequest): OpenAI.ChatCompletionCreateParamsStreaming {
  const { $schema: _, ...schema } = z.toJSONSchema(z.strictObject({ [list]: z.array(item) }), { io: 'input', override: withoutBounds });
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: instructions },
      { role: 'user', content: JSON.stringify(material) },
    ],
    response_format: { type: 'json_schema', json_schema: { name: list, strict: true, schema } },
  };
}

/** Strict schemas allow no bounds on lengths, and no further properties; items are checked when they come. */
function withoutBounds({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  for (const key of ['minLength', 'maxLength', 'minItems', 'maxItems']) delete jsonSchema[key];
  if (jsonSchema['type'] === 'object') jsonSchema['additionalProperties'] = false;
}

async function* touched<T>(chunks: AsyncIterable<T>, onChunk: () => void): AsyncIterable<T> {
  for await (const chunk of chunks) {
    onChunk();
    yield chunk;
  }
}

/** Reads a streamed completion; throws unless it says itself that it is whole. */
async function* readItems(list: string, chunks: AsyncIterable<OpenAI.ChatCompletionChunk>): AsyncIterable<Part> {
  const items: unknown[] = [];
  const parser = new JSONParser({ paths: [`$.${list}.*`], keepStack: false });
  parser.onValue = ({ value }) => items.push(value);
  let used = { inputTokens: 0, outputTokens: 0 };
  let begun = false;
  let refusal = '';
  let finish: string | null = null;

  for await (const chunk of chunks) {
    const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = chunk.usage ?? {};
    if (inputTokens !== undefined && outputTokens !== undefined) {
      // Some servers send it with each chunk, and then it is of all so far.
      yield { type: 'usage', usage: { inputTokens: inputTokens - used.inputTokens, outputTokens: outputTokens - used.outputTokens } };
      used = { inputTokens, outputTokens };
    }

    const choice = chunk.choices[0];
    if (!choice) continue;
    refusal += choice.delta.refusal ?? '';
    finish = choice.finish_reason ?? finish;
    let text = choice.delta.content ?? '';
    if (!begun) text = text.slice(Math.max(text.indexOf('{'), 0)); // some servers open with a code fence
    begun ||= text.startsWith('{');
    const error = begun && text !== '' && !parser.isEnded ? write(parser, text) : undefined;
    for (const value of items.splice(0)) yield { type: 'item', value };
    if (error) throw error; // what was whole before it is kept
  }

  if (refusal !== '') throw new ProblemError('provider_refused', `The model declined: ${refusal.slice(0, 300)}`);
  checkFinish(finish);
  if (!parser.isEnded) throw new ProblemError('provider_bad_answer', 'The model ended its answer before the JSON in it was whole.');
}

function write(parser: JSONParser, text: string): ProblemError | undefined {
  try {
    parser.write(text);
    return undefined;
  } catch (cause) {
    return new ProblemError('provider_bad_answer', 'The model wrote something that is not the JSON it was asked for.', { cause });
  }
}

function checkFinish(reason: string | null): void {
  switch (reason) {
    case 'stop':
      return;
    case 'length':
      throw new ProblemError('provider_cut_off', "The model's answer reached its length limit before it was whole.");
    case 'content_filter':
      throw new ProblemError('provider_refused', "The provider's content filter stopped the answer.");
    case null:
      throw new ProblemError('provider_cut_off', 'The connection to the model ended before its answer was whole.');
    default:
      throw new ProblemError('provider_bad_answer', `The model stopped for a reason that was not expected (${reason.slice(0, 50)}).`);
  }
}

/** Answers that mean the same whatever their text; 5xx and the rest are `provider_unavailable`. */
const byStatus: Partial<Record<number, [code: ProblemCode, detail: string]>> = {
  400: ['provider_rejected', 'The provider does not accept the request; the server log has its reason.'],
  401: ['provider_unauthorized', "The provider does not accept this server's key."],
  403: ['provider_unauthorized', "The provider does not allow this server's key to do that."],
  404: ['provider_rejected', 'The provider does not know the model this server is set to.'],
  408: ['provider_timeout', 'The provider gave up waiting.'],
  413: ['provider_rejected', 'The content is too long for the model.'],
  422: ['provider_rejected', 'The provider does not accept the request; the server log has its reason.'],
  429: ['provider_rate_limited', 'The provider asks to slow down.'],
};

function toProblemError(error: unknown, idle: boolean): unknown {
  // Before all else: a stream that was given up ends quietly, as if it had been cut.
  if (idle) return new ProblemError('provider_timeout', 'The model fell silent before its answer was whole.', { cause: error });
  if (error instanceof ProblemError) return error;
  if (!(error instanceof APIError)) {
    return new ProblemError('provider_unavailable', 'The connection to the provider broke.', { cause: error });
  }
  if (error.code === 'insufficient_quota') {
    return new ProblemError('provider_quota_exceeded', "The quota of this server's account with the provider is used up.", {
      cause: error,
    });
  }
  const [code, detail] = byStatus[error.status ?? 0] ?? [
    'provider_unavailable',
    'The provider could not be reached, or answered with an error of its own.',
  ];
  const retryAfterMs = readRetryAfter(error.headers);
  return new ProblemError(code, detail, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** `Retry-After` (RFC 9110, section 10.2.3), seconds or a date, in ms from now. */
function readRetryAfter(headers: Headers | undefined): number | undefined {
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
