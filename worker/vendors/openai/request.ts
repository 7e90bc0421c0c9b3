/** What the server is asked: a structured output, streamed, and never more than so many tokens. */
import type OpenAI from 'openai';
import { z } from 'zod';
import type { AnswerRequest } from '../../capabilities.ts';

/** Where a server takes the cap on tokens: some know only the older name, and some refuse a cap that their model can't reach; undefined: none is sent. */
export const TOKEN_CAPS = ['max_completion_tokens', 'max_tokens', undefined] as const;

/** Whether a refusal is about the cap. `body` is the refusal's, as text. */
export function refusesCap(status: number | undefined, body: string): boolean {
  return (status === 400 || status === 422) && /max_(completion_)?tokens/i.test(body);
}

/** The request's body, but for the cap. */
export type Body = OpenAI.ChatCompletionCreateParamsStreaming;

/** Puts a request into the server's words. */
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

/** Strict schemas allow no bounds on lengths, and no further properties; items are checked when they come. */
function withoutBounds({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  for (const key of ['minLength', 'maxLength', 'minItems', 'maxItems']) delete jsonSchema[key];
  if (jsonSchema['type'] === 'object') jsonSchema['additionalProperties'] = false;
}
