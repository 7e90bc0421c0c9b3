/**
 * Reads exports of spreadsheets and of Quizlet: rows of cells with the separator that works on all
 * lines (RFC 4180).
 */
import Papa from 'papaparse';
import type { Passage } from './passage.ts';

/**
 * A separator of cells, and what makes sure that it is one. `tight`: in a text, a space follows it.
 */
type Separator = { mark: string; isTight: boolean };

const separators: readonly Separator[] = [
  { mark: '\t', isTight: false },
  { mark: ';', isTight: false },
  { mark: ',', isTight: true },
];

/** More columns are data, and nobody learns them. */
const MAX_COLUMNS = 40;

/** The rows of a text whose separator is known; undefined if its quotes fit no table. */
export function parseRows(text: string, separator: string): string[][] | undefined {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter: separator, newline: '\n', skipEmptyLines: 'greedy' });
  if (errors.some(({ type }) => type === 'Quotes')) return undefined;
  return data.map((cells) => cells.map((cell) => cell.replace(/[^\S\n]+/g, ' ').trim()));
}

function withoutEmptyColumns(rows: readonly string[][]): string[][] {
  const filled = new Set(rows.flatMap((cells) => cells.flatMap((cell, place) => (cell === '' ? [] : [place]))));
  return rows.map((cells) => cells.filter((_, place) => filled.has(place)));
}

/** The rows of a text that is a table as a whole; undefined if it is none. */
export function delimitedRows(text: string): string[][] | undefined {
  const told = /^sep=(.)\n/i.exec(text); // Excel says its separator
  if (told?.[1] !== undefined) return parseRows(text.slice(told[0].length), told[1]);
  const bare = text.trim();
  for (const separator of separators) {
    if (!bare.includes(separator.mark)) continue;
    const rows = separator.isTight && isLoose(bare) ? undefined : parseRows(bare, separator.mark);
    if (rows && isTable(rows, separator)) return withoutEmptyColumns(rows);
  }
  return onOneLine(bare) ?? apart(bare) ?? byOwnMark(bare);
}

/** Quizlet can part its cards by semicolons: "Hund,dog;Katze,cat". */
function onOneLine(text: string): string[][] | undefined {
  if (text.includes('\n') || text.includes('"')) return undefined;
  const parts = text.split(';').filter((part) => part.trim() !== '');
  for (const mark of ['\t', ',']) {
    const rows = parts.map((part) => part.split(mark).map((cell) => cell.trim()));
    if (rows.length > 1 && rows.every((cells) => cells.length === 2 && cells.every((cell) => cell !== '' && cell.length <= 200)))
      return rows;
  }
  return undefined;
}

/**
 * People choose marks of their own that no text has, such as "|||" or "@@": they stand once in each
 * line.
 */
function byOwnMark(text: string): string[][] | undefined {
  const mark = /(?<=\S\s?)([|;@%#~^$&])\1{1,3}(?=\s?\S)/.exec(text.split('\n', 1)[0] ?? '')?.[0];
  if (mark === undefined || /[`;{}]|\w\(|[.!?]$/m.test(text.replaceAll(mark, ' '))) return undefined; // a program, or sentences about one
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const rows = lines.map((line) => line.split(mark).map((cell) => cell.trim()));
  return rows.length > 1 && rows.every((cells) => cells.length === 2 && cells.every((cell) => cell !== '')) ? rows : undefined;
}

/** Quizlet can part its cards by empty lines, so that a meaning may have several lines. */
function apart(text: string): string[][] | undefined {
  const parts = text.split(/\n\s*\n/).filter((part) => part.trim() !== '');
  if (parts.length < 2) return undefined;
  const rows = parts.map((part) => part.split('\t').map((cell) => cell.trim()));
  return rows.every((cells) => cells.length === 2 && cells.every((cell) => cell !== '')) ? rows : undefined;
}

/** Whether commas stand as they do in sentences, with spaces after them. Inside quotes they may. */
const isLoose = (text: string): boolean => /,[ \t]/.test(text.replace(/"[^"]*"/g, ''));

function isTable(rows: readonly (readonly string[])[], { mark }: Separator): boolean {
  const [first] = rows;
  if (!first || rows.length < 2 || first.length < 2 || first.length > MAX_COLUMNS) return false;
  const isWhole = (cells: readonly string[]) =>
    cells.length === first.length || (mark === '\t' && cells.length >= 2 && cells.length < first.length);
  if (!rows.every((cells) => isWhole(cells) && cells[0] !== '')) return false;
  // Where each line ends with the mark it may be a program.
  if (rows.every((cells) => cells.at(-1) === '') && (first.length < 3 || rows.some((cells) => /[=(){}<>]/.test(cells.join()))))
    return false;
  if (rows.every(([cell = '']) => /^[[(]?\d{1,2}:\d{2}/.test(cell))) return false; // who said what when
  if (rows.every(([cell = '']) => /^(?:[-*+•]|\d{1,3}[.)])\s/.test(cell))) return false; // a list, whose marks come off first
  if (mark === '\t') return true;
  const isText = rows.filter(([, ...cells]) => cells.length === 1 && /[.!?]$/.test(cells[0] ?? '')).length;
  const isProgram = rows.filter((cells) => cells.some((cell) => /[{}]|\w\(/.test(cell))).length;
  return isText * 2 <= rows.length && isProgram * 2 <= rows.length;
}

/** Reads a table. Whether it has a header is told by what its cells say. */
export function readDelimited(text: string): Passage[] {
  return [{ type: 'table', rows: delimitedRows(text) ?? [] }];
}
