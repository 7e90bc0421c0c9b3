/**
 * Sentences whose gaps their author has set, as Anki writes them: "The {{c1::heart::organ}} beats".
 */
import type { Passage } from './passage.ts';

/** Gaps inside of gaps that are read. */
const MAX_DEPTH = 8;

/** What a gap looks like in a card. */
const GAP = '____';

/** One sentence gives no more cards, since nobody may ask for more. */
const MAX_CARDS = 50;

export const hasCloze = (text: string): boolean => /\{\{c\d{1,3}(?:,\d{1,3})*::/.test(text);

/**
 * A piece of the sentence: text, or a gap with the numbers of its cards. Gaps may stand inside each
 * other.
 */
type Piece = string | { numbers: readonly string[]; inside: Piece[]; hint?: string };

/**
 * A card for each number: its gaps are hidden together, and their hints stand beside them.
 * Undefined if nothing is hidden.
 */
export function readCloze(text: string): Extract<Passage, { type: 'cards' }> | undefined {
  const pieces = parse(text);
  const numbers = new Set(pieces.flatMap(numbersOf));
  const cards = [...numbers]
    .toSorted((a, b) => Number(a) - Number(b))
    .slice(0, MAX_CARDS)
    .map((number) => ({ front: show(pieces, number), back: answers(pieces, number).join(', ') }))
    .filter(({ back }) => back !== '');
  return cards.length === 0 ? undefined : { type: 'cards', text: show(pieces), cards };
}

function parse(text: string): Piece[] {
  const root: Piece[] = [];
  const open: Exclude<Piece, string>[] = [];
  const add = (part: string): void => {
    if (part !== '') (open.at(-1)?.inside ?? root).push(part);
  };
  let at = 0;
  for (const { 0: mark, index, 1: numbers = '' } of text.matchAll(/\{\{c(\d{1,3}(?:,\d{1,3})*)::|\}\}/g)) {
    if (mark === '}}' && open.length === 0) continue;
    add(text.slice(at, index));
    at = index + mark.length;
    if (mark !== '}}') {
      if (open.length < MAX_DEPTH) open.push({ numbers: numbers.split(','), inside: [] });
    } else {
      const gap = open.pop();
      if (gap) (open.at(-1)?.inside ?? root).push(withHint(gap));
    }
  }
  add(text.slice(at));
  // What is not closed is no gap.
  for (const gap of open) root.push(...gap.inside);
  return root;
}

function withHint(gap: Exclude<Piece, string>): Piece {
  const last = gap.inside.at(-1);
  const at = typeof last === 'string' ? last.lastIndexOf('::') : -1;
  if (typeof last !== 'string' || at < 0) return gap;
  const hint = last.slice(at + 2).trim();
  return { ...gap, inside: [...gap.inside.slice(0, -1), last.slice(0, at)], ...(hint !== '' && { hint }) };
}

const numbersOf = (piece: Piece): string[] => (typeof piece === 'string' ? [] : [...piece.numbers, ...piece.inside.flatMap(numbersOf)]);

/** The text as it reads: whole, or with the gaps of a number. */
function show(pieces: readonly Piece[], hidden?: string): string {
  return pieces
    .map((piece) => {
      if (typeof piece === 'string') return piece;
      if (hidden === undefined || !piece.numbers.includes(hidden)) return show(piece.inside, hidden);
      return piece.hint === undefined ? GAP : `${GAP} (${piece.hint})`;
    })
    .join('')
    .trim();
}

function answers(pieces: readonly Piece[], number: string): string[] {
  return pieces.flatMap((piece) => {
    if (typeof piece === 'string') return [];
    return piece.numbers.includes(number) ? [show(piece.inside)] : answers(piece.inside, number);
  });
}

/** Lines with gaps are cards, the others prose. */
export function readClozeLines(text: string): Passage[] {
  const passages: Passage[] = [];
  for (const line of text.split('\n')) {
    const last = passages.at(-1);
    const read = readCloze(line);
    if (read) passages.push(read);
    else if (last?.type === 'prose') last.text += `\n${line}`;
    else if (line.trim() !== '') passages.push({ type: 'prose', text: line });
  }
  return passages;
}
