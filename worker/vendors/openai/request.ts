/**
 * Makes the request for the server: a structured output that streams and has a limit of tokens, in
 * the form that the server takes.
 */
import type OpenAI from 'openai';
import { z } from 'zod';
import { estimateTokens } from '../../../src/job/token-estimate.ts';
import type { AnswerRequest } from '../../capabilities.ts';
import type { RequestForm } from './form.ts';

/** A request that may come with an image, as a data URI. */
export type SeeingRequest = AnswerRequest & { image?: string };

/** What a template is made for. */
type Pattern = Pick<AnswerRequest, 'kind' | 'schema' | 'instructions'> & { model: string; form: RequestForm };

/** The text of a request. `tokens`: an estimate of what the model reads. */
export type RequestText = { body: string; tokens: number };

/** About what an image counts for, in tokens. */
const IMAGE_TOKENS = 1500;

/**
 * All of a request but what the user's message says: it is the
 * same for all jobs of a kind, and made once.
 */
export class RequestTemplate {
  readonly #pattern: Pattern;
  /** The body up to the user's message. */
  readonly #head: string;
  /** What stands before the material in the user's message. */
  readonly #lead: string;
  readonly #tokens: number;

  constructor(pattern: Pattern) {
    const { model, kind, instructions, form } = pattern;
    const schema = toStrict(jsonSchemaOf(pattern.schema));
    const said = form.format === 'schema' ? instructions : `${instructions}\n${inWords(schema)}`;
    const isSystem = form.instructor === 'system';
    const format = formatOf(form, kind, schema);
    const rest = {
      model,
      stream: true,
      ...(form.usage === 'asked' && { stream_options: { include_usage: true } }),
      ...(format && { response_format: format }),
      ...(form.cap !== 'none' && { [form.cap]: form.maxTokens }),
    } satisfies Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'messages'>;
    const system: OpenAI.ChatCompletionSystemMessageParam = { role: 'system', content: said };
    this.#pattern = pattern;
    this.#head = `${JSON.stringify(rest).slice(0, -1)},"messages":[${isSystem ? `${JSON.stringify(system)},` : ''}`;
    this.#lead = isSystem ? '' : `${said}\n\n`;
    this.#tokens = estimateTokens(JSON.stringify([isSystem ? said : '', format]));
  }

  /** Whether it is that of such requests. */
  isOf({ kind, schema, instructions, form }: Omit<Pattern, 'model'>): boolean {
    const own = this.#pattern;
    return own.schema === schema && own.form === form && own.kind === kind && own.instructions === instructions;
  }

  /** The request with this material. */
  fill({ material, image }: Pick<SeeingRequest, 'material' | 'image'>): RequestText {
    const text = this.#lead + JSON.stringify(material());
    const content = image === undefined ? text : withImage(text, image);
    const message = { role: 'user', content } satisfies OpenAI.ChatCompletionUserMessageParam;
    const tokens = this.#tokens + estimateTokens(text) + (image === undefined ? 0 : IMAGE_TOKENS);
    return { body: `${this.#head}${JSON.stringify(message)}]}`, tokens };
  }
}

/** How the shape of the answer is asked for. */
function formatOf(form: RequestForm, name: string, schema: JsonSchema): Body['response_format'] {
  if (form.format === 'schema') return { type: 'json_schema', json_schema: { name, strict: true, schema } };
  return form.format === 'object' ? { type: 'json_object' } : undefined;
}

type Body = OpenAI.ChatCompletionCreateParamsStreaming;

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

function jsonSchemaOf(schema: z.ZodObject): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
  return json;
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
