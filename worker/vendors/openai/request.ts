/** Makes the request for the server: a structured output that streams and has a limit of tokens. */
import type OpenAI from 'openai';
import { z } from 'zod';
import type { AnswerRequest } from '../../capabilities.ts';

/** Ways to send the limit of tokens. Some servers know only the older name. Some refuse any limit; undefined: none is sent. */
export const TOKEN_CAPS = ['max_completion_tokens', 'max_tokens', undefined] as const;

/** Whether a server's refusal is about the limit of tokens. `body`: the body of its answer. */
export function refusesCap(status: number | undefined, body: string): boolean {
  return (status === 400 || status === 422) && /max_(completion_)?tokens/i.test(body);
}

/** The request's body, without the limit of tokens. */
export type Body = OpenAI.ChatCompletionCreateParamsStreaming;

/** Makes the request's body. */
export function toBody(model: string, { schema: shape, lists, instructions, material }: AnswerRequest): Body {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io: 'input', override: withoutBounds });
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: instructions },
      { role: 'user', content: JSON.stringify(material) },
    ],
    response_format: { type: 'json_schema', json_schema: { name: Object.keys(lists)[0] ?? 'answer', strict: true, schema } },
  };
}

/** All text that a request sends to the model, for estimates. */
export function promptOf({ messages, response_format }: Body): string {
  return JSON.stringify([messages.map(({ content }) => content), response_format]);
}

/** Removes what strict schemas do not allow: bounds on lengths, and further properties. Items are checked when they come. */
function withoutBounds({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  for (const key of ['minLength', 'maxLength', 'minItems', 'maxItems']) delete jsonSchema[key];
  if (jsonSchema['type'] === 'object') jsonSchema['additionalProperties'] = false;
}
