/**
 * A page that is being written from its marked-up form: lines of prose, tables by their cells, and
 * terms with their meanings.
 */
import type { Passage } from './passage.ts';

/**
 * What ends a line. `source`: a line end of the source, which stands for nothing beside the others.
 */
type Break = 'source' | 'line' | 'block' | 'paragraph';

type Row = { cells: string[]; isHeader: boolean };

type Entry = { term: string; meaning: string };

/** A page. What is written goes into the cell or the term that is open, else into the prose. */
export class PageText {
  readonly #passages: Passage[] = [];
  readonly #prose = new Prose();
  #rows: Row[] = [];
  /** How many tables are open: one inside of a cell is part of the cell. */
  #depth = 0;
  #cell: string[] | undefined;
  #entries: Entry[] = [];
  #entry: { part: keyof Entry; text: string[] } | undefined;

  write(text: string): void {
    const open = this.#entry?.text ?? this.#cell;
    if (open) open.push(text);
    else this.#prose.write(text);
  }

  end(by: Break): void {
    if (this.isInCell()) this.write(' ');
    else this.#prose.end(by);
  }

  /** Whether a cell or a term is open: nothing ends its line. */
  isInCell(): boolean {
    return this.#entry !== undefined || this.#cell !== undefined;
  }

  openTable(): void {
    if (this.#depth++ === 0) this.#rows = [];
  }

  closeTable(): void {
    if (this.#depth === 0 || --this.#depth > 0) return;
    this.closeCell();
    const filled = this.#rows.filter(({ cells }) => cells.some((text) => text !== ''));
    this.#rows = [];
    if (filled.length >= 2 && filled.some(({ cells }) => cells.length > 1)) return this.#add(toTable(filled));
    // What only arranges a page is no table.
    for (const { cells } of filled) {
      this.#prose.end('block');
      this.#prose.write(cells.join(' '));
    }
    this.#prose.end('block');
  }

  openRow(): void {
    if (this.#depth !== 1) return;
    this.closeCell();
    this.#rows.push({ cells: [], isHeader: true });
  }

  openCell(isHeader: boolean): void {
    if (this.#depth !== 1) return;
    this.closeCell();
    if (this.#rows.length === 0) this.openRow();
    const row = this.#rows.at(-1);
    if (row) row.isHeader &&= isHeader;
    this.#cell = [];
  }

  closeCell(): void {
    if (this.#depth > 1 || !this.#cell) return;
    this.#rows.at(-1)?.cells.push(oneLine(this.#cell));
    this.#cell = undefined;
  }

  /** Begins a term or one of its meanings. */
  openEntry(part: keyof Entry): void {
    this.closeEntry();
    this.#entry = { part, text: [] };
  }

  closeEntry(): void {
    if (!this.#entry) return;
    const { part, text: pieces } = this.#entry;
    const text = oneLine(pieces);
    const last = this.#entries.at(-1);
    const joined = (before: string) => (before === '' ? text : `${before}; ${text}`);
    if (part === 'meaning' && last) last.meaning = joined(last.meaning);
    else if (last?.meaning === '') last.term = joined(last.term);
    else if (part === 'term') this.#entries.push({ term: text, meaning: '' });
    this.#entry = undefined;
  }

  closeEntries(): void {
    this.closeEntry();
    if (this.#entries.length > 0) this.#add({ type: 'table', rows: this.#entries.map(({ term, meaning }) => [term, meaning]) });
    this.#entries = [];
  }

  /** Ends the page. */
  passages(): Passage[] {
    this.#depth = Math.min(this.#depth, 1);
    this.closeTable();
    this.closeEntries();
    this.#flush();
    return this.#passages;
  }

  #add(passage: Passage): void {
    this.#flush();
    this.#passages.push(passage);
  }

  #flush(): void {
    const text = this.#prose.take();
    if (text !== '') this.#passages.push({ type: 'prose', text });
  }
}

function toTable(rows: readonly Row[]): Passage {
  const width = Math.max(...rows.map(({ cells }) => cells.length));
  const filled = rows.map(({ cells }) => [...cells, ...Array.from({ length: width - cells.length }, () => '')]);
  const [header, ...body] = filled;
  return rows[0]?.isHeader && header && rows.length > 1 ? { type: 'table', header, rows: body } : { type: 'table', rows: filled };
}

/** The pieces of a cell on one line. */
const oneLine = (pieces: readonly string[]): string => pieces.join('').replace(/\s+/g, ' ').trim();

/** No line has ended since something was written. */
const NO_BREAKS: Readonly<Record<Break, number>> = { source: 0, line: 0, block: 0, paragraph: 0 };

/** Lines of prose. What ends a line is decided when the next one begins. */
class Prose {
  #pieces: string[] = [];
  #ends = { ...NO_BREAKS };

  write(text: string): void {
    const lineEnd = this.#lineEnd();
    if (text.trim() === '' && (this.#pieces.length === 0 || lineEnd !== '')) return;
    this.#pieces.push(lineEnd, text);
    this.#ends = { ...NO_BREAKS };
  }

  end(by: Break): void {
    if (this.#pieces.length > 0) this.#ends[by]++;
  }

  /** The text since it was last taken. */
  take(): string {
    const lines = this.#pieces.join('').split('\n');
    this.#pieces = [];
    this.#ends = { ...NO_BREAKS };
    return lines
      .map((line) => line.replace(/ {2,}/g, ' ').trim())
      .join('\n')
      .trim();
  }

  #lineEnd(): string {
    const { source, line, block, paragraph } = this.#ends;
    if (paragraph > 0 || line > 1 || (source > 1 && line + block === 0)) return '\n\n';
    return source + line + block > 0 ? '\n' : '';
  }
}
