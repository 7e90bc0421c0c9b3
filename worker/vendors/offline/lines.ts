/** Notes into lines: bounded, without code, marks of any markup, and who said what when. */
import { fencedLines } from '../../../src/kinds/fences.ts';
import type { AuthoredCard, Passage } from '../../texts/passage.ts';
import { readText } from '../../texts/read-text.ts';
import { onOneLine } from '../../texts/to-text.ts';
import { withoutFootnotes } from './footnotes.ts';
import { pairMark } from './pairs.ts';
import { isPicture, withoutPictures } from './text.ts';

/** A line with something in it. */
export type Line = {
  /** Its place among the lines of the text, from 0. */
  at: number;
  text: string;
  /** Whether an empty line, or the start of the text, stands before it. */
  first: boolean;
  /** How it is marked: as an item of a list, as a heading, or not at all. */
  mark: 'none' | 'item' | 'heading';
  /** How far it is indented, in characters; a tab counts for four. */
  indent: number;
  /** Whether somebody says it: it had a time or a speaker before it. */
  spoken: boolean;
  /**
   * The cells, if the format says that it is a row of a table, and whether it heads the columns.
   */
  cells?: readonly string[];
  isHeader?: true;
  /** The cards that its author has made of it. */
  cards?: readonly AuthoredCard[];
};

/**
 * Bounds, so that no text costs more than its length: lines that are read, and characters in one.
 */
const MAX_LINES = 4000;
const MAX_LINE = 1200;

/** The lines of a text. */
export function readLines(text: string): Line[] {
  const lines = readText(text).flatMap((passage) => readers[passage.type](passage as never));
  // Cards that follow each other are one list.
  const isFirst = (line: Unplaced, before: Unplaced | undefined) => line.first && !(line.cards && before?.cards);
  return lines.slice(0, MAX_LINES).map((line, at) => ({ ...line, at, first: isFirst(line, lines[at - 1]) }));
}

type Unplaced = Omit<Line, 'at'>;

/** Lines out of the passages of each type. */
const readers: { [Type in Passage['type']]: (passage: Extract<Passage, { type: Type }>) => Unplaced[] } = {
  prose: ({ text }) => markFirst(withoutCode(bounded(withoutFootnotes(text).split('\n'))).map(unmark)),
  speech: ({ sentences }) => sentences.map((text, at) => ({ ...BARE, text: plain(text), spoken: true, first: at === 0 })),
  table: ({ header, rows }) =>
    [...(header ? [header] : []), ...rows].map((cells, at) => ({
      ...BARE,
      text: onOneLine(cells.join('\t')),
      cells,
      first: at === 0,
      ...(header && at === 0 && { isHeader: true }),
    })),
  cards: ({ text, cards }) => [{ ...BARE, text: onOneLine(text), cards, first: true }],
};

const BARE = { mark: 'none', indent: 0, spoken: false } as const;

/** Leaves out empty lines and tells which lines stand after one. */
function markFirst(marked: readonly Omit<Unplaced, 'first'>[]): Unplaced[] {
  return marked.flatMap((line, at) => (line.text === '' ? [] : [{ ...line, first: (marked[at - 1]?.text ?? '') === '' }]));
}

/** Cuts lines that are too long, after a sentence where there is one, else between words. */
function bounded(raw: string[]): string[] {
  const made: string[] = [];
  for (const line of raw) {
    let start = 0;
    while (line.length - start > MAX_LINE && made.length < MAX_LINES) {
      const window = line.slice(start, start + MAX_LINE);
      const end = Math.max(...['. ', '! ', '? ', '。', '！', '？'].map((stop) => window.lastIndexOf(stop))) + 1;
      const cut = end > MAX_LINE / 4 ? end : Math.max(window.lastIndexOf(' '), MAX_LINE / 2);
      made.push(window.slice(0, cut));
      start += cut;
    }
    if (made.length >= MAX_LINES) return made;
    made.push(line.slice(start));
  }
  return made;
}

/** Without fenced code. */
function withoutCode(raw: string[]): string[] {
  const fenced = fencedLines(raw);
  return raw.map((line, at) => (fenced.has(at) ? '' : line));
}

const marks = {
  heading: /^\s{0,8}(?:#{1,6}\s+|={2,6}\s?(?=\S))/,
  item: /^\s{0,40}(?:[-*+•‣▪◦·–—→>]|\d{1,3}[.)]|[a-z]\)|\(\d{1,3}\)|☐|☑|✓|✅)\s{1,8}|^[・●■◆○]\s{0,4}/u,
  box: /^\[[ xX]?\]\s{0,4}/,
  moment:
    /^[[(<]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?\s{1,2})?\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?(?:\s?[ap]\.?m\.?)?[\])>]?(?:\s{0,3}[-–—|:])?\s{1,4}(?=\S)/i,
  said: /^<?(?:[\p{Lu}\p{Lo}][\p{L}\p{N}.'’_-]{0,30}(?: [\p{Lu}\p{N}][\p{L}\p{N}.'’_-]{0,30}){0,2}|[a-z][\w.-]{0,20})(?:>:?|:|：)\s{1,4}(?=\S)/u,
  nick: /^<[\p{L}\p{N}_.-]{1,30}>\s{1,4}/u,
};

/** Takes the marks off a line and tells what they said of it. */
function unmark(raw: string): Omit<Unplaced, 'first'> {
  const isHeading = marks.heading.test(raw);
  const isItem = !isHeading && marks.item.test(raw);
  let text = raw.replace(isHeading ? marks.heading : marks.item, '').replace(marks.box, '');
  if (isHeading) text = text.replace(/\s{0,4}(?:#{1,6}|={2,6})\s*$/, '');
  const afterTime = text.trimStart().replace(marks.moment, '');
  const timed = afterTime !== text.trimStart();
  if (timed) text = afterTime.replace(marks.said, '');
  const nick = marks.nick.test(text);
  if (nick) text = text.replace(marks.nick, '');
  const bold = /^\s{0,4}(?:\*\*|__)([^*_]{1,80}?):?(?:\*\*|__):?\s*$/.exec(text);
  return {
    text: plain(text),
    mark: isHeading || (bold !== null && !isItem) ? 'heading' : isItem ? 'item' : 'none',
    spoken: timed || nick,
    indent: (/^[ \t]{0,40}/.exec(raw)?.[0] ?? '').replaceAll('\t', '    ').length,
  };
}

/**
 * Without the marks of Markdown inside a line and without emoji, unless they are what a term or its
 * meaning is.
 */
function plain(text: string): string {
  const bare = text
    .replace(/!\[\[[^[\]]{0,200}\]\]|(?<=[.!?)\]])\s\^[\w-]{2,30}$/g, '') // what a note of Obsidian shows, and the name of its block
    .replace(/!?\[([^[\]]{0,200})\]\([^()\s]{0,300}\)/g, '$1')
    .replace(/\[\[(?:[^[\]|]{1,80}\|)?([^[\]|]{1,80})\]\]/g, '$1')
    .replace(/\{\{[^{}]{0,200}\}\}/g, '')
    .replace(/\[(?:\d{1,3}|[a-z]|citation needed)\]/g, '')
    .replace(/\*\*|__(?!_)|`|==|~~/g, '')
    .replace(/(^|[\s(])[_*]([^\s_*](?:[^_*]{0,200}[^\s_*])?)[_*](?=[\s.,;:!?)]|$)/g, '$1$2');
  return (hasPictureSide(bare) ? bare : withoutPictures(bare)).trim();
}

/** Whether a side of a pair is a picture and nothing else. Longer lines are no such pairs. */
const hasPictureSide = (text: string): boolean => text.length <= 100 && text.split(pairMark).some(isPicture);
