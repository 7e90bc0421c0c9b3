/**
 * Makes the request for the server: a structured output that streams and has a limit of tokens, in
 * the form that the server takes.
 */
import type OpenAI from 'openai';
import { z } from 'zod';
import type { AnswerRequest } from '../../capabilities.ts';
import type { RequestForm } from './form.ts';

/** The request's body. */
export type Body = OpenAI.ChatCompletionCreateParamsStreaming;

/** A request that may come with an image, as a data URI. */
export type SeeingRequest = AnswerRequest & { image?: string };

/** Makes the request's body. */
export function toBody(
  model: string,
  { kind, schema: shape, instructions, material: makeMaterial, image }: SeeingRequest,
  form: RequestForm,
): Body {
  const { $schema: _, ...json } = z.toJSONSchema(shape, { io: 'input' });
  const schema = toStrict(json);
  const said = form.format === 'schema' ? instructions : `${instructions}\n${inWords(schema)}`;
  const isSystem = form.instructor === 'system';
  const material = JSON.stringify(makeMaterial());
  const text = isSystem ? material : `${said}\n\n${material}`;
  return {
    model,
    stream: true,
    ...(form.usage === 'asked' && { stream_options: { include_usage: true } }),
    messages: [
      ...(isSystem ? [{ role: 'system' as const, content: said }] : []),
      { role: 'user', content: image === undefined ? text : withImage(text, image) },
    ],
    ...(form.format === 'schema' && { response_format: { type: 'json_schema', json_schema: { name: kind, strict: true, schema } } }),
    ...(form.format === 'object' && { response_format: { type: 'json_object' } }),
    ...(form.cap !== 'none' && { [form.cap]: form.maxTokens }),
  };
}

/** Asks for a schema where the server takes none. */
function inWords(schema: JsonSchema): string {
  return `Answer with one JSON object and nothing else. It fits this JSON Schema: ${JSON.stringify(schema)}`;
}

/** Small print can be read only at the high resolution. */
function withImage(text: string, url: string): OpenAI.ChatCompletionContentPart[] {
  return [
    { type: 'image_url', image_url: { url, detail: 'high' } },
    { type: 'text', text },
  ];
}

/** All text that a request sends to the model, for estimates. */
export function promptOf({ messages, response_format }: Body): string {
  const texts = messages.map(({ content }) => (Array.isArray(content) ? content.filter(({ type }) => type === 'text') : content));
  return JSON.stringify([texts, response_format]);
}

/** The keywords that strict schemas do not allow. Items are checked when they come. */
const BOUNDS: ReadonlySet<string> = new Set(['minLength', 'maxLength', 'minItems', 'maxItems']);

type JsonSchema = Record<string, unknown>;

/**
 * Turns a schema into a strict one: without bounds and further properties, and with all properties
 * required. What was optional can be null instead.
 */
function toStrict(schema: JsonSchema): JsonSchema {
  const { items, properties, required = [], ...rest } = schema;
  const strict = Object.fromEntries(Object.entries(rest).filter(([key]) => !BOUNDS.has(key)));
  if (items) strict['items'] = toStrict(items as JsonSchema);
  if (!properties) return strict;
  const all = Object.entries(properties as Record<string, JsonSchema>);
  const made = all.map(([name, property]) => {
    const of = toStrict(property);
    return [name, (required as string[]).includes(name) ? of : orNull(of)];
  });
  return { ...strict, properties: Object.fromEntries(made), required: all.map(([name]) => name), additionalProperties: false };
}

function orNull(schema: JsonSchema): JsonSchema {
  return typeof schema['type'] === 'string' ? { ...schema, type: [schema['type'], 'null'] } : { anyOf: [schema, { type: 'null' }] };
}
