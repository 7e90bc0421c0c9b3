/** A page that is being written from its marked-up form: lines of prose, tables by their cells, and terms with their meanings. */
import type { Passage } from './passage.ts';

/** What ends a line. `source`: a line end of the source, which stands for nothing beside the others. */
type Break = 'source' | 'line' | 'block' | 'paragraph';

/** A page. What is written goes into the cell or the term that is open, else into the prose. */
export type PageText = {
  write(text: string): void;
  end(by: Break): void;
  /** Whether a cell or a term is open: nothing ends its line. */
  isInCell(): boolean;
  openTable(): void;
  closeTable(): void;
  openRow(): void;
  openCell(isHeader: boolean): void;
  closeCell(): void;
  /** Begins a term or one of its meanings. */
  openEntry(part: 'term' | 'meaning'): void;
  closeEntry(): void;
  closeEntries(): void;
  /** Ends the page. */
  passages(): Passage[];
};

type Row = { cells: string[]; isHeader: boolean };

/** Makes an empty page. */
export function createPageText(): PageText {
  const passages: Passage[] = [];
  const prose = createProse();
  let rows: Row[] = [];
  let depth = 0; // a table inside a cell is part of the cell
  let cell: string[] | undefined;
  let entries: { term: string; meaning: string }[] = [];
  let entry: { part: 'term' | 'meaning'; text: string[] } | undefined;

  const flush = (): void => {
    const text = prose.take();
    if (text !== '') passages.push({ type: 'prose', text });
  };

  const page: PageText = {
    write(text) {
      const open = entry?.text ?? cell;
      if (open) open.push(text);
      else prose.write(text);
    },
    end(by) {
      if (page.isInCell()) page.write(' ');
      else prose.end(by);
    },
    isInCell: () => entry !== undefined || cell !== undefined,
    openTable() {
      if (depth++ === 0) rows = [];
    },
    closeTable() {
      if (depth === 0 || --depth > 0) return;
      page.closeCell();
      const filled = rows.filter(({ cells }) => cells.some((text) => text !== ''));
      rows = [];
      if (filled.length < 2 || !filled.some(({ cells }) => cells.length > 1)) {
        // What only arranges a page is no table.
        for (const { cells } of filled) {
          prose.end('block');
          prose.write(cells.join(' '));
        }
        return prose.end('block');
      }
      flush();
      passages.push(toTable(filled));
    },
    openRow() {
      if (depth !== 1) return;
      page.closeCell();
      rows.push({ cells: [], isHeader: true });
    },
    openCell(isHeader) {
      if (depth !== 1) return;
      page.closeCell();
      if (rows.length === 0) page.openRow();
      const row = rows.at(-1);
      if (row) row.isHeader &&= isHeader;
      cell = [];
    },
    closeCell() {
      if (depth > 1 || !cell) return;
      rows.at(-1)?.cells.push(oneLine(cell));
      cell = undefined;
    },
    openEntry(part) {
      page.closeEntry();
      entry = { part, text: [] };
    },
    closeEntry() {
      if (!entry) return;
      const text = oneLine(entry.text);
      const last = entries.at(-1);
      const joined = (before: string) => (before === '' ? text : `${before}; ${text}`);
      if (entry.part === 'meaning' && last) last.meaning = joined(last.meaning);
      else if (last?.meaning === '') last.term = joined(last.term);
      else if (entry.part === 'term') entries.push({ term: text, meaning: '' });
      entry = undefined;
    },
    closeEntries() {
      page.closeEntry();
      if (entries.length > 0) {
        flush();
        passages.push({ type: 'table', rows: entries.map(({ term, meaning }) => [term, meaning]) });
      }
      entries = [];
    },
    passages() {
      depth = Math.min(depth, 1);
      page.closeTable();
      page.closeEntries();
      flush();
      return passages;
    },
  };
  return page;
}

function toTable(rows: readonly Row[]): Passage {
  const width = Math.max(...rows.map(({ cells }) => cells.length));
  const filled = rows.map(({ cells }) => [...cells, ...Array.from({ length: width - cells.length }, () => '')]);
  const [header, ...body] = filled;
  return rows[0]?.isHeader && header && rows.length > 1 ? { type: 'table', header, rows: body } : { type: 'table', rows: filled };
}

/** The pieces of a cell on one line. */
const oneLine = (pieces: readonly string[]): string => pieces.join('').replace(/\s+/g, ' ').trim();

/** Lines of prose. What ends a line is decided when the next one begins. */
function createProse() {
  let pieces: string[] = [];
  let ends: Record<Break, number> = { source: 0, line: 0, block: 0, paragraph: 0 };

  const lineEnd = (): string => {
    const { source, line, block, paragraph } = ends;
    if (paragraph > 0 || line > 1 || (source > 1 && line + block === 0)) return '\n\n';
    return source + line + block > 0 ? '\n' : '';
  };

  return {
    write(text: string): void {
      if (text.trim() === '' && (pieces.length === 0 || lineEnd() !== '')) return;
      pieces.push(lineEnd(), text);
      ends = { source: 0, line: 0, block: 0, paragraph: 0 };
    },
    end(by: Break): void {
      if (pieces.length > 0) ends[by]++;
    },
    take(): string {
      const text = pieces
        .join('')
        .split('\n')
        .map((line) => line.replace(/ {2,}/g, ' ').trim())
        .join('\n')
        .trim();
      pieces = [];
      ends = { source: 0, line: 0, block: 0, paragraph: 0 };
      return text;
    },
  };
}
