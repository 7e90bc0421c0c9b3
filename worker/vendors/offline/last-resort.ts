/**
 * Cards of a text of one or two lines that says nothing to be learned, since whoever tries with a
 * word wants to see a card.
 */
import type { Flashcard } from '../../../src/kinds/flashcards.ts';
import { standsElsewhere } from './facts.ts';
import { tellNothing } from './languages/index.ts';
import type { Line } from './lines.ts';
import { isNoise } from './pairs.ts';
import { isAmount, isCode } from './register.ts';
import { graphemes, sentences, type Word, words } from './text.ts';

/** Longer texts are no try. In lines, in words of a line, and in its characters. */
const MAX_LINES = 2;
const MAX_WORDS = 60;
const MAX_LENGTH = 400;

/** The cards of a short text: a gap in each sentence, or the spelling of a word or two. */
export function lastResort(lines: readonly Line[]): Flashcard[] {
  if (lines.length > MAX_LINES || !lines.every(isShort)) return [];
  const found = lines.flatMap((line) => words(line.text));
  if (found.length <= 2) return found.map(spelling);
  const gaps = lines.flatMap((line) => sentences(line.text)).flatMap(gap);
  if (gaps.length > 0) return gaps;
  const longest = found.toSorted((a, b) => b.text.length - a.text.length).slice(0, 1);
  return longest.map(spelling);
}

function isShort({ text, spoken }: Line): boolean {
  return (
    !spoken &&
    !/\t|^[[{]\s*[[{"]/.test(text) &&
    text.length <= MAX_LENGTH &&
    words(text).length <= MAX_WORDS &&
    !isCode(text) &&
    !isAmount(text) &&
    !isNoise(text)
  );
}

/** Hides the last of the longest words that tell something. */
function gap(sentence: string): Flashcard[] {
  const found = words(sentence);
  const telling = found.filter(
    (word, place) => place > 0 && !tellNothing.has(word.text.toLowerCase()) && !/\d/.test(word.text) && !standsElsewhere(sentence, word),
  );
  const [first, ...rest] = telling;
  if (!first || found.length < 3) return [];
  const hidden = rest.reduce((best, word) => (graphemes(word.text).length >= graphemes(best.text).length ? word : best), first);
  return [{ front: `${sentence.slice(0, hidden.index)}____${sentence.slice(hidden.index + hidden.text.length)}`, back: hidden.text }];
}

/** A lone word is asked for by its first letter and its length. */
function spelling({ text }: Word): Flashcard {
  const [first = '', ...rest] = graphemes(text);
  return { front: rest.length === 0 ? '_' : [first, ...rest.map(() => '_')].join(' '), back: text };
}
