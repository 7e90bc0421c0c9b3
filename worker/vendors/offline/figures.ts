/**
 * Figures in a sentence that are worth asking for: years and quantities, not times, pages or
 * prices.
 */
import { clockWords, currencies, kitchenUnits, months, ordering } from './labels.ts';
import { type Language, set } from './languages/language.ts';
import type { Word } from './text.ts';

/** A sentence with more figures is data, and nobody learns one of them. */
const MAX_FIGURES = 4;

/** What joins the two ends of a range. */
const inRange = set('to and or bis und oder à et ou a y o e до и');

/** How many came is news, not knowledge. */
const heads = set(
  'people persons menschen besucher gäste personnes visiteurs personas visitantes persone visitatori pessoas человек visitors guests fans participants teilnehmer',
);

const isNumber = (text: string): boolean => /^\p{Nd}[\p{Nd}.,٫٬]*$/u.test(text);
const isYear = (text: string): boolean => /^(?:1\d{3}|20\d{2})$/.test(text);

/** The figure to ask for, if there is one. */
export function figureIn(sentence: string, found: readonly Word[], language: Language | undefined): Word | undefined {
  const figures = found.filter(({ text }) => /\p{Nd}/u.test(text));
  if (figures.length > MAX_FIGURES) return undefined;
  const usable = found.filter((word, place) => isNumber(word.text) && isCountable(sentence, found, word, place));
  const years = usable.filter((word) => isYear(word.text) && isPlaceOfYear(sentence, word));
  const quantity = usable.find((word) => !years.includes(word));
  const [year] = years;
  if (year && years.length === 1 && namesSomething(sentence, found, language)) return year;
  return years.length > 0 ? undefined : quantity;
}

function isCountable(sentence: string, found: readonly Word[], { text, index }: Word, place: number): boolean {
  const before = sentence.slice(Math.max(0, index - 2), index);
  const after = sentence.slice(index + text.length, index + text.length + 2);
  if (/[:^/.\-–—§#$€£¥+*=(<>~×_,]\s?$/.test(before) || /^\s?[:^/–—\-+*=×)€$£<>]/.test(after)) return false;
  if (/^\.\s?\p{L}?/u.test(after) && after.length > 1) return false; // an ordinal, as in "9. November"
  const [last, next] = [found[place - 1]?.text.toLowerCase() ?? '', found[place + 1]?.text.toLowerCase() ?? ''];
  if (Number(text.replace(/,/g, '.')) <= 1 || ordering.has(last) || /^\p{Nd}/u.test(next) || /^\p{Nd}/u.test(last)) return false;
  const [second, secondLast] = [found[place + 2]?.text ?? '', found[place - 2]?.text ?? ''];
  if ((inRange.has(next) && isNumber(second)) || (inRange.has(last) && isNumber(secondLast)) || heads.has(next)) return false;
  if (clockWords.has(next) || kitchenUnits.has(next) || currencies.has(next)) return false;
  if (isYear(text)) return true;
  return !months.has(next) && !months.has(last) && !/^(?:de|of)$/.test(next) && !/^[月日号號年時时点點분시월일年]/u.test(next);
}

/** A year stands after a preposition or a month, at the end, or before 年. Else it is a quantity. */
function isPlaceOfYear(sentence: string, { text, index }: Word): boolean {
  const before = sentence.slice(Math.max(0, index - 14), index);
  const after = sentence.slice(index + text.length, index + text.length + 6);
  return (
    /(?:^|\s)(?:in|im jahre?|seit|bis|um|ab|since|until|by|from|around|about|en|dès|depuis|desde|hasta|nel|dal|del|em|de|o|от|до|в|с|about|late|early|year|año|ano|anno|عام|سنة|\p{L}{3,10}\.?)\s$/iu.test(
      before,
    ) || /^\s?(?:年|года?у?\b|년|yılında)/u.test(after)
  );
}

/** A year belongs to something with a name; where scripts have no capitals, that can't be told. */
function namesSomething(sentence: string, found: readonly Word[], language: Language | undefined): boolean {
  if (!/[\p{Lu}]/u.test(sentence)) return language !== undefined && /[\p{Lo}]/u.test(sentence);
  if (language?.code === 'de') return true;
  return found.some(
    ({ text }, place) =>
      /^\p{Lu}/u.test(text) &&
      text.length > 2 &&
      !months.has(text.toLowerCase()) &&
      (place > 0 || !language?.starters.has(text.toLowerCase())) &&
      !language?.articles.has(text.toLowerCase()),
  );
}
