/**
 * Normalises what a server sends: a chunk of a streamed completion, or a whole one, into text, end,
 * usage and error. A value of a wrong type is treated as absent. Hundreds of chunks a second come
 * here, so it is plain code.
 */

/** One chunk of an answer. Texts that the chunk does not have are empty. */
export type Delta = {
  content: string;
  refusal: string;
  /** The model's thinking, where its server tells it apart. */
  reasoning: string;
  /** Arguments of a tool call: the answer of models that call a tool though none was offered. */
  args: string;
  /** Why the answer has ended; undefined while it goes on. */
  finish: Finish | undefined;
  usage: TokenCount;
  /** What the server reports instead of an answer; undefined if nothing. */
  error: object | undefined;
};

/** Why an answer has ended. `cut`: the server has given up. */
export type Finish = 'stop' | 'length' | 'filtered' | 'cut';

/**
 * The tokens that the server reports for the call so far. Numbers that can't be right are absent.
 */
export type TokenCount = {
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  /** How many of them are sound. */
  inputAudioTokens?: number | undefined;
  outputAudioTokens?: number | undefined;
};

/** Reasons as servers write them. What is not here, such as an empty text or "null", is no end. */
const REASONS: Readonly<Record<Finish, string>> = {
  stop: 'stop stop_sequence end_turn eos eos_token complete tool_calls tool_use function_call',
  length: 'length max_tokens max_output_tokens model_length',
  filtered: 'content_filter content_filtered refusal sensitive safety recitation prohibited_content blocklist',
  cut: 'error abort insufficient_system_resource',
};

const FINISHES = new Map(
  (Object.entries(REASONS) as [Finish, string][]).flatMap(([finish, reasons]) => reasons.split(' ').map((reason) => [reason, finish])),
);

/** Reads a chunk of a streamed completion, or a whole completion. */
export function readChunk(raw: unknown): Delta {
  const body = fieldsOf(raw);
  const choice = fieldsOf(Array.isArray(body['choices']) ? body['choices'][0] : undefined);
  const message = fieldsOf(choice['delta'] ?? choice['message']);
  const { content, thinking } = readContent(message['content'] ?? message['parsed'] ?? choice['text']);
  const finish = choice['finish_reason'];
  return {
    content,
    refusal: text(message['refusal']),
    // Servers use one of two names for the model's thinking; some send it under both.
    reasoning: thinking + (text(message['reasoning_content']) || text(message['reasoning'])),
    args: readArguments(message),
    finish: typeof finish === 'string' ? readFinish(finish) : undefined,
    usage: readUsage(body, choice),
    error: errorIn(body) ?? errorIn(choice),
  };
}

/** The sound in a chunk of an answer that is spoken, in base64, and its words. */
export function readSound(raw: unknown): { data: string; transcript: string } {
  const { choices } = fieldsOf(raw);
  const choice = fieldsOf(Array.isArray(choices) ? choices[0] : undefined);
  const { data, transcript } = fieldsOf(fieldsOf(choice['delta'] ?? choice['message'])['audio']);
  return { data: text(data), transcript: text(transcript) };
}

/** Some servers write more behind the reason: `content_filter: PROHIBITED_CONTENT`. */
function readFinish(reason: string): Finish | undefined {
  const lower = reason.toLowerCase();
  return FINISHES.get(lower) ?? FINISHES.get(lower.split(/[:\s]/)[0] ?? '');
}

/** What an event or a body reports as an error; undefined if it is none. */
function errorIn(body: Record<string, unknown>): object | undefined {
  const { error, object, errors } = body;
  if (error) return typeof error === 'object' ? error : { message: error };
  if (object === 'error' || (Array.isArray(errors) && errors.length > 0)) return body;
  const failed =
    body['choices'] === undefined &&
    body['usage'] === undefined &&
    ('detail' in body || ('message' in body && ('code' in body || 'status' in body)));
  return failed ? body : undefined;
}

/**
 * The usage, which Groq has in a field of its own and Moonshot beside the end. Some gateways keep
 * the names that Anthropic gives it.
 */
function readUsage(body: Record<string, unknown>, choice: Record<string, unknown>): TokenCount {
  const used = fieldsOf(body['usage'] ?? fieldsOf(body['x_groq'])['usage'] ?? choice['usage']);
  return {
    inputTokens: tokens(used['prompt_tokens'] ?? used['input_tokens']),
    outputTokens: tokens(used['completion_tokens'] ?? used['output_tokens']),
    inputAudioTokens: tokens(fieldsOf(used['prompt_tokens_details'])['audio_tokens']),
    outputAudioTokens: tokens(fieldsOf(used['completion_tokens_details'])['audio_tokens']),
  };
}

/**
 * The text of a message, which may be a list of parts, or the answer as JSON. Parts with thinking
 * are told apart.
 */
function readContent(content: unknown): { content: string; thinking: string } {
  if (typeof content === 'string') return { content, thinking: '' };
  if (isAnswer(content)) return { content: JSON.stringify(content), thinking: '' };
  const parts = Array.isArray(content) ? content : [content];
  let said = '';
  let thinking = '';
  for (const part of parts) {
    if (typeof part === 'string') said += part;
    const { type, thought } = fieldsOf(part);
    if (thought === true || (typeof type === 'string' && /think|reason/i.test(type))) thinking += textIn(part);
    else if (typeof part === 'object') said += textIn(part);
  }
  return { content: said, thinking };
}

/** Whether a content is no part but the answer itself, which a server has parsed. */
function isAnswer(content: unknown): boolean {
  return typeof content === 'object' && content !== null && !Array.isArray(content) && !('type' in content) && textIn(content) === '';
}

/** The text somewhere in a part: under its own name or one level deeper. */
function textIn(part: unknown): string {
  const { text: own, thinking, summary } = fieldsOf(part);
  const inner = own ?? thinking ?? summary;
  if (typeof inner === 'string') return inner;
  if (Array.isArray(inner)) return inner.map((each) => (typeof each === 'string' ? each : text(fieldsOf(each)['text']))).join('');
  return text(fieldsOf(inner)['value']);
}

/** The arguments of tool calls. Each call begins a line. */
function readArguments({ tool_calls: calls, function_call: call }: Record<string, unknown>): string {
  if (!Array.isArray(calls)) return call ? argumentsOf(call) : '';
  return calls.map((each) => (fieldsOf(each)['id'] ? '\n' : '') + argumentsOf(fieldsOf(each)['function'])).join('');
}

function argumentsOf(called: unknown): string {
  const { arguments: args } = fieldsOf(called);
  return typeof args === 'object' && args !== null ? JSON.stringify(args) : text(args);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : NOTHING;
}

const NOTHING: Record<string, unknown> = {};

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * No call uses more tokens than this. A greater number is a mistake, and would use up a user's
 * budget.
 */
const MAX_TOKENS = 1_000_000_000;

function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_TOKENS ? Math.ceil(value) : undefined;
}
