/**
 * The form of a kind that brings none: drawn from the OpenAPI document of the server. Loaded when
 * such a kind is chosen.
 */
import { type Field, type Form, toLabel } from './forms.ts';

/** A JSON Schema of a field, as far as forms know it. */
type FieldSchema = {
  type?: string;
  description?: string;
  enum?: readonly string[];
  items?: { type?: string };
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  default?: unknown;
};

/** What is sent to a route in one type of body. `encoding`: the types of its files, by field. */
type Body = { schema: { $ref: string }; example: Record<string, unknown>; encoding?: Record<string, { contentType: string }> };

/** The parts of an OpenAPI document that a form is made of. */
export type FormSource = {
  paths: Record<string, { post: { requestBody: { content: Record<string, Body> } } }>;
  components: { schemas: Record<string, { properties: Record<string, FieldSchema>; required?: readonly string[] }> };
};

/** Fields that every kind takes. The page has them beside the form, or does not use them. */
const COMMON: ReadonlySet<string> = new Set(['userId', 'callbackUrl', 'pushToken']);

/** A text that may be longer gets several lines, in characters. */
const LONG = 500;

/** Makes the form of the kind that is submitted at this path. */
export function formFromSchema({ paths, components }: FormSource, { name, path }: { name: string; path: string }): Form {
  const content = paths[path]?.post.requestBody.content;
  const body = content?.['multipart/form-data'] ?? content?.['application/json'];
  const schema = components.schemas[body?.schema.$ref.split('/').at(-1) ?? ''];
  if (!body || !schema) throw new Error('The server does not describe this kind of work.');
  const fields = Object.entries(schema.properties).filter(([field]) => !COMMON.has(field));
  return {
    label: toLabel(name),
    fields: fields.map(([field, one]): Field => {
      const example = body.encoding?.[field] ? undefined : body.example[field];
      return {
        name: field,
        label: toLabel(field),
        hint: one.description,
        ...(schema.required?.includes(field) && { required: true }),
        ...inputFor(one, { example, files: body.encoding?.[field]?.contentType }),
      };
    }),
  };
}

/** How a field is filled in. What is left as it is takes the server's default. */
function inputFor(
  { type, enum: values, items, ...bounds }: FieldSchema,
  { example, files }: { example: unknown; files: string | undefined },
) {
  if (files !== undefined) return files.startsWith('image/') ? ({ type: 'image' } as const) : ({ type: 'file', accept: files } as const);
  const choice = (options: readonly string[]) =>
    ({ type: 'choice', options: [['', 'as usual'], ...options.map((one) => [one, one] as const)] }) as const;
  if (values) return choice(values);
  if (type === 'boolean') return { ...choice(['true', 'false']), sends: 'json' } as const;
  if (type === 'integer' || type === 'number') {
    const { minimum: least, maximum: most, default: value } = bounds;
    return { type: 'number', least, most, step: type === 'integer' ? 1 : 'any', value: value as number | undefined } as const;
  }
  if (type === 'string') {
    const { maxLength = LONG } = bounds;
    const sample = typeof example === 'string' ? example : undefined;
    return maxLength < LONG ? ({ type: 'line', placeholder: sample } as const) : ({ type: 'notes', sample, rows: 6 } as const);
  }
  if (type === 'array' && items?.type === 'string') return { type: 'line', sends: 'list' } as const;
  return { type: 'notes', sample: JSON.stringify(example), rows: 4, sends: 'json' } as const;
}
