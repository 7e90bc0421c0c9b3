/**
 * What sort of text it is, line by line and as a whole: of talk, verse, code, recipes and letters
 * we ask little or nothing.
 */
import { ARROWS, DASHES, TYPED_ARROW } from '../../../src/kinds/pair-marks.ts';
import { kitchenUnits } from './labels.ts';
import type { Line } from './lines.ts';
import { pairMark } from './pairs.ts';
import { languageOfWords } from './languages/index.ts';
import { type Language, set } from './languages/language.ts';
import { type Word, words } from './text.ts';

/**
 * The sort of a whole text. `notes`: all may be asked. `recipe` and `story`: only what is defined.
 * `personal` (letters, diaries): only lists of pairs.
 */
export type Register = 'notes' | 'recipe' | 'story' | 'personal';

/** How much of a text is read to tell its language and its sort, in characters. */
const SAMPLE = 20_000;

/** The most frequent language of a text. */
export function mainLanguage(lines: readonly Line[]): Language | undefined {
  return languageOfWords(sample(lines).map(({ text }) => text.toLowerCase()));
}

function sample(lines: readonly Line[]): readonly Word[] {
  return words(
    lines
      .map(({ text }) => text)
      .join('\n')
      .slice(0, SAMPLE),
  );
}

/** The words that a text writes in lower case. */
export function commonWords(lines: readonly Line[]): ReadonlySet<string> {
  return new Set(sample(lines).flatMap(({ text }) => (/^\p{Ll}/u.test(text) ? [text] : [])));
}

const greeting =
  /^(?:dear|hi|hello|hey|good morning|liebe[rs]?|sehr geehrte[rs]?|hallo|guten tag|chère?|bonjour|salut|querid[oa]s?|estimad[oa]s?|hola|car[oai]|gentile|ciao|prezad[oa]s?|olá|oi|уважаем\S*|дорог\S*|здравствуй\S*|привет|sevgili|merhaba|sayın|عزيزي|مرحبا)(?:\s\S{1,30}){0,4}[,!:.]?$/iu;
const farewell =
  /^(?:best|best regards|best wishes|kind regards|regards|sincerely|yours|yours sincerely|yours truly|love|cheers|take care|see you(?: soon)?|viele grüße|liebe grüße|beste grüße|mit freundlichen grüßen|lg|vg|cordialement|bien à vous|bisous|amitiés|saludos|un abrazo|atentamente|cordiali saluti|un abbraccio|abraços|atenciosamente|с уважением|всего доброго|saygılarımla|sevgiler)(?:\s\S{1,20}){0,3}[,!.]?$/iu;
const mailHead = /^(?:from|to|subject|von|an|betreff|de|à|objet|asunto|oggetto|assunto|от|тема):\s/i;

const ingredient =
  /^(?:\d{1,4}(?:[.,/]\d{1,3})?|[½¼¾⅓⅔⅛]|\d [½¼¾⅓⅔]|an?|one|two|ein|eine|une?|un|una)(?:\s?[-–]\s?\d{1,4})?\s{0,2}(\p{L}{1,20})\.?(?:\s|$)/iu;
const ingredientAfter =
  /(?:大さじ|小さじ)\s?\d|\s(?:\d{1,4}|[½¼¾])\s?(?:g|kg|ml|l|tsp|tbsp|el|tl|個|本|枚|グラム|克|毫升|勺|개|큰술|작은술|컵)$/iu;
const recipeWord =
  /^(?:ingredients|zutaten|ingrédients|ingredientes|ingredienti|ингредиенты|材料|食材|재료|malzemeler|المكونات)(?:\s*[:：(].{0,40}|\s(?:for|für|pour|para|per|на)\s.{1,30})?$/iu;

/** Whether a line names an amount of something to cook or to buy. */
export function isAmount(text: string): boolean {
  const unit = ingredient.exec(text)?.[1]?.toLowerCase();
  return (unit !== undefined && kitchenUnits.has(unit)) || (text.length < 60 && ingredientAfter.test(text));
}

const talk = /["“”„«»][^"“”„«»]{2,200}[,.!?…]["”“«»]/g;
const myself = set(
  "i my me i'm i've i'd ich mich mein meine je j'ai moi yo mi io eu meu minha я мне меня мой ben benim 私 僕 我 나는 저는 أنا",
);

/** The sort of a text. */
export function registerOf(lines: readonly Line[]): Register {
  const amounts = lines.filter(({ text }) => isAmount(text)).length;
  if (amounts >= 3 || (amounts >= 1 && lines.some(({ text }) => recipeWord.test(text)))) return 'recipe';
  const heads = lines.slice(0, 6);
  if (heads.filter(({ text }) => mailHead.test(text)).length >= 2) return 'personal';
  if (heads.some(({ text }) => greeting.test(text)) || lines.slice(-6).some(({ text }) => lines.length > 3 && farewell.test(text)))
    return 'personal';
  const found = sample(lines);
  const own = found.filter(({ text }) => myself.has(text.toLowerCase())).length;
  if (own >= 3 && own > found.length * 0.025) return 'personal';
  const spoken = lines.reduce((count, { text }) => count + (text.match(talk)?.length ?? 0), 0);
  return spoken >= 2 && !lines.some(({ mark }) => mark !== 'none') ? 'story' : 'notes';
}

const codeEnd = /(?:[;{}]|\)\s?:|\\)\s*(?:\/\/.{0,200})?$/;
const codeInside =
  /=>|[=!<>]==?\s|\(\)|::\w|<\/\w|\/>|&&|\|\||\+=|\w\[\w{1,20}\]|\w\.\w{1,30}\(|^\s{0,20}["'][^"']{1,60}["']\s?:\s|^\s{0,20}\/[/*]|^@\w|^\$\s|^>>>/;
const codeWord =
  /^\s{0,40}(?:elif|sudo|npm|pip|#include|#define|SELECT|INSERT INTO|CREATE TABLE|docker|curl)\s.{0,200}|^\s{0,40}(?:import|const|var|def|print|echo|git|using|namespace|public|private|protected|static|void|async|await|try|catch|if|for|while|return|let|class|function|else|from|with|export|switch|case)\b.{0,200}[(){}=;:]$/;

/** Words with marks between them: "Vogel => bird, Maus => mouse", "Hund - dog;". */
const pairedWords = new RegExp(
  `^(?=.{1,60}?\\s(?:[${DASHES}${ARROWS}]|${TYPED_ARROW})\\s)[\\p{L}\\p{M}\\s',;’>=${DASHES}${ARROWS}]{3,400}$`,
  'u',
);

/** Whether a line is of a program, a shell or a data file. */
export function isCode(text: string): boolean {
  if (pairedWords.test(text) && !/[=<>!]=|\+\+|--(?!>)/.test(text) && !(text.includes('>') && text.endsWith(';'))) return false;
  if (codeInside.test(text) || codeWord.test(text)) return true;
  return codeEnd.test(text) && !/[.!?]\s/.test(text);
}

/** Lines shorter than this may be verse, in characters. */
const VERSE = 65;

/**
 * Whether the lines of a paragraph are verse: short, without full stops, and rhymed or broken by
 * commas.
 */
export function isVerse(paragraph: readonly Line[]): boolean {
  const texts = paragraph.map(({ text }) => text);
  if (texts.length < 3 || paragraph.some(({ mark }) => mark !== 'none')) return false;
  if (!texts.every((text) => text.length <= VERSE && !pairMark.test(text) && !text.includes('|') && text.includes(' '))) return false;
  const open = texts.filter((text) => !/[.!?…:。]["”’]?$/u.test(text)).length;
  const commas = texts.filter((text) => /[,;—–]$/.test(text)).length;
  const ends = texts.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}]+$/u, '')
      .slice(-2),
  );
  const rhymes = ends.filter(
    (end, at) => end === ends[at - 1] || end === ends[at - 2] || end === ends[at + 1] || end === ends[at + 2],
  ).length;
  return open * 3 >= texts.length && (commas * 4 >= texts.length || rhymes * 2 >= texts.length);
}
