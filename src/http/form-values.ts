/**
 * Values out of a form's texts: a number is read from its text, a list is a field that is repeated,
 * an object is JSON text.
 */
import { parseJson } from '../job/parse-json.ts';
import { z } from 'zod';

/** The part of a field's JSON Schema that decides how its text is read. */
type Shape = { type?: string; items?: Shape };

/**
 * Turns the texts of a form into what the schema's validation takes. A text that does not fit stays
 * as it is, for the validation to refuse.
 */
export type ReadValues = (texts: ReadonlyMap<string, readonly string[]>) => Record<string, unknown>;

/** Makes the reader of a form for a schema, whose JSON Schema gives the types of the fields. */
export function valuesFor(schema: z.ZodObject): ReadValues {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties?: Record<string, Shape> };
  return (texts) => {
    const entries = [...texts].map(([name, list]): [string, unknown] => {
      const shape = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (shape?.type === 'array') return [name, listOf(list, shape.items)];
      return [name, list.length === 1 ? valueOf(list[0] ?? '', shape) : list];
    });
    return Object.fromEntries(entries);
  };
}

/** A list: the field's texts, or one text that is a JSON array. */
function listOf(texts: readonly string[], items: Shape | undefined): unknown {
  const [only = ''] = texts;
  const whole = texts.length === 1 && only.startsWith('[') ? parseJson(only) : undefined;
  return Array.isArray(whole) ? whole : texts.map((text) => valueOf(text, items));
}

function valueOf(text: string, shape: Shape | undefined): unknown {
  switch (shape?.type) {
    case 'number':
    case 'integer':
      return /^\s*[+-]?(\d|\.\d)/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'string':
      return text;
    default:
      return /^\s*[[{]/.test(text) ? (parseJson(text) ?? text) : text; // an object, or one of several shapes
  }
}
