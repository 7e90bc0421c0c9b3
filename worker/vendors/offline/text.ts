/**
 * Text taken apart, in any script: a line into sentences, a sentence into words, a word into
 * characters.
 */

import { USUAL } from '../../texts/characters.ts';

/** A word and where it begins in its text. */
export type Word = { text: string; index: number };

// The segmenters know the scripts without spaces too (Chinese, Japanese, Thai).
const byWord = new Intl.Segmenter('und', { granularity: 'word' });
const bySentence = new Intl.Segmenter('und', { granularity: 'sentence' });
const byGrapheme = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** A point after these ends no sentence. */
const abbreviation =
  /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Sra|No|Nr|Fig|vol|pp?|vs|ca|approx|bzw|usw|etc|cf|e\.g|i\.e|p\.ej|z\.B|d\.h|d\.C|a\.C|J\.-C|г|в|н|т\.е|(?:am|im|der|den|dem|des|zum|vom|bis|seit|ab) \d{1,2}|\d{1,2})\.\s*$/iu;

/** A letter for a name: "J. S. Bach", but not "of type G. It". */
const initial = /(?:^|\p{Lu}\S{0,20}\s|\p{Lu}\.\s?)\p{Lu}\.\s*$/u;

/** How much of a sentence's end is looked at for an abbreviation, in characters. */
const TAIL = 30;

/** The sentences of a line, trimmed. The line has a bounded length, so this has a bounded cost. */
export function sentences(line: string): string[] {
  const whole: string[] = [];
  let parts: string[] = [];
  for (const { segment } of bySentence.segment(line)) {
    parts.push(segment);
    const tail = segment.slice(-TAIL);
    if ((abbreviation.test(tail) || initial.test(tail)) && !/^\d{1,2}\.\s*$/.test(segment)) continue;
    whole.push(parts.join('').trim());
    parts = [];
  }
  whole.push(parts.join('').trim());
  return whole.filter((sentence) => sentence !== '');
}

/**
 * Latin and Cyrillic text, with the usual marks. Its words are told by their characters alone, which
 * takes a sixth of the segmenter's time.
 */
const plainText = new RegExp(`^[${USUAL}]*$`);

const LETTER = 'A-Za-zªµºÀ-ÖØ-öø-\u{24f}\u{400}-\u{481}\u{48a}-\u{4ff}';

/**
 * A word in such text, by the rules of UAX #29, which are the segmenter's, too: letters and digits;
 * one point, apostrophe or colon stands between two letters, one point, comma, apostrophe or
 * semicolon between two digits. Two underscores or more are a word of their own.
 */
const plainWord = new RegExp(
  `_*[${LETTER}\\d][${LETTER}\\d_]*(?:(?:(?<=[${LETTER}])[.'’‘:·](?=[${LETTER}])|(?<=\\d)[.,;'’‘](?=\\d))[${LETTER}\\d_]+)*|__+`,
  'gu',
);

/**
 * The words of texts that were just looked at: each sentence is asked for its words by one reader
 * after the other.
 */
const recent = new Map<string, readonly Word[]>();
const MAX_RECENT = 128;

/** The words of a text, without what is between them. */
export function words(text: string): readonly Word[] {
  const known = recent.get(text);
  if (known) return known;
  const found = plainText.test(text) ? plainWords(text) : segmentedWords(text);
  if (recent.size >= MAX_RECENT) recent.clear();
  recent.set(text, found);
  return found;
}

function plainWords(text: string): Word[] {
  const found: Word[] = [];
  plainWord.lastIndex = 0;
  for (let match = plainWord.exec(text); match; match = plainWord.exec(text)) found.push({ text: match[0], index: match.index });
  return found;
}

/** The words of a text in any script. */
export function segmentedWords(text: string): Word[] {
  const found: Word[] = [];
  for (const { segment, index, isWordLike } of byWord.segment(text)) if (isWordLike) found.push({ text: segment, index });
  return found;
}

/** What a reader calls characters. */
export function graphemes(text: string): string[] {
  return Array.from(byGrapheme.segment(text), ({ segment }) => segment);
}

/**
 * Whether a text is written without spaces between words, so that its length says more than its
 * count of words.
 */
export function isUnspaced(text: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(text);
}

/** Emoji and flags, but no arrows: those part a term from its meaning. */
const picture =
  /[\p{Extended_Pictographic}--[\u2190-\u21ff\u2794-\u27bf\u27f0-\u27ff\u2b00-\u2b11]]\ufe0f?|\p{Regional_Indicator}|\p{Emoji_Modifier}|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d|\ufe0f/gv;

/** A text without its emoji. */
export const withoutPictures = (text: string): string => text.replace(picture, '');

/** Whether a text is an emoji or a few, and nothing else. */
export const isPicture = (text: string): boolean =>
  text.length <= 40 && /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text) && withoutPictures(text).trim() === '';
