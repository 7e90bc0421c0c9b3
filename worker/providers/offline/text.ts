/** Text taken apart: notes into lines, lines into sentences, sentences into words, in any script. */
import { abbreviation } from './languages.ts';

/** A word and where it begins in its text. */
export type Word = { text: string; index: number };

/** A sentence longer than this, in characters, is cut: speech that was written down has no full stops. */
const LONG = 400;
const PIECE = 200;

// The segmenters know the scripts without spaces too (Chinese, Japanese, Thai).
const byWord = new Intl.Segmenter('und', { granularity: 'word' });
const bySentence = new Intl.Segmenter('und', { granularity: 'sentence' });
const byGrapheme = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The lines of notes: joined where they were only wrapped, without code, list marks, emphasis and what can't be seen. */
export function lines(text: string): string[] {
  const raw = text
    .normalize('NFC')
    .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/g, '')
    .replace(/^```[\s\S]*?^```.*$/gm, '')
    .split(/\r\n|[\r\n\u2028\u2029]/);
  const whole: string[] = [];
  for (const line of raw) {
    const before = whole.at(-1) ?? '';
    // A long line without an end, before one that begins small: one sentence on two lines.
    const wrapped = before.length >= 40 && /[^.!?:;。！？\s|]\s*$/u.test(before) && /^\s*\p{Ll}/u.test(line);
    if (wrapped) whole[whole.length - 1] = `${before.trimEnd()} ${line.trim()}`;
    else whole.push(line);
  }
  return whole.map(clean);
}

function clean(line: string): string {
  return line
    .replace(/\p{Cc}/gu, (character) => (character === '\t' ? '\t' : ' '))
    .replace(/^\s*(?:[-*+•‣▪–—]|#{1,6}|\d{1,3}[.)]|>)\s+/u, '')
    .replace(/^\[[ xX]\]\s+/, '')
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, '$1')
    .replace(/(\*\*|__|`)/g, '')
    .replace(/(^|[\s(])[_*]([^\s_*](?:[^_*]*[^\s_*])?)[_*](?=[\s.,;:!?)]|$)/g, '$1$2')
    .trim();
}

/** The sentences of a line; long ones in pieces. */
export function sentences(line: string): string[] {
  const whole: string[] = [];
  for (const { segment } of bySentence.segment(line)) {
    const before = whole.at(-1);
    if (before !== undefined && abbreviation.test(before)) whole[whole.length - 1] = before + segment;
    else whole.push(segment);
  }
  return whole.flatMap((sentence) => (sentence.length > LONG ? pieces(sentence) : [sentence.trim()]));
}

/** Cuts at clauses where there are any, else between words. */
function pieces(sentence: string): string[] {
  const clauses = sentence
    .split(/(?<=[,;:—–،、，])/u)
    .flatMap((clause) => (clause.length > LONG ? [...byWord.segment(clause)].map(({ segment }) => segment) : [clause]));
  const made: string[] = [];
  let piece = '';
  for (const clause of clauses) {
    piece += clause;
    if (piece.length < PIECE) continue;
    made.push(piece.trim());
    piece = '';
  }
  return [...made, piece.trim()].filter((text) => text !== '');
}

/** The words of a text, without what is between them. */
export function words(text: string): Word[] {
  return [...byWord.segment(text)].filter(({ isWordLike }) => isWordLike).map(({ segment, index }) => ({ text: segment, index }));
}

/** What a reader calls characters. */
export function graphemes(text: string): string[] {
  return [...byGrapheme.segment(text)].map(({ segment }) => segment);
}
