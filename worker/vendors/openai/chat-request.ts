/** A request of OpenAI's Responses as one of chat completions. Pure. */
import type OpenAI from 'openai';
import type { InputItem } from '../../../src/kinds/response-input.ts';
import type { PromptRequest } from '../../capabilities.ts';

type Message = OpenAI.ChatCompletionMessageParam;
type Part = { type?: string; text?: string; refusal?: string; [field: string]: unknown };
type Input = PromptRequest['input'];

/** How a server wants the request, where servers differ. */
export type ChatForm = { cap: 'max_completion_tokens' | 'max_tokens'; usage: boolean };

/** Makes the body. What chat completions do not have is left out. */
export function toChatRequest(input: Input, { cap, usage }: ChatForm): OpenAI.ChatCompletionCreateParamsStreaming {
  const { model = '', instructions, max_output_tokens, temperature, top_p, tools = [], parallel_tool_calls, service_tier, user } = input;
  const { reasoning, text, tool_choice } = input as {
    reasoning?: Part;
    text?: { format?: Part; verbosity?: string };
    tool_choice?: string | Part;
  };
  const given = {
    [cap]: max_output_tokens,
    temperature,
    top_p,
    user,
    service_tier,
    response_format: formatOf(text?.format),
    verbosity: text?.verbosity,
    reasoning_effort: reasoning?.['effort'],
    prompt_cache_key: input.prompt_cache_key,
    safety_identifier: input.safety_identifier,
    ...(tools.length > 0 && { tools: tools.map(toTool), tool_choice: choiceOf(tool_choice), parallel_tool_calls }),
  };
  return {
    model,
    messages: [...(instructions === undefined ? [] : [{ role: 'system', content: instructions } as const]), ...toMessages(input.input)],
    stream: true,
    ...(usage && { stream_options: { include_usage: true } }),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null)),
  };
}

/**
 * The form to try after a refusal that names a part of this one; undefined if it is about
 * something else.
 */
export function nextChatForm(form: ChatForm, words: string): ChatForm | undefined {
  if (form.usage && /stream_options|include_usage/i.test(words)) return { ...form, usage: false };
  if (form.cap === 'max_completion_tokens' && /max_completion_tokens/i.test(words)) return { ...form, cap: 'max_tokens' };
  return undefined;
}

function toMessages(input: Input['input']): Message[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const messages: Message[] = [];
  for (const item of input as readonly InputItem[]) {
    const { type = 'message' } = item;
    if (type === 'function_call') addCall(messages, item);
    else if (type === 'function_call_output')
      messages.push({ role: 'tool', tool_call_id: String(item['call_id']), content: textIn(item['output']) });
    else if (type === 'message') messages.push(toMessage(item));
  }
  return messages;
}

function toMessage({ role = 'user', content = '' }: InputItem): Message {
  if (role === 'assistant') return { role, content: textIn(content) };
  if (role === 'system' || role === 'developer') return { role: 'system', content: textIn(content) };
  if (!Array.isArray(content)) return { role: 'user', content: textIn(content) };
  return { role: 'user', content: (content as Part[]).map(toPart) };
}

function toPart(part: Part): OpenAI.ChatCompletionContentPart {
  const { type, text = '', image_url, detail, file_data, filename } = part as Record<string, string | undefined>;
  if (type === 'input_image')
    return { type: 'image_url', image_url: { url: image_url ?? '', ...(detail !== undefined && { detail: detail as 'auto' }) } };
  if (type === 'input_file')
    return { type: 'file', file: { ...(file_data !== undefined && { file_data }), ...(filename !== undefined && { filename }) } };
  return { type: 'text', text };
}

/** Calls that stand together are one message. */
function addCall(messages: Message[], item: InputItem): void {
  const call = {
    id: String(item['call_id']),
    type: 'function',
    function: { name: String(item['name']), arguments: textIn(item['arguments']) },
  } as const;
  const last = messages.at(-1);
  if (last?.role === 'assistant') last.tool_calls = [...(last.tool_calls ?? []), call];
  else messages.push({ role: 'assistant', content: null, tool_calls: [call] });
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as Part[]).map(({ text, refusal }) => text ?? refusal ?? '').join('');
}

function formatOf(format: Part | undefined): OpenAI.ChatCompletionCreateParams['response_format'] | undefined {
  if (format?.type === 'json_object') return { type: 'json_object' };
  if (format?.type !== 'json_schema') return undefined;
  const { type: _, ...json_schema } = format;
  return { type: 'json_schema', json_schema: json_schema as unknown as OpenAI.ResponseFormatJSONSchema['json_schema'] };
}

function toTool(tool: Record<string, unknown>): OpenAI.ChatCompletionTool {
  const { type, ...rest } = tool;
  return { type: type as 'function', function: rest as unknown as OpenAI.FunctionDefinition };
}

function choiceOf(choice: string | Part | undefined): OpenAI.ChatCompletionToolChoiceOption | undefined {
  if (choice === undefined || typeof choice === 'string') return choice as 'auto' | undefined;
  return choice.type === 'function' ? { type: 'function', function: { name: String(choice['name']) } } : undefined;
}
