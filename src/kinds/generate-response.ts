/**
 * The response kind: any prompt in, the answer of a model out, as OpenAI's Responses have it. It is
 * off unless RESPONSE_MODELS names the models that may be asked.
 */
import { z } from 'zod';
import { defineKind, type Kind } from './kind.ts';
import { isAttachment } from './response-attachments.ts';
import { responseDelta } from './response-deltas.ts';
import { charsOf, inputFaults, type InputItem, inputTokensOf } from './response-input.ts';

/** How the kind is set: the models that may be asked, and what one request may cost. */
export type ResponseSettings = { models: readonly string[]; maxInputChars: number; maxOutputTokens: number };

/** What an answer may take where a request does not say it, in tokens. */
export const MAX_OUTPUT_TOKENS = 4096;

/** How much a model may be given to read, in characters. */
export const MAX_INPUT_CHARS = 100_000;

const tool = z.looseObject({
  type: z.literal('function', 'only functions are taken, which the client runs'),
  name: z.string().min(1).max(128),
});

const inputItem = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
});

const includable = z.enum(['reasoning.encrypted_content', 'message.output_text.logprobs']);

/** The schema of the input: a request of OpenAI's Responses, as far as it is served. */
const input = z.object({
  input: z.union([z.string().min(1), z.array(inputItem).min(1)]).describe('The prompt: a text, or messages and what tools have answered.'),
  model: z.string().min(1).max(200).optional().describe('One of the models that are set; without it, the first.'),
  instructions: z.string().optional().describe('What the model is told before the input.'),
  max_output_tokens: z.int().min(1).optional().describe('The most tokens of the answer, reasoning included.'),
  background: z.boolean().optional().describe('Shown again, and changes nothing: each response is a job.'),
  include: z.array(includable).optional(),
  max_tool_calls: z.int().min(1).optional(),
  metadata: z.record(z.string().max(64), z.string().max(512)).optional().describe('Shown again.'),
  parallel_tool_calls: z.boolean().optional(),
  prompt_cache_key: z.string().max(200).optional(),
  reasoning: z.looseObject({}).optional(),
  safety_identifier: z.string().max(200).optional(),
  service_tier: z.enum(['auto', 'default', 'flex']).optional(),
  store: z.boolean().optional().describe('`false`: the provider keeps nothing, so that an answer which is cut off can not go on.'),
  temperature: z.number().min(0).max(2).optional(),
  text: z.looseObject({}).optional().describe('The format of the text, such as a JSON schema.'),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string(), name: z.string().optional() })]).optional(),
  tools: z.array(tool).max(128).optional().describe('Functions that the model may call. The client runs them.'),
  top_logprobs: z.int().min(0).max(20).optional(),
  top_p: z.number().min(0).max(1).optional(),
  truncation: z.enum(['auto', 'disabled']).optional(),
  user: z.string().max(200).optional(),
});

const usage = z.looseObject({ input_tokens: z.int(), output_tokens: z.int(), total_tokens: z.int() });

export const generateResponse = defineKind({
  name: 'generate-response',
  path: '/api/ai/generate-response',
  method: 'response',
  variable: 'RESPONSE',
  capability: 'response',
  withoutKey: 'nobody',
  summary: 'Answers any prompt with a model.',
  pushTexts: { completed: 'Your answer is ready.', failed: 'Your answer could not be written. Try again.' },
  input,
  lists: ['deltas'],
  attachments: true,
  estimate: (request) => ({
    inputTokens: inputTokensOf(request),
    outputTokens: request.max_output_tokens ?? MAX_OUTPUT_TOKENS,
  }),
  result: z.object({
    text: z.string().describe('All of the text.'),
    status: z.enum(['completed', 'incomplete']),
    reason: z.string().optional().describe('Why it is incomplete: `max_output_tokens` or `content_filter`.'),
    usage: usage.optional().describe('What the provider billed, in its own words.'),
    deltas: z.array(responseDelta).describe('The steps by which the answer came.'),
  }),
  smoke: { input: 'Say one word.', max_output_tokens: 200 },
  example: {
    input: { input: 'What is the capital of France?', instructions: 'Answer in one word.' },
    result: { text: 'Paris', status: 'completed', deltas: [{ text: 'Par' }, { text: 'is' }] },
  },
});

/** The kinds as a process has them: without this one, unless models are set for it. */
export function kindsSet(kinds: readonly Kind[], settings: ResponseSettings): readonly Kind[] {
  return kinds.flatMap((kind) => {
    if (kind.name !== generateResponse.name) return [kind];
    return settings.models.length === 0 ? [] : [withSettings(settings)];
  });
}

/** The kind with the bounds that are set. What the bounds make of a request is stored with it. */
function withSettings({ models, maxInputChars, maxOutputTokens }: ResponseSettings): Kind {
  const [first = ''] = models;
  const bounded = input
    .extend({
      model: z
        .enum(models as [string, ...string[]])
        .default(first)
        .describe('The model that answers.'),
      max_output_tokens: z
        .int()
        .min(1)
        .max(maxOutputTokens)
        .default(maxOutputTokens)
        .describe('The most tokens of the answer, reasoning included.'),
    })
    .superRefine((request, context) => {
      const items = typeof request.input === 'string' ? [] : (request.input as readonly InputItem[]);
      for (const { path, message } of inputFaults(items, isAttachment))
        context.addIssue({ code: 'custom', path: ['input', ...path], message });
      const chars = charsOf(request);
      if (chars > maxInputChars) {
        const message = `has ${chars} characters to read, what it continues included; ${maxInputChars} are taken`;
        context.addIssue({ code: 'custom', path: ['input'], message });
      }
    });
  return { ...generateResponse, input: bounded, models };
}
