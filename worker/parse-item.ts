/**
 * Checks an item that an author wrote. What can be read as it was meant is read so. An
 * optional field that can't be used is left out, so that the item is not lost for it.
 */
import { z } from 'zod';

/**
 * Parses an item. Models write numbers, booleans and lists where a text is expected: they become
 * text. They write null for an optional field that has no value, and some write an empty text or
 * an empty list: where only optional fields are not valid, the item is parsed without them.
 */
export function parseItem(schema: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed;
  let written = asText(schema, unwrapped(schema, value));
  for (;;) {
    const again = schema.safeParse(written);
    if (again.success || !(schema instanceof z.ZodObject) || !isObject(written)) return again;
    const faulty = new Set(again.error.issues.map(({ path }) => path[0]));
    const entries = Object.entries(written);
    const rest = entries.filter(([key]) => !(faulty.has(key) && isOptional(schema, key)));
    if (rest.length === entries.length) return again;
    written = Object.fromEntries(rest); // what is left may break another rule
  }
}

function isOptional(schema: z.ZodObject, key: string): boolean {
  return schema.shape[key]?.safeParse(undefined).success ?? false;
}

/**
 * Other words for a field, as models write them. They count
 * only where the schema has no field of that name.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  front: ['question', 'term', 'word', 'cue', 'prompt', 'q'],
  back: ['answer', 'definition', 'meaning', 'translation', 'response', 'a'],
  term: ['word'],
  meaning: ['definition', 'translation'],
  heading: ['title', 'name'],
  body: ['content', 'text'],
  choices: ['options', 'alternatives'],
  answer: ['correctanswer', 'correct', 'correctoption', 'solution'],
};

function otherNames({ shape }: z.ZodObject, name: string): (readonly [string, string])[] {
  return (OTHER_NAMES[name] ?? []).filter((other) => !(other in shape)).map((other) => [other, name]);
}

/**
 * The item in an object or a list around it: `{"card":{…}}`,
 * or the values of its two fields in their order.
 */
function unwrapped(schema: z.ZodType, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject)) return value;
  const fields = Object.keys(schema.shape);
  if (Array.isArray(value)) {
    const isRow = value.length === 2 && fields.length === 2 && value.every((each) => typeof each === 'string');
    return isRow ? Object.fromEntries(fields.map((name, place) => [name, value[place] as unknown])) : value;
  }
  if (!isObject(value)) return value;
  const [inner, ...more] = Object.values(value);
  return more.length === 0 && isObject(inner) ? inner : value;
}

/** The value with the schema's own names where it has them in other words or in other writing. */
export function withOwnNames(schema: z.ZodType, value: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || !isObject(value)) return value;
  const names = new Map(Object.keys(schema.shape).flatMap((name) => [[plainName(name), name] as const, ...otherNames(schema, name)]));
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      const name = names.get(plainName(key)) ?? key;
      return [name in value ? key : name, each];
    }),
  );
}

/** The value with text in each place that is for text. */
function asText(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodOptional) return asText(schema.unwrap() as z.ZodType, value);
  if (schema instanceof z.ZodString) return textOf(value) ?? value;
  if (schema instanceof z.ZodArray) return Array.isArray(value) ? value.map((each) => asText(schema.element as z.ZodType, each)) : value;
  if (!(schema instanceof z.ZodObject) || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(withOwnNames(schema, value) as object).map(([name, each]) => {
      const type = schema.shape[name];
      return [name, type ? asText(type as z.ZodType, each) : each];
    }),
  );
}

/** A name without case, spaces and signs. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Longer parts of a list are sentences, and stand in lines of their own. */
const MAX_INLINE = 60;

/**
 * What a value says as a text; undefined if it says nothing.
 * What is absent in a list is left out of it.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  const parts = value.filter((each) => each !== null && each !== undefined).map(textOf);
  if (parts.length === 0 || parts.includes(undefined)) return undefined;
  return (parts as string[]).join((parts as string[]).some((part) => part.length > MAX_INLINE) ? '\n' : ', ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
