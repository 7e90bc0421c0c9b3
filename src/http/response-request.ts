/** Reads the request for a Response: the kind that it names, that kind's input, and what is echoed. */
import { z } from 'zod';
import { parseJson } from '../job/parse-json.ts';
import { ProblemError } from '../job/problem.ts';
import type { Kind } from '../kinds/kind.ts';
import { valuesFor } from './form-values.ts';
import { RequestFault } from './openai-error.ts';
import { valuesOfPrompt } from './prompt-request.ts';

/** What clients send and read again, though no kind uses it. */
const echoed = z.object({
  background: z.boolean().nullish(),
  instructions: z.unknown().optional(),
  max_output_tokens: z.number().nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z.unknown().optional(),
  service_tier: z.string().nullish(),
  store: z.boolean().nullish(),
  temperature: z.number().nullish(),
  text: z.unknown().optional(),
  top_p: z.number().nullish(),
  truncation: z.string().nullish(),
  user: z.string().nullish(),
});

const part = z.looseObject({ type: z.string() });
const message = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: z.union([z.string(), z.array(part)]).optional(),
});

const request = z.looseObject({
  ...echoed.shape,
  model: z.string(),
  input: z.union([z.string(), z.array(message)]),
  stream: z.boolean().nullish(),
});

/** What is echoed of a request. It is kept with the job, with the texts of its input. */
export type ResponseEcho = z.infer<typeof echoed> & {
  input?: object[];
  /** What only a request for any prompt has. */
  model?: string | undefined;
  previous_response_id?: string | undefined;
  tools?: readonly object[] | undefined;
  tool_choice?: unknown;
  max_tool_calls?: number | undefined;
  prompt_cache_key?: string | undefined;
  safety_identifier?: string | undefined;
  top_logprobs?: number | undefined;
};

/** A request, understood: the body that the kind's own route would take, and what is echoed. */
export type ResponseRequest = { kind: Kind; values: Record<string, unknown>; echo: ResponseEcho; stream: boolean };

/** Fields that change what is asked for, and that no kind has. */
const REFUSED = ['tools', 'previous_response_id', 'conversation', 'prompt', 'include'] as const;

/** The fields that a text can be, the first that a kind has. */
const MAIN_FIELDS = ['content', 'text', 'referenceText'] as const;

/** By the type of a part: where the bytes of a file stand in it. */
const FILE_PARTS: Readonly<Record<string, (part: Record<string, unknown>) => unknown>> = {
  input_image: ({ image_url }) => image_url,
  input_file: ({ file_data }) => file_data,
  input_audio: ({ input_audio }) =>
    typeof input_audio === 'object' && input_audio !== null && 'data' in input_audio ? input_audio.data : '',
};

/**
 * Reads a request.
 * @throws RequestFault which names the field that is missing, of another type, or not supported
 */
export function readResponseRequest(body: unknown, kinds: readonly Kind[]): ResponseRequest {
  const { data, error } = request.safeParse(body);
  if (!data) throw faultIn(body, error);
  if (data.background && data.store === false)
    throw new RequestFault('unsupported_parameter', 'store', 'A response in the background is stored; leave out "store".');
  const kind = kinds.find(({ name, models = [name] }) => models.includes(data.model));
  if (!kind)
    throw new RequestFault(
      'model_not_found',
      'model',
      `There is no model ${JSON.stringify(data.model.slice(0, 100))} here; GET /v1/models lists what there is.`,
    );
  const stream = data.stream === true;
  if (kind.models) return { kind, values: valuesOfPrompt(data, kind), echo: { ...echoed.parse(data), ...previousOf(data) }, stream };
  for (const name of REFUSED) if (isGiven(data[name])) throw notSupported(name);
  const messages = typeof data.input === 'string' ? [{ role: 'user', content: data.input }] : data.input;
  const values = { ...valuesOfMetadata(kind, data.metadata ?? {}), ...valuesOfInput(kind, messages) };
  const echo = { ...echoed.parse(data), input: messages.map(withoutFiles) };
  return { kind, values, echo, stream };
}

/** The error for an input that the kind does not take, in OpenAI's words. */
export function toInputFault(error: unknown, { kind, echo: { metadata } }: ResponseRequest): unknown {
  if (!(error instanceof ProblemError) || error.code !== 'invalid_input' || error instanceof RequestFault) return error;
  const field = decodeURIComponent(error.extras.errors?.[0]?.pointer.split('/')[1] ?? '');
  if (kind.models) return new RequestFault('invalid_value', field === '' ? null : field, error.detail);
  return new RequestFault('invalid_value', metadata && field in metadata ? `metadata.${field}` : 'input', error.detail);
}

function faultIn(body: unknown, error: z.ZodError): RequestFault {
  const [issue] = error.issues;
  const [field] = issue?.path ?? [];
  if (field === undefined) return new RequestFault('invalid_type', null, 'The body must be one JSON object.');
  const param = issue?.path.map(String).join('.') ?? '';
  const isMissing = typeof body === 'object' && body !== null && !(field in body);
  if (isMissing) return new RequestFault('missing_required_parameter', param, `Missing required parameter: '${param}'.`);
  return new RequestFault('invalid_type', param, `'${param}': ${issue?.message ?? 'is of another type'}.`);
}

function previousOf({ previous_response_id: id }: Record<string, unknown>): { previous_response_id?: string } {
  if (!isGiven(id)) return {};
  if (typeof id !== 'string') throw new RequestFault('invalid_type', 'previous_response_id', 'previous_response_id must be a text.');
  return { previous_response_id: id };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function notSupported(param: string): RequestFault {
  return new RequestFault('unsupported_parameter', param, `'${param}' is not supported for this model.`);
}

type Message = z.infer<typeof message>;

/** The input of a kind out of the last user's message. */
function valuesOfInput(kind: Kind, messages: readonly Message[]): Record<string, unknown> {
  const { content = '' } = messages.findLast(({ role }) => role === 'user') ?? {};
  const parts = typeof content === 'string' ? [{ type: 'input_text', text: content }] : content;
  const text = parts.flatMap((one) => ('text' in one && typeof one['text'] === 'string' ? [one['text']] : [])).join('\n');
  return { ...valuesOfFiles(kind, parts), ...valuesOfText(kind, text) };
}

function valuesOfText({ input, files = {} }: Kind, text: string): Record<string, unknown> {
  const value = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
  if (typeof value === 'object' && value !== null && Object.keys(value).some((name) => name in input.shape || name in files))
    return { ...value };
  if (text === '') return {};
  const field = MAIN_FIELDS.find((name) => name in input.shape);
  if (field === undefined)
    throw new RequestFault('invalid_value', 'input', 'This model takes no plain text: send its fields as a JSON object.');
  return { [field]: text };
}

function valuesOfFiles({ files = {} }: Kind, parts: readonly z.infer<typeof part>[]): Record<string, unknown> {
  const [field, ...others] = Object.keys(files);
  const values: Record<string, unknown> = {};
  for (const one of parts) {
    const dataOf = FILE_PARTS[one.type];
    if (!dataOf) continue;
    if (field === undefined || others.length > 0)
      throw new RequestFault('unsupported_parameter', 'input', `This model takes no part of the type ${one.type}.`);
    const data = dataOf(one);
    if (typeof data !== 'string' || /^https?:/i.test(data))
      throw new RequestFault('invalid_value', 'input', 'Send the file itself, as base64 or as a data URL.');
    values[field] = data;
  }
  return values;
}

/** Fields beside the text: strings, read as those of a form are. */
function valuesOfMetadata(kind: Kind, metadata: Record<string, string>): Record<string, unknown> {
  const known = Object.entries(metadata).filter(([name]) => name in kind.input.shape);
  return valuesFor(kind.input)(new Map(known.map(([name, text]) => [name, [text]])));
}

/** A message as it is listed later: its texts. Files are kept apart, with the job. */
function withoutFiles({ role = 'user', content = '' }: Message): object {
  const parts = typeof content === 'string' ? [{ type: 'input_text', text: content }] : content.filter(({ type }) => !(type in FILE_PARTS));
  return { type: 'message', role, status: 'completed', content: parts };
}
