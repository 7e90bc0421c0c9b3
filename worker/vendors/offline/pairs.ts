/** Terms with their meanings on one line: "Hund: dog", "ATP = adenosine triphosphate", "木：tree". */
import { ARROWS, DASHES, TYPED_ARROW } from '../../../src/kinds/pair-marks.ts';
import { announces, attributes, clockWords, emptyHeading, kitchenUnits, months } from './labels.ts';
import { languageOfWords } from './languages/index.ts';
import type { Language } from './languages/language.ts';
import { isPicture, words } from './text.ts';

export type Pair = { term: string; meaning: string; /** Its sides are in two languages, as in word lists. */ translation?: true };

/** A term, the mark after it, and its meaning. */
export const pairPattern = new RegExp(
  `^(.{1,80}?)\\s{0,4}(：|＝|:(?=\\s)|\\s(?:[=${DASHES}${ARROWS}]|${TYPED_ARROW})\\s|\\t)\\s{0,8}(\\S.*)$`,
  'u',
);

/** A mark that can part a term from its meaning, or a cell from the next one. */
export const pairMark = new RegExp(`\\t|\\s[|=${DASHES}${ARROWS}]\\s|:\\s|：|${TYPED_ARROW}`, 'u');

const dash = new RegExp(`[${DASHES}]`, 'u');
const dashInside = new RegExp(`\\s[${DASHES}]\\s`, 'u');

/**
 * What is known of a text that may be a pair. `prose`: it is one of several sentences. `listed`: it
 * is an entry of a word list.
 */
type Setting = { prose?: boolean; listed?: boolean };

/** Takes a text apart that pairs a term with its meaning. */
export function pairIn(text: string, language: Language | undefined, { prose = false, listed = false }: Setting = {}): Pair | undefined {
  const [, left = '', mark = '', right = ''] = pairPattern.exec(text) ?? [];
  const term = left.trim();
  const meaning = right.trim().replace(/[;,]$/, '');
  if (
    !(listed ? isMeaning(meaning) && isNamed(term) && !isFormula(term, meaning, mark) : isPair(term, meaning, mark)) ||
    /^[:：]/.test(meaning)
  )
    return undefined;
  const isColon = /[:：]/.test(mark);
  if (isColon && /^\p{Script=Latin}$/u.test(term)) return undefined; // who speaks, or which of several answers
  const isTranslation = differs(term, meaning);
  const isPhrase = /[?？؟!！]$/u.test(term) && /[?？؟!！]$/u.test(meaning);
  if (/[?？؟!！]$/u.test(meaning) && !isPhrase) return undefined;
  if (isTranslation) return { term, meaning, translation: true };
  if (isPhrase) return { term, meaning };
  const isSentence = prose || (words(meaning).length > 5 && /[.。]$/u.test(meaning));
  if (dash.test(mark) && isSentence && (dashInside.test(meaning) || words(term).length > 4 || (prose && /^\p{Lu}/u.test(meaning))))
    return undefined;
  if (language && ((isColon && words(meaning).length > 3) || isSentence) && tells(term, language)) return undefined;
  if (language && isSentence && words(meaning).some(({ text }) => language.persons.has(text.toLowerCase()))) return undefined;
  return { term, meaning };
}

/** Whether two texts can be a term and its meaning. */
export function isPair(term: string, meaning: string, mark = '='): boolean {
  return isTerm(term) && isMeaning(meaning) && !isFormula(term, meaning, mark);
}

/** A picture counts as a word: it can be asked for, and be the answer. */
const countOf = (text: string): number => words(text).length || (isPicture(text) ? 1 : 0);

/** Something that can be asked for: few words, and no label, time, address or end of a sentence. */
export function isTerm(term: string): boolean {
  if ((announces(term) && !/^\p{L}$/u.test(term)) || isEmptyHeading(term.toLowerCase())) return false;
  return isNamed(term);
}

/** The same without the last of these. */
function isNamed(term: string): boolean {
  const count = countOf(term);
  if (count === 0 || count > 8 || isNoise(term)) return false;
  if (isPicture(term)) return true;
  if (/[.。;；]$/u.test(term) && !/\b\p{L}{1,4}\.$/u.test(term)) return false;
  if (
    /^[^\p{L}\p{N}¿¡("'«„“[~-]/u.test(term) ||
    /[([{]\p{L}*$/u.test(term) ||
    /[+<>]/.test(term) ||
    /,\s.{1,40},/.test(term.replace(/\([^()]*\)/g, ''))
  )
    return false;
  return /\p{L}/u.test(term) || /^\d{3,4}(?:\s?[-–]\s?\d{2,4})?$/.test(term);
}

const isEmptyHeading = (term: string): boolean => emptyHeading.has(term) && !attributes.has(term);

/** Something that is worth to be remembered. */
function isMeaning(meaning: string): boolean {
  if (meaning.length > 600 || countOf(meaning) === 0 || isNoise(meaning)) return false;
  if (
    /^(?:упр|стр|s|p|pp|ex)\.?$/iu.test(meaning) ||
    /(?:^|[\s(])(?:pp?|pages?|s|seiten?|pág(?:ina)?|pag(?:ina)?|página|стр|упр|ex|übung|صفحة)\.?\s?\d|\d\s?쪽/iu.test(meaning)
  )
    return false;
  return !/[:：]$/u.test(meaning) && !/^[?!.,)]/.test(meaning) && !isQuantity(meaning);
}

/** Links, addresses, times, dates, rooms, and what is still to be done. */
export function isNoise(text: string): boolean {
  if (/https?:|www\.|\S@\S|\btodo\b|\btbd\b|\bfixme\b|\.(?:com|org|net|de|io|edu)\b/i.test(text)) return true;
  if (/\d{1,2}:\d{2}/.test(text)) return true;
  if (/^(?:room|raum|salle|aula|sala|hörsaal|lecture hall|building)\s?[\p{L}\d.-]{0,8}\d/iu.test(text)) return true;
  if (!/\d/.test(text) || text.length > 60) return false;
  const found = words(text).map(({ text }) => text.toLowerCase());
  const bare = found.filter((word) => !/^\d{1,4}(?:st|nd|rd|th)?$/.test(word));
  const isDate =
    bare.length < found.length &&
    bare.length > 0 &&
    bare.every((word) => months.has(word) || clockWords.has(word) || /^(?:of|de|the|on)$/.test(word));
  return isDate && found.length <= 4;
}

/** A bare number, or one with a unit of kitchens and shops. */
function isQuantity(text: string): boolean {
  const [, unit = ''] = /^[x×~]?\s?[\d.,/½¼¾]+\s?[x×]?\s?(\p{L}*)\.?(?:\s|$)/iu.exec(text) ?? [];
  if (/^[x×~]?\s?\d{1,3}\s?[x×]?$/i.test(text)) return true;
  return unit !== '' && kitchenUnits.has(unit.toLowerCase());
}

/** Whether the two sides are in two languages: by their script, or by their common words. */
export function differs(term: string, meaning: string): boolean {
  const script = (text: string) =>
    /[\p{Script=Han}\u3040-\u30ff]/u.test(text)
      ? 'cjk'
      : (/\p{Script=Latin}|\p{Script=Cyrillic}|\p{Script=Arabic}|\p{Script=Hangul}|\p{Script=Greek}|\p{Script=Hebrew}|\p{Script=Devanagari}|\p{Script=Thai}/u.exec(
          text,
        )?.[0] ?? '');
  const [left, right] = [script(term), script(meaning)];
  const kind = (found: string) => (found === 'cjk' || found === '' ? found : scriptOf(found));
  if (left !== '' && right !== '' && kind(left) !== kind(right)) return true;
  const lower = (text: string) => words(text).map((word) => word.text.toLowerCase());
  const [a, b] = [languageOfWords(lower(term)), languageOfWords(lower(meaning))];
  return a !== undefined && b !== undefined && a !== b;
}

const scripts = ['Latin', 'Cyrillic', 'Arabic', 'Hangul', 'Greek', 'Hebrew', 'Devanagari', 'Thai'].map((name) => ({
  name,
  letters: new RegExp(`\\p{Script=${name}}`, 'u'),
}));
const scriptOf = (letter: string): string | undefined => scripts.find(({ letters }) => letters.test(letter))?.name;

/** Whether a front is rather the first part of a sentence. */
function tells(term: string, language: Language): boolean {
  const found = words(term).map(({ text }) => text.toLowerCase());
  const [first = ''] = found;
  if (language.starters.has(first) && found.length > 1 && !language.articles.has(first)) return true;
  return found.some(
    (word) =>
      language.persons.has(word) ||
      (found.length > 1 &&
        /^(?:is|are|was|were|has|have|had|ist|sind|war|hat|est|sont|était|es|son|era|è|sono|é|são|said|says)$/.test(word)),
  );
}

/** "x = 5", "F = m * a": of numbers and signs, or of a program. */
function isFormula(term: string, meaning: string, mark: string): boolean {
  if (words(term).length > 1) return false;
  const tells = /\p{L}{4}|[^\p{Script=Latin}\P{L}]/u.test(meaning);
  return /[_$[\]\\^]/.test(term) || /[*^[\]{}\\_]|\w\(/.test(meaning)
    ? !tells || /[[\]{}_\\]/.test(meaning)
    : term.length <= 2 &&
        /^[\p{Script=Latin}\p{Script=Greek}]/u.test(term) &&
        !tells &&
        (mark.includes('=') || /\d|^.$/u.test(term + meaning.replace(/\D/g, '')));
}
