/** Reads the request for the answer to any prompt, and what an earlier response gives to it. */
import type { Context } from 'hono';
import { isJobId } from '../job/id.ts';
import { attachmentsIn } from '../kinds/response-attachments.ts';
import { foldDeltas, itemOf, type ResponseDelta } from '../kinds/response-deltas.ts';
import type { InputItem } from '../kinds/response-input.ts';
import type { Kind } from '../kinds/kind.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { accessOf, findJob } from './job-access.ts';
import { RequestFault } from './openai-error.ts';
import { isPrompt } from './prompt-response.ts';
import { jobIdOf } from '../job/response.ts';

/** Fields that are no part of the kind's input. */
const BESIDE: ReadonlySet<string> = new Set(['stream', 'stream_options', 'previous_response_id']);

/**
 * The values of a request.
 * @throws RequestFault for a field that is not served
 */
export function valuesOfPrompt(body: Record<string, unknown>, kind: Kind): Record<string, unknown> {
  const given = Object.entries(body).filter(([name, value]) => value !== null && value !== undefined && !BESIDE.has(name));
  for (const [name, value] of given) {
    const isEmpty = Array.isArray(value) && value.length === 0;
    if (!(name in kind.input.shape) && !isEmpty) throw new RequestFault('unsupported_parameter', name, `'${name}' is not supported here.`);
  }
  const tools = body['tools'];
  if (Array.isArray(tools) && tools.some((tool) => (tool as { type?: unknown } | null)?.type !== 'function')) {
    throw new RequestFault('unsupported_parameter', 'tools', 'Only tools of the type function are taken, which the client runs.');
  }
  return Object.fromEntries(given.filter(([name]) => name in kind.input.shape));
}

/** The items of an input. */
export function inputItems(input: unknown): InputItem[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
  return Array.isArray(input) ? (input as InputItem[]).map((item) => ({ type: 'message', ...item })) : [];
}

/**
 * Puts what an earlier response was given and has answered before the input.
 * @throws RequestFault if the caller has no such response, or it has not ended well
 */
export async function withPrevious(
  c: Context<AppEnv>,
  deps: AppDeps,
  { values, echo: { previous_response_id: id } }: { values: Record<string, unknown>; echo: { previous_response_id?: string | undefined } },
): Promise<Record<string, unknown>> {
  if (id === undefined) return values;
  const fault = (detail: string) => new RequestFault('previous_response_not_found', 'previous_response_id', detail);
  const jobId = jobIdOf(id);
  const user = c.get('user');
  const allows = ({ owner }: { owner?: string | undefined }) => owner === undefined || owner === user;
  const isThere = jobId !== undefined && isJobId(jobId);
  const [seen, payload] = isThere
    ? await Promise.all([findJob(deps, { jobId, access: accessOf(c), allows }), deps.queue.payloadOf(jobId)])
    : [undefined, undefined];
  if (!seen || !payload || !isPrompt(seen.snapshot.kind)) throw fault('There is no such response of yours, or it is not kept any more.');
  const outcome = seen.snapshot.end?.outcome;
  if (outcome?.type !== 'completed') throw fault('The response has not ended, or did not end well: it can not be continued.');
  const given = (payload.input as { input?: unknown }).input;
  if (attachmentsIn(given).length > 0) {
    const detail = 'The response was given files, which are not kept: send the whole conversation.';
    throw new RequestFault('unsupported_parameter', 'previous_response_id', detail);
  }
  const { deltas = [] } = outcome.result as { deltas?: ResponseDelta[] };
  const answered = foldDeltas(deltas).flatMap((item) => portable(itemOf(item) as InputItem));
  return { ...values, input: [...inputItems(given), ...answered, ...inputItems(values['input'])] };
}

/** An output item as input of any model: without ids, which only the provider knows that has made it. */
function portable(made: InputItem): InputItem[] {
  const item = without(made, ['id', 'status']);
  if (item.type === 'reasoning') return item['encrypted_content'] ? [{ summary: [], ...item }] : [];
  if (item.type !== 'message' || !Array.isArray(item.content)) return [item];
  return [{ ...item, content: (item.content as InputItem[]).map((part) => without(part, ['logprobs'])) }];
}

function without(item: InputItem, names: readonly string[]): InputItem {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));
}
