/**
 * Tables in notes: lines with the same mark between their cells, and rows that the text's format
 * has told.
 */
import { ARROWS, DASHES, TYPED_ARROW } from '../../../src/kinds/pair-marks.ts';
import { courseLabel } from './labels.ts';
import type { Line } from './lines.ts';
import { isNoise } from './pairs.ts';
import { hasHeader, type TableRow, type Table } from './table-pairs.ts';
import { words } from './text.ts';

type Column = { mark: string | RegExp; /** Whether it also stands in sentences, so that cells must be short. */ weak: boolean };

/** "Hund, der - dog": the dash parts more than the comma. */
const dashed = new RegExp(`\\S\\s(?:[=${DASHES}${ARROWS}]|${TYPED_ARROW})\\s\\S`, 'u');

/** What may part columns, the surest first. */
const columns: readonly Column[] = [
  { mark: '\t', weak: false },
  { mark: '|', weak: false },
  { mark: ';', weak: true },
  { mark: ',', weak: true },
  { mark: /\s{3,}/, weak: true },
  // With spaces around them these stand on single lines, too: pairs.ts reads those.
  { mark: /(?<=\S)=(?=\S)/, weak: true },
  { mark: /(?<=\S)\/(?=\S)/, weak: true },
  { mark: new RegExp(`(?<=\\S)[${DASHES}](?=\\S)`, 'u'), weak: true },
  { mark: /(?<=\S):(?=\S)/, weak: true },
];

const ruler = /^[|\s:+=-]*-{2,}[|\s:+=-]*$/;

/** A table and how many lines it takes. */
type Found = { table: Table; taken: number };

/**
 * Makes the function that finds a table which begins at a line; it is called for one line after the
 * other.
 */
export function createTableReader(lines: readonly Line[]): (start: number) => Found | undefined {
  // Where lines are no table by a mark, that is not tried again in the middle of them: each is read
  // once for each mark.
  const triedUntil = new Map<Column, number>();
  return (start) => {
    if (lines[start]?.cells) return readRows(lines, start);
    for (const column of columns) {
      if (start < (triedUntil.get(column) ?? 0)) continue;
      const { found, end } = readTable(lines, start, column);
      if (found) return found;
      triedUntil.set(column, end);
    }
    return undefined;
  };
}

function readTable(lines: readonly Line[], start: number, { mark, weak }: Column): { found?: Found; end: number } {
  const opening = lines[start]?.text ?? '';
  const first = cellsOf(opening, mark);
  if (first.length < 2 || first.length > 20) return { end: start }; // so it is with most lines and marks
  if (ruler.test(opening) || (weak && (dashed.test(opening) || courseLabel.test(opening) || isNoise(opening)))) return { end: start };
  if (!isRow(first, weak)) return { end: start };
  const rows: TableRow[] = [];
  let ruled = 0; // how many rows stand above the last ruler
  let isRuled = false; // whether the first row stands above a ruler
  let end = start;
  for (; end < lines.length; end++) {
    const line = lines[end];
    if (!line || line.spoken || line.mark === 'heading' || (end > start && line.first && weak)) break;
    if (ruler.test(line.text)) {
      if (ruled > 0 && ruled === rows.length) break; // one after the other is decoration
      ruled = rows.length;
      if (rows.length === 1) isRuled = true;
      continue;
    }
    const cells = cellsOf(line.text, mark);
    const isShorter = !weak && cells.length >= 2 && cells.length <= first.length; // its last cells are empty
    if (!(cells.length === first.length || isShorter) || !isRow(cells, weak)) break;
    if (!weak || !isNoise(line.text)) rows.push({ at: line.at, cells });
  }
  if (rows.length < 2) return { end };
  // A weak mark must be on all lines of its paragraph: some lines with a comma are no table.
  if (weak && lines[end] && !lines[end]?.first && lines[end]?.mark !== 'heading') return { end };
  const isHeaded = isRuled || hasHeader(rows);
  const [head, ...body] = rows;
  return { found: { table: isHeaded && head ? { header: head.cells, rows: body } : { rows }, taken: end - start }, end };
}

/** The cells of a line. */
const cellsOf = (line: string, mark: string | RegExp): string[] =>
  (mark === '|' ? line.replace(/^\||\|$/g, '') : line).split(mark).map((cell) => cell.trim());

/** The table that the text's format says, as far as its lines go. */
function readRows(lines: readonly Line[], start: number): Found {
  let end = start + 1;
  while (lines[end]?.cells && !lines[end]?.first) end++;
  const rows = lines.slice(start, end).map(({ at, cells = [] }) => ({ at, cells }));
  const [head, ...body] = rows;
  const isHeaded = lines[start]?.isHeader || hasHeader(rows);
  return { table: isHeaded && head ? { header: head.cells, rows: body } : { rows }, taken: end - start };
}

function isRow(cells: readonly string[], weak: boolean): boolean {
  if (!weak) return cells.some((cell) => cell !== '');
  if (/:\s/.test(cells[0] ?? '')) return false; // "Symptoms: fever, cough" is a pair, not a row
  const longest = cells.length === 2 ? 8 : 12;
  return (
    cells.every((cell) => cell.length <= 120 && words(cell).length <= longest && (cells.length > 2 || !/[.。]$/u.test(cell))) &&
    cells[0] !== '' &&
    !/^[a-z]+:\/\//.test(cells.join())
  );
}
