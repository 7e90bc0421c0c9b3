/**
 * Reads the source of a wiki page (MediaWiki): its text without templates, references, links and
 * files.
 */
import { decodeHTML } from 'entities';
import type { Passage } from './passage.ts';

/** Marks by which such a source is told from other notes. */
const sure = /'''[^'\n]{1,200}'''|<ref\b[^<>]{0,100}>|^\{\|[^|\n]{0,200}\n\s*[|!]/m;
const likely: readonly RegExp[] = [
  /^={2,6}[^=\n]{1,100}={2,6}\s*$/m,
  /\[\[[^[\]\n]{1,200}\]\]/,
  /\{\{(?!c\d)[^{}]{1,300}\}\}/,
  /''[^'\n]{1,200}''/,
  /\[\[(?:File|Image|Datei|Category|Kategorie|Fichier|Archivo):/i,
];

/** Notes in Markdown may have links and templates in the same brackets. */
const markdown = /^#{1,6}\s|\*\*|\]\(/m;

/** How surely a text is such a source, from 0 to 1. */
export function wikiConfidence(text: string): number {
  if (sure.test(text)) return 1;
  if (markdown.test(text)) return 0;
  return Math.min(likely.filter((mark) => mark.test(text)).length / 2, 1);
}

/** Templates whose last parameter is text of the page. */
const showing = /^(?:lang|transl|nowrap|small|abbr|nihongo|langue|lang-[a-z]{2,3})$/i;

/** Reads a page. Tables come as rows; lists and headings keep the marks that notes have. */
export function readMediaWiki(source: string): Passage[] {
  const bare = source
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/<ref\b[^<>/]*\/>|<(ref|math|gallery|timeline)\b[^<>]*>[\s\S]*?(?:<\/\1>|$)/gi, '')
    .replace(/<br\s*\/?>/gi, '\n');
  const passages: Passage[] = [];
  let prose: string[] = [];
  const flush = (): void => {
    const text = prose
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim();
    if (text !== '') passages.push({ type: 'prose', text });
    prose = [];
  };
  let rows: string[] | undefined; // the lines of the table that is open
  for (const line of withoutTemplates(bare).split('\n')) {
    if (/^\s*\{\|/.test(line)) {
      flush();
      rows = [];
    } else if (rows && /^\s*\|\}/.test(line)) {
      passages.push(...readTable(rows));
      rows = undefined;
    } else if (rows) rows.push(line);
    else prose.push(readLine(line));
  }
  if (rows) passages.push(...readTable(rows));
  flush();
  return passages;
}

/** Deeper marks are no source of a page. */
const MAX_DEPTH = 40;

/** Without templates and files, which may stand inside each other. What is never closed stays. */
function withoutTemplates(text: string): string {
  const open: { mark: string; pieces: string[] }[] = [{ mark: '', pieces: [] }];
  let at = 0;
  const add = (part: string): void => void (part !== '' && open.at(-1)?.pieces.push(part));
  for (const { 0: mark, index } of text.matchAll(/\{\{|\}\}|\[\[|\]\]/g)) {
    add(text.slice(at, index));
    at = index + 2;
    const last = open.at(-1);
    if ((mark === '{{' || mark === '[[') && open.length < MAX_DEPTH) open.push({ mark, pieces: [] });
    else if (last && ((mark === '}}' && last.mark === '{{') || (mark === ']]' && last.mark === '[['))) {
      open.pop();
      add(mark === '}}' ? templateText(last.pieces.join('')) : linkText(last.pieces.join('')));
    } else if (last?.mark === '') add(mark);
  }
  add(text.slice(at));
  return open.map(({ mark, pieces }) => mark + pieces.join('')).join('');
}

function templateText(inside: string): string {
  const [name = '', ...parameters] = inside.split('|').map((part) => part.trim());
  const plain = parameters.filter((parameter) => !/^[\w\s-]{1,30}=/.test(parameter));
  if (/^(?:convert|cvt)$/i.test(name)) return plain.slice(0, 2).join(' ');
  return showing.test(name) ? (plain.at(-1) ?? '') : '';
}

function linkText(inside: string): string {
  const parts = inside.split('|');
  if (
    /^:?(?:file|image|category|datei|bild|kategorie|fichier|catégorie|archivo|categoría|immagine|categoria|ficheiro|файл|категория)\s*:/i.test(
      inside,
    )
  )
    return '';
  return (parts.at(-1) || parts[0]?.replace(/\s?\([^()]{0,100}\)$|^[^:]{1,20}:/g, '')) ?? '';
}

/** A line with the marks that notes have, and without what only wikis have. */
function readLine(line: string): string {
  const bare = line.trim();
  const heading = /^(={1,6})([^=]{1,200})\1$/.exec(bare);
  if (heading) return `\n# ${inlineText(heading[2] ?? '').trim()}\n`;
  const [, term, meaning] = /^;([^:]{1,200}):(.*)$/.exec(bare) ?? [];
  if (term !== undefined && meaning !== undefined) return inlineText(`${term.trim()}: ${meaning.trim()}`);
  return inlineText(line.replace(/^([*#]+)\s*/, '- ').replace(/^[:;]+\s*/, ''));
}

function inlineText(text: string): string {
  return decodeHTML(
    text
      .replace(/'{2,5}/g, '')
      .replace(/\s?\([\s,;:]{0,20}\)/g, '') // what stood in them was a template
      .replace(/\([,;:]\s/g, '(')
      .replace(/\[(?:https?:)?\/\/[^\s\]]{1,300}(?:\s([^\]]{1,200}))?\]/g, '$1')
      .replace(/__[A-Z]{3,20}__|~{3,5}/g, '')
      .replace(/<\/?(?:nowiki|sup|sub|small|big|span|div|center|code|s|u|i|b|em|strong|poem|blockquote|references)\b[^<>]{0,200}>/gi, ''),
  )
    .replace(/[^\S\t]{2,}/g, ' ')
    .trimEnd();
}

function readTable(lines: readonly string[]): Passage[] {
  const rows: { cells: string[]; isHeader: boolean }[] = [{ cells: [], isHeader: true }];
  for (const line of lines) {
    const row = rows.at(-1);
    const bare = line.trim();
    if (bare.startsWith('|-')) rows.push({ cells: [], isHeader: true });
    else if (row && /^[|!](?!\+)/.test(bare)) {
      if (bare.startsWith('|')) row.isHeader = false;
      for (const cell of bare.slice(1).split(bare.startsWith('!') ? /!!|\|\|/ : '||'))
        row.cells.push(inlineText(cell.replace(/^[^|[\]]{0,80}=[^|]{0,80}\|(?!\|)/, '')).trim());
    }
  }
  const filled = rows.filter(({ cells }) => cells.length > 1);
  const [first, ...body] = filled;
  if (!first || body.length === 0) return [];
  const cells = filled.map((row) => row.cells);
  return [first.isHeader ? { type: 'table', header: first.cells, rows: cells.slice(1) } : { type: 'table', rows: cells }];
}
