/**
 * A lesson out of a text: its own paragraphs, terms and facts, in its own words and order. Pure.
 */
import type { Exercise, LessonSection, VocabularyEntry } from '../../../src/kinds/lesson.ts';
import { toKey } from '../../text-key.ts';
import { analyse, type Analysis } from './analyse.ts';
import { best, type Draft, draftsOf, triesOf } from './cards.ts';
import { type OwnSection, sectionsOf } from './sections.ts';
import { sentences, words } from './text.ts';

/** A lesson as it is made. It has a language if the text has one that we know. */
export type TextLesson = {
  title: string;
  language?: string;
  objectives: string[];
  sections: LessonSection[];
  vocabulary: VocabularyEntry[];
  exercises: Exercise[];
};

/** How many items each list has at most. */
export type Counts = { objectives: number; sections: number; vocabulary: number; exercises: number };

/** The bounds of a term, its meaning and a title, in characters, so that none is refused later. */
const TERM_MAX = 300;
const MEANING_MAX = 1000;
const TITLE_MAX = 300;

/** The meaning of a word in a list has at most so many words. */
const WORD_MEANING = 4;

/** A sentence that is an example of a term has so many words. */
const EXAMPLE_WORDS = { min: 4, max: 30 };
const EXAMPLE_MAX = 1000;

/** How many sentences are looked at for the example of one term. */
const MAX_CANDIDATES = 20;

/**
 * Makes a lesson. Nothing is invented and nothing translated, so the lesson is in the text's
 * language; undefined if the text has nothing to learn from: a chat, a letter or a list of things
 * to buy.
 */
export function lessonFromText(text: string, counts: Counts, topic?: string): TextLesson | undefined {
  const analysis = analyse(text);
  const drafts = draftsOf(analysis);
  const all = sectionsOf(analysis, counts.sections);
  const sections = withoutTitle(all);
  const [first] = all;
  if (!first || (drafts.length === 0 && !isReadable(analysis))) return undefined;
  const language = languageOfLesson(analysis, drafts);
  const named = sections.filter((section) => section.named);
  return {
    title: topic ?? (ownTitle(analysis) ?? first.heading).slice(0, TITLE_MAX),
    ...(language !== undefined && { language }),
    objectives: (named.length > 0 ? named : sections).slice(0, counts.objectives).map(({ heading }) => objectiveFor(heading, language)),
    sections: sections.map(({ heading, body, examples }) => ({ heading, body, ...(examples && { examples }) })),
    vocabulary: withExamples(analysis, drafts, vocabularyOf(drafts).slice(0, counts.vocabulary)),
    exercises: best(exercisesOf(analysis, drafts), counts.exercises).map(({ question, answer, explanation }) => ({
      question,
      answer,
      ...(explanation !== undefined && { explanation }),
    })),
  };
}

/** The title that a text gives itself: a heading in its first line. */
function ownTitle({ headings: [first] }: Analysis): string | undefined {
  return first?.at === 0 && !first.chore ? (first.topic ?? first.text) : undefined;
}

/** A line that stands alone above the others is a title, and no section. */
function withoutTitle(sections: OwnSection[]): OwnSection[] {
  const telling = sections.filter(({ heading, body }) => toKey(heading) !== toKey(body));
  return telling.length > 0 ? telling : sections;
}

/**
 * Whether a text that defines and states nothing can still be read as a lesson: it is a text of its
 * own, or a try of one or two lines.
 */
function isReadable({ lines, register }: Analysis): boolean {
  if (lines.length <= 2) return lines.some(({ spoken }) => !spoken);
  const read = lines.filter((line) => !line.spoken && words(line.text).length >= 8 && /[.!?…。！？]["”»’]?$/u.test(line.text));
  return register !== 'personal' && read.length > 0 && lines.filter(({ spoken }) => spoken).length * 2 < lines.length;
}

/**
 * The language of the text. A list of words with short meanings may be in two, so that we do not
 * say one.
 */
function languageOfLesson({ language }: Analysis, drafts: readonly Draft[]): string | undefined {
  const isWord = ({ saying, back }: Draft) => saying.type === 'pair' && words(back).length <= WORD_MEANING;
  return drafts.length > 0 && drafts.every(isWord) ? undefined : language?.code;
}

/** The text's definitions and word lists. Years and questions are for exercises. */
function vocabularyOf(drafts: readonly Draft[]): VocabularyEntry[] {
  return drafts.flatMap(({ front, back, saying }) => {
    const term = saying.type === 'definition' ? saying.term : isTerm(saying) ? front : '';
    return term === '' || term.length > TERM_MAX || back.length > MEANING_MAX ? [] : [{ term, meaning: back }];
  });
}

const isTerm = (saying: Draft['saying']): boolean => saying.type === 'pair' && saying.source !== 'question' && /\p{L}/u.test(saying.term);

/**
 * Adds another sentence of the text that uses the term. A sentence that defines a term is no
 * example of another.
 */
function withExamples({ lines }: Analysis, drafts: readonly Draft[], entries: readonly VocabularyEntry[]): VocabularyEntry[] {
  const meanings = drafts.flatMap(({ back, saying }) => (saying.type === 'definition' ? [back] : []));
  const candidates = lines
    .flatMap((line) => (line.spoken ? [] : sentences(line.text)))
    .filter((sentence) => /[.!?。！？]$/u.test(sentence) && sentence.length <= EXAMPLE_MAX)
    .map((sentence) => ({ sentence, count: words(sentence).length, key: toWordKey(sentence) }))
    .filter(({ count }) => count >= EXAMPLE_WORDS.min && count <= EXAMPLE_WORDS.max);
  return entries.map((entry) => {
    const key = toWordKey(entry.term);
    if (key.trim().length < 3) return entry;
    const using = candidates.filter((candidate) => candidate.key.includes(key)).slice(0, MAX_CANDIDATES);
    const example = using.find(
      ({ sentence }) => !sentence.includes(entry.meaning) && !meanings.some((meaning) => sentence.includes(meaning)),
    );
    return example ? { ...entry, example: example.sentence } : entry;
  });
}

/** The words of a text with a space around each, so that only whole words are found in it. */
function toWordKey(text: string): string {
  return ` ${words(text)
    .map((word) => word.text.toLowerCase())
    .join(' ')} `;
}

/** Facts and questions first; then the terms that are asked for, where those are too few. */
function exercisesOf(analysis: Analysis, drafts: readonly Draft[]): (Exercise & { rank: number })[] {
  const made = drafts.map(({ front, back, saying }) => {
    const exercise = { question: front, answer: back };
    if (saying.type === 'fact') return { ...exercise, explanation: saying.sentence, rank: 0 };
    return { ...exercise, rank: saying.type === 'definition' ? 1 : isTerm(saying) ? 2 : 0 };
  });
  if (made.length > 0) return made;
  return triesOf(analysis).map(({ front, back, rank }) => ({ question: front, answer: back, rank }));
}

/** By language: the objective for a heading. */
const objectives: Readonly<Record<string, (heading: string) => string>> = {
  en: (heading) => `Know what the text says about “${heading}”`,
  de: (heading) => `Wissen, was der Text zu „${heading}“ sagt`,
  fr: (heading) => `Savoir ce que le texte dit de « ${heading} »`,
  es: (heading) => `Saber qué dice el texto sobre «${heading}»`,
  it: (heading) => `Sapere che cosa dice il testo su «${heading}»`,
  pt: (heading) => `Saber o que o texto diz sobre «${heading}»`,
  ru: (heading) => `Знать, что говорится в тексте: «${heading}»`,
  tr: (heading) => `Metnin “${heading}” hakkında ne dediğini bilmek`,
  ar: (heading) => `معرفة ما يقوله النص عن «${heading}»`,
  ja: (heading) => `「${heading}」について本文の内容を知る`,
  zh: (heading) => `了解课文中关于“${heading}”的内容`,
  ko: (heading) => `글에서 ‘${heading}’에 대해 말하는 내용을 안다`,
};

/** The objective for a heading; in a language that we do not know, it is the heading alone. */
function objectiveFor(heading: string, language: string | undefined): string {
  return (language === undefined ? undefined : objectives[language])?.(heading) ?? heading;
}
