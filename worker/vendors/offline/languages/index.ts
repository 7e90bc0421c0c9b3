/** The languages that the offline generator knows, and how it tells which one it reads. */
import { ar } from './ar.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';
import { ja } from './ja.ts';
import { ko } from './ko.ts';
import type { Language } from './language.ts';
import { pt } from './pt.ts';
import { ru } from './ru.ts';
import { tr } from './tr.ts';
import { zh } from './zh.ts';

/**
 * The scripts that tell the language; kana comes first, since Japanese has Chinese characters too.
 */
const byScript: readonly [RegExp, Language][] = [
  [/[\u3040-\u30ff]/, ja],
  [/\p{Script=Han}/u, zh],
  [/\p{Script=Hangul}/u, ko],
  [/\p{Script=Cyrillic}/u, ru],
  [/\p{Script=Arabic}/u, ar],
];

/** Letters of none of these scripts. */
const others = /^[\0-\u036f]*$/;

const byWords: readonly Language[] = [en, de, fr, es, it, pt, tr];

/**
 * Each common word of the languages that share the Latin script, with the languages that have it.
 */
const speakers = new Map<string, Language[]>();
for (const language of byWords) {
  for (const word of new Set([...language.starters, ...language.joints, ...language.articles])) {
    speakers.set(word, [...(speakers.get(word) ?? []), language]);
  }
}

/**
 * The language of some words (in lower case), or undefined if they do not tell. Where two languages
 * fit equally well it is `preferred`, which is the language of the text around.
 */
export function languageOfWords(words: readonly string[], preferred?: Language): Language | undefined {
  const joined = words.join(' ');
  const script = !others.test(joined) && byScript.find(([letters]) => letters.test(joined));
  if (script) return script[1];
  const votes = new Map<Language, number>();
  for (const word of words) for (const language of speakers.get(word) ?? []) votes.set(language, (votes.get(language) ?? 0) + 1);
  const most = Math.max(0, ...votes.values());
  if (most === 0) return preferred;
  const best = [...votes].filter(([, count]) => count === most).map(([language]) => language);
  return preferred && best.includes(preferred) ? preferred : best.length === 1 || words.length > 3 ? best[0] : preferred;
}

/** What tells nothing in any language that we know. */
export const tellNothing: ReadonlySet<string> = new Set(
  [...byWords, ...byScript.map(([, language]) => language)].flatMap(({ starters, joints, articles, pronouns }) => [
    ...starters,
    ...joints,
    ...articles,
    ...pronouns,
  ]),
);
