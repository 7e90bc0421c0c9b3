/** A job as a Response object, as the openai SDK reads it. Pure. */
import type { Problem, ProblemCode } from '../job/problem.ts';
import { responseId } from '../job/response.ts';
import type { Row, Snapshot, Usage } from '../job/snapshot.ts';
import { endOfPrompt, isPrompt, outputOfPrompt } from './prompt-response.ts';
import type { ResponseEcho } from './response-request.ts';

/** A job as it is shown as a Response: how it is, its rows, and what is echoed of its request. */
export type ResponseView = {
  snapshot: Pick<Snapshot, 'id' | 'kind' | 'model' | 'status' | 'attempt' | 'createdAt' | 'finishedAt' | 'end'>;
  /** All rows of the journal. */
  rows: readonly Row[];
  echo: ResponseEcho;
  /** The list of the result that streams; undefined if the kind has none. */
  list: string | undefined;
};

/** The id of the one message that a Response has. */
export function messageId(jobId: string): string {
  return `msg_${jobId}`;
}

/**
 * The pieces of text of the items that are there, in their order. Joined they are the beginning of
 * the result's JSON, in which the streamed list stands first.
 */
export function deltasOf({ rows, list }: Pick<ResponseView, 'rows' | 'list'>): string[] {
  if (list === undefined) return [];
  return rows.flatMap((row) => (row.type === 'item' && row.list === list ? [deltaOf(row, list)] : []));
}

/** The piece of text of one item of the streamed list. */
export function deltaOf({ index, value }: { index: number; value: unknown }, list: string): string {
  return `${index === 0 ? `{${JSON.stringify(list)}:[` : ','}${JSON.stringify(value)}`;
}

/** The text of a completed job: its result, of which the deltas are the beginning. */
export function responseText(view: ResponseView, result: unknown): string {
  const { list } = view;
  if (list === undefined) return JSON.stringify(result);
  const { [list]: items = [], ...rest } = result as Record<string, readonly unknown[]>;
  const deltas = deltasOf(view);
  if (deltas.length === 0) return JSON.stringify({ [list]: items, ...rest });
  const more = items.slice(deltas.length).map((value) => `,${JSON.stringify(value)}`);
  const tail = JSON.stringify(rest).slice(1, -1);
  return `${deltas.join('')}${more.join('')}]${tail === '' ? '' : `,${tail}`}}`;
}

/** The parts of a message with its text. */
export function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** The message of a Response. */
export function messageOf(jobId: string, status: 'in_progress' | 'completed' | 'incomplete', content: object[]): object {
  return { id: messageId(jobId), type: 'message', status, role: 'assistant', content };
}

/** The statuses of a Response. */
export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

/** Whether the job is or was active; a job that waits for its next attempt stays `in_progress`. */
export function hasBegun({ snapshot: { status, attempt }, rows }: ResponseView): boolean {
  return status === 'active' || status === 'completed' || attempt > 0 || rows.length > 0;
}

/** The Response of a job. */
export function toResponse(view: ResponseView): object {
  const { snapshot } = view;
  const outcome = snapshot.end?.outcome;
  const status = toStatus(view);
  return responseWith(view, status, {
    completed_at: status === 'completed' ? seconds(snapshot.finishedAt) : null,
    error: outcome?.type === 'failed' ? errorOf(outcome.error) : null,
    output: outputOf(view),
    // A cancelled run may still be billed. A replay has to say what was said first.
    usage: outcome && outcome.type !== 'cancelled' ? (endOfPrompt(view).usage ?? usageOf(outcome.usage)) : null,
  });
}

/** The Response of a job as it was when it was made, or began. */
export function unfinishedResponse(view: ResponseView, status: 'queued' | 'in_progress'): object {
  return responseWith(view, status, { completed_at: null, error: null, output: [], usage: null });
}

type Finished = { completed_at: number | null; error: object | null; output: object[]; usage: object | null };

function responseWith({ snapshot, echo }: ResponseView, status: ResponseStatus, finished: Finished): object {
  return {
    id: responseId(snapshot.id),
    object: 'response',
    created_at: seconds(snapshot.createdAt),
    status,
    background: echo.background ?? false,
    completed_at: finished.completed_at,
    error: finished.error,
    incomplete_details: status === 'incomplete' ? { reason: endOfPrompt({ snapshot }).reason } : null,
    instructions: echo.instructions ?? null,
    max_output_tokens: echo.max_output_tokens ?? null,
    metadata: echo.metadata ?? {},
    max_tool_calls: echo.max_tool_calls ?? null,
    model: isPrompt(snapshot.kind) ? (echo.model ?? snapshot.model ?? snapshot.kind) : snapshot.kind,
    output: finished.output,
    parallel_tool_calls: echo.parallel_tool_calls ?? true,
    previous_response_id: echo.previous_response_id ?? null,
    prompt_cache_key: echo.prompt_cache_key ?? null,
    reasoning: echo.reasoning ?? { effort: null, summary: null },
    service_tier: echo.service_tier ?? 'default',
    safety_identifier: echo.safety_identifier ?? null,
    store: echo.store ?? true,
    temperature: echo.temperature ?? null,
    text: echo.text ?? { format: { type: 'text' } },
    tool_choice: echo.tool_choice ?? 'auto',
    tools: echo.tools ?? [],
    top_p: echo.top_p ?? null,
    truncation: echo.truncation ?? 'disabled',
    usage: finished.usage,
    user: echo.user ?? null,
    access_programs: null,
  };
}

/** The status of a Response. */
export function toStatus(view: ResponseView): ResponseStatus {
  const { status } = view.snapshot;
  if (status === 'waiting' || status === 'active') return hasBegun(view) ? 'in_progress' : 'queued';
  return status === 'completed' && endOfPrompt(view).status === 'incomplete' ? 'incomplete' : status;
}

function outputOf(view: ResponseView): object[] {
  const { id, kind, end } = view.snapshot;
  if (isPrompt(kind)) return outputOfPrompt(view);
  if (end?.outcome.type === 'completed') return [messageOf(id, 'completed', [textPart(responseText(view, end.outcome.result))])];
  const deltas = deltasOf(view);
  if (deltas.length === 0) return [];
  return [messageOf(id, end ? 'incomplete' : 'in_progress', [textPart(deltas.join(''))])];
}

/** Our codes that a client of OpenAI knows by another name; all others are `server_error`. */
const ERROR_CODES: Partial<Record<ProblemCode, string>> = {
  provider_rate_limited: 'rate_limit_exceeded',
  provider_quota_exceeded: 'rate_limit_exceeded',
  provider_refused: 'invalid_prompt',
  content_unusable: 'invalid_prompt',
  invalid_input: 'invalid_prompt',
};

function errorOf({ code, detail }: Problem): object {
  return { code: ERROR_CODES[code] ?? 'server_error', message: detail, type: code };
}

function usageOf(usage: Usage | undefined): object | null {
  if (!usage) return null;
  const { inputTokens, outputTokens } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function seconds(ms: number | undefined): number {
  return Math.floor((ms ?? 0) / 1000);
}
