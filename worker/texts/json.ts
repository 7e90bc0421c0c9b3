/**
 * Reads lists of objects in JSON, as programs for cards export them: each object is a row, and its
 * names are those of the columns.
 */
import { parseJson } from '../../src/job/parse-json.ts';
import type { Passage } from './passage.ts';

/** Objects with more names are data, and nobody learns them. */
const MAX_COLUMNS = 40;

type Plain = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The objects of a text that is a list of them, also as the only list of an object; undefined if it
 * is none. Values in values are no cells.
 */
function objectsOf(text: string): Plain[] | undefined {
  if (!/^\s*(?:\[\s*\{|\{\s*")/.test(text)) return undefined;
  const root = parseJson(text);
  if (root === undefined) return undefined;
  const lists = Array.isArray(root) ? [root as unknown[]] : Object.values(root as object).filter((value) => Array.isArray(value));
  const [list, ...others] = lists;
  return list && list.length > 0 && others.length === 0 && list.every(isPlain) && list.every(hasWords) ? list : undefined;
}

function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const cells = Object.values(value);
  return cells.length > 1 && cells.length <= MAX_COLUMNS && cells.every((cell) => cell === null || typeof cell !== 'object');
}

/** Whether two values at least are texts: places and measurements are figures. */
const hasWords = (object: Plain): boolean =>
  Object.values(object).filter((cell) => typeof cell === 'string' && /\p{L}/u.test(cell)).length > 1;

/** Whether a text is such a list. */
export const isObjectList = (text: string): boolean => objectsOf(text) !== undefined;

/** Reads the list as a table. */
export function readObjectList(text: string): Passage[] {
  const objects = objectsOf(text) ?? [];
  const names = new Set(objects.flatMap((object) => Object.keys(object)));
  const header = [...names].slice(0, MAX_COLUMNS);
  return [{ type: 'table', header, rows: objects.map((object) => header.map((name) => String(object[name] ?? '').trim())) }];
}
