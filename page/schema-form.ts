/** The form of a kind, drawn from the OpenAPI document of the server: each field of its schema, with the page's words for it. */
import { type Field, FORMS, type FormWords, toLabel } from './forms.ts';

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

/** A text that may be longer gets several lines; one that is no longer than SHORT stands beside another one. In characters. */
const [LONG, SHORT] = [1001, 200];

/** Makes the fields of the kind that is submitted at this path. Texts that may be long come first, seldom used ones last. */
export function formFromSchema({ paths, components }: FormSource, { name, path }: { name: string; path: string }): Field[] {
  const content = paths[path]?.post.requestBody.content;
  const body = content?.['multipart/form-data'] ?? content?.['application/json'];
  const schema = components.schemas[body?.schema.$ref.split('/').at(-1) ?? ''];
  if (!body || !schema) throw new Error('The server does not describe this kind of work.');
  const words: FormWords = FORMS[name] ?? { label: toLabel(name) };
  const fields = Object.entries(schema.properties).filter(([field]) => !COMMON.has(field));
  const drawn = fields.map(([field, one]): Field => {
    const files = body.encoding?.[field]?.contentType;
    const example = files === undefined ? body.example[field] : undefined;
    return {
      name: field,
      label: words.labels?.[field] ?? toLabel(field),
      hint: one.description,
      required: schema.required?.includes(field) ?? false,
      ...inputFor(field, one, { words, example, files }),
    };
  });
  return drawn.toSorted((one, other) => rankOf(one) - rankOf(other));
}

/** What is wide comes before what stands beside another one, and what is folded comes last. */
const rankOf = ({ size, isMore }: Field): number => (isMore ? 2 : size === 'half' ? 1 : 0);

type About = { words: FormWords; example: unknown; files: string | undefined };

/** How a field is filled in. What is left as it is takes the server's default. */
function inputFor(name: string, schema: FieldSchema, { words, example, files }: About) {
  if (files !== undefined) return fileFor(files);
  const { type, items, minimum: least, maximum: most, default: value } = schema;
  const half = { size: 'half' } as const;
  const placeholder = words.placeholders?.[name] ?? placeholderOf(value);
  const values = schema.enum ?? (type === 'boolean' ? ['true', 'false'] : undefined);
  if (values) {
    const usual = value === undefined ? [['', words.options?.[''] ?? 'as usual'] as const] : [];
    const named = values.toSorted((one, other) => Number(other === value) - Number(one === value));
    const options = [...usual, ...named.map((one) => [one, words.options?.[one] ?? one] as const)];
    return { ...half, type: 'choice', options, ...(type === 'boolean' && { sends: 'json' as const }) } as const;
  }
  if (type === 'integer' || type === 'number') {
    return { ...half, type: 'number', least, most, step: type === 'integer' ? 1 : 'any', value: value as number | undefined } as const;
  }
  if (type === 'array' && items?.type === 'string') return { ...half, type: 'line', sends: 'list', placeholder } as const;
  if (type === 'string') {
    const { maxLength = LONG } = schema;
    const sample = words.samples?.[name] ?? (typeof example === 'string' ? example : undefined);
    if (maxLength >= LONG) return { type: 'notes', sample, rows: 6 } as const;
    return { ...(maxLength <= SHORT && half), type: 'line', placeholder: placeholder ?? sample } as const;
  }
  return { type: 'notes', sample: JSON.stringify(example), rows: 3, sends: 'json', isMore: true } as const;
}

/** What a field has by itself, where that is a text or a list of texts. */
function placeholderOf(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'string' ? value : undefined;
}

/** The input for a file, by the types that the server takes. */
function fileFor(types: string) {
  if (types.startsWith('image/')) return { type: 'image' } as const;
  if (types.startsWith('audio/')) return { type: 'recording' } as const;
  return { type: 'file', accept: types } as const;
}
