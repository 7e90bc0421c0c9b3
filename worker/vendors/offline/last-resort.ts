/** Cards of a text of one line that says nothing to be learned, since whoever tries with one word wants to see a card. */
import type { Flashcard } from '../../../src/kinds/flashcards.ts';
import { standsElsewhere } from './facts.ts';
import { tellNothing } from './languages/index.ts';
import { type Line, readLines } from './lines.ts';
import { isNoise } from './pairs.ts';
import { isAmount, isCode } from './register.ts';
import { graphemes, sentences, type Word, words } from './text.ts';

/** Longer lines are no try. In words, and in characters. */
const MAX_WORDS = 25;
const MAX_LENGTH = 200;

/** The cards of a short line: a gap in each sentence, or the spelling of a word or two. */
export function lastResort(text: string): Flashcard[] {
  const [line, ...more] = readLines(text);
  if (!line || more.length > 0 || !isShort(line)) return [];
  const found = words(line.text);
  if (found.length <= 2) return found.map(spelling);
  const gaps = sentences(line.text).flatMap(gap);
  return gaps.length > 0
    ? gaps
    : found
        .toSorted((a, b) => b.text.length - a.text.length)
        .slice(0, 1)
        .map(spelling);
}

function isShort({ text, spoken }: Line): boolean {
  return !spoken && text.length <= MAX_LENGTH && words(text).length <= MAX_WORDS && !isCode(text) && !isAmount(text) && !isNoise(text);
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
