/**
 * Reads the announced ends of OpenAI's models out of the typings of its SDK, and writes them down
 * for workers: `npm run model:ends`.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TYPINGS = fileURLToPath(new URL('../node_modules/openai/', import.meta.url));
const PRINTED = fileURLToPath(new URL('../worker/vendors/openai/model-ends.json', import.meta.url));

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/**
 * A date after the words with which the typings announce an end: `2027-01-14`, or `January 14,
 * 2027`.
 */
const END = new RegExp(
  String.raw`(?:shut ?down (?:date:|on)|retired on)\s+(?:(\d{4}-\d{2}-\d{2})|(${MONTHS.join('|')}) (\d{1,2}), (\d{4}))`,
  'i',
);

/**
 * The name of a model, in quotes of either sort. Every model's name has small letters and a hyphen,
 * or begins with o and a digit.
 */
const NAME = /["`]([a-z][a-z\d]*-[a-z\d.-]+|o\d)["`]/g;

/** The announced ends in one file of typings: pairs of a model and a date (YYYY-MM-DD). */
export function endsIn(typings: string): [model: string, date: string][] {
  return [...typings.matchAll(/\/\*\*([^]*?)\*\//g)].flatMap(([, comment = '']) => statementsOf(comment).flatMap(endsOfStatement));
}

/**
 * The sentences of a comment. An entry of a list is one statement: its names come first, and then
 * what becomes of them.
 */
function statementsOf(comment: string): string[] {
  const text = comment.replaceAll(/^\s*\* ?/gm, '');
  const entries = text.split(/^(?=\s*- )|\n\s*\n/m).map((entry) => entry.replaceAll(/\s+/g, ' ').trim());
  return entries.flatMap((entry) => (entry.startsWith('- ') ? [entry] : entry.split(/(?<=\.) /)));
}

function endsOfStatement(statement: string): [string, string][] {
  const end = END.exec(statement);
  if (!end) return [];
  const [, iso, month = '', day = '', year] = end;
  const date = iso ?? [year, String(MONTHS.indexOf(month) + 1).padStart(2, '0'), day.padStart(2, '0')].join('-');
  return [...statement.slice(0, end.index).matchAll(NAME)].map(([, name = '']): [string, string] => [name, date]);
}

/**
 * All announced ends in the installed SDK. Where its typings name several dates for a model, the
 * earliest counts.
 */
export function readModelEnds(folder = TYPINGS): Record<string, string> {
  const ends = globSync('**/*.d.ts', { cwd: folder }).flatMap((file) => endsIn(readFileSync(folder + file, 'utf8')));
  const earliest = new Map<string, string>();
  for (const [model, date] of ends) if (date < (earliest.get(model) ?? '9')) earliest.set(model, date);
  return Object.fromEntries([...earliest].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** The file for workers. */
export function printModelEnds(ends: Readonly<Record<string, string>>): string {
  return `${JSON.stringify(ends, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(PRINTED, printModelEnds(readModelEnds()));
