/** What a text says, with the place of each saying: its headings, pairs, definitions and facts. Pure. */
import { ARROWS, DASHES } from '../../../src/kinds/pair-marks.ts';
import { type Definition, definitionIn } from './definitions.ts';
import { enumerationAt } from './enumerations.ts';
import { type Fact, factIn } from './facts.ts';
import { type Heading, headingOf } from './headings.ts';
import { languageOf } from './languages/index.ts';
import type { Language } from './languages/language.ts';
import { type Line, readLines } from './lines.ts';
import { listedPairs, pairListOf } from './pair-lists.ts';
import { isNoise, type Pair, pairIn } from './pairs.ts';
import { answeredQuestion, plainQuestion } from './questions.ts';
import { isAmount, isCode, commonWords, isVerse, mainLanguage, type Register, registerOf } from './register.ts';
import { withoutSpeakers } from './speakers.ts';
import { pairsOf } from './table-pairs.ts';
import { createTableReader } from './tables.ts';
import { isUnspaced, sentences, words } from './text.ts';

/** Where something stands: its line, from 0, and the topic of the heading above it. */
export type Place = { at: number; topic?: string };

/** Something that a text says. */
export type Saying = Place &
  (
    | ({
        type: 'pair';
        /** How surely it is a pair: its author says so, its marks do, or only one on a single line. */
        source: 'card' | 'table' | 'question' | 'list' | 'line';
        column?: string;
      } & Pair)
    | ({ type: 'definition' } & Definition)
    | ({ type: 'fact' } & Fact)
  );

/** A text, analysed. */
export type Analysis = {
  /** The lines of the text, whoever says them. */
  lines: readonly Line[];
  language?: Language;
  register: Register;
  headings: Heading[];
  sayings: Saying[];
};

/** A term that ends as a sentence does, with its meaning: "Comment ça va ? – How are you?" */
const phraseFirst = new RegExp(`^[^.?!？！؟]{1,50}[?!？！؟]\\s?[=:：${DASHES}${ARROWS}]\\s`, 'u');

/** So many sentences are looked at; they give more cards than anybody may ask for. */
const MAX_SENTENCES = 2500;

/** Analyses a text. The cost grows with the text's length and no faster, whatever is in it. */
export function analyse(text: string): Analysis {
  const all = readLines(text);
  const lines = withoutSpeakers(all);
  const language = mainLanguage(lines);
  const register = registerOf(lines);
  const reader = createReader(lines, language, register);
  const skipped = toSkip(lines);
  for (let place = 0; place < lines.length;) {
    const line = lines[place];
    if (!line) break;
    if (skipped.has(place)) place++;
    else place += reader.read(place, line);
  }
  return { lines: all, ...(language && { language }), register, headings: reader.headings, sayings: reader.sayings };
}

/** The places of lines that are code or verse. */
function toSkip(lines: readonly Line[]): Set<number> {
  const skipped = new Set<number>();
  let start = 0;
  for (let place = 1; place <= lines.length; place++) {
    if (place < lines.length && !lines[place]?.first) continue;
    const paragraph = lines.slice(start, place).filter(({ cards, cells }) => !cards && !cells);
    const verse = isVerse(paragraph);
    const coded = paragraph.filter(({ text }) => isCode(text)).length;
    for (let at = start; at < place; at++) {
      const line = lines[at];
      if (line && !line.cards && !line.cells && (verse || coded * 2 > paragraph.length || isCode(line.text))) skipped.add(at);
    }
    start = place;
  }
  return skipped;
}

/** Reads lines one after the other and gathers what they say. `read` returns how many lines it took. */
function createReader(lines: readonly Line[], language: Language | undefined, register: Register) {
  const headings: Heading[] = [];
  const sayings: Saying[] = [];
  const known = new Set<string>();
  const common = commonWords(lines);
  const listed = listedPairs(lines);
  let topic: string | undefined;
  let chore = false;
  let seen = 0;

  const add = (saying: Saying): void => void sayings.push(saying);
  const here = (at: number): Place => ({ at, ...(topic !== undefined && { topic }) });

  const readSentence = (line: Line, sentence: string, prose: boolean): void => {
    if (++seen > MAX_SENTENCES || isNoise(sentence)) return;
    const own = languageOf(
      words(sentence).map((word) => word.text.toLowerCase()),
      language,
    );
    const definition = register === 'personal' || !own ? undefined : definitionIn(sentence, own, common);
    const isDish = register === 'recipe' && own?.articles.has(words(sentence)[0]?.text.toLowerCase() ?? ''); // "the soup" is this one
    if (definition && !isDish) {
      words(definition.term).forEach((word) => known.add(word.text.toLowerCase()));
      const short = shortAnswer(sentence, definition);
      return add({ ...here(line.at), ...(short ? { type: 'fact', ...short } : { type: 'definition', ...definition }) });
    }
    const pair =
      line.spoken || register === 'story' || register === 'recipe' ? undefined : pairIn(sentence, own, { prose, listed: listed.has(line) });
    if (pair) return add({ ...here(line.at), type: 'pair', source: 'line', ...pair });
    const fact =
      register === 'notes' && (prose || line.mark === 'none' || /[.。]$/u.test(sentence)) ? factIn(sentence, own, known) : undefined;
    if (fact) add({ ...here(line.at), type: 'fact', ...fact });
  };

  const tableAt = createTableReader(lines);
  const readCards = ({ at, cards = [] }: Line): void => {
    for (const { front: term, back: meaning } of cards)
      add({ ...here(at), type: 'pair', source: /____|[?？؟]$/u.test(term) ? 'question' : 'card', term, meaning });
  };

  const read = (place: number, line: Line): number => {
    if (line.cards) return (readCards(line), 1);
    const next = lines[place + 1];
    const answered =
      line.spoken || !next
        ? undefined
        : (answeredQuestion(line.text, next.text) ??
          (register === 'notes' ? plainQuestion(lines.slice(place, place + 3), language) : undefined));
    if (answered) return (add({ ...here(line.at), type: 'pair', source: 'question', ...answered }), 2);
    const found = tableAt(place);
    if (found) {
      const pairs = register === 'recipe' || register === 'story' || chore ? [] : pairsOf(found.table);
      for (const { at, ...pair } of pairs)
        if (!isNoise(pair.term) && !isNoise(pair.meaning)) add({ ...here(at), type: 'pair', source: 'table', ...pair });
      return found.taken;
    }
    const heading = headingOf(line, next, lines[place + 2]);
    if (heading) {
      headings.push(heading);
      chore = heading.chore ?? false;
      const enumeration = register === 'notes' ? enumerationAt(lines, place, topic) : undefined;
      if (enumeration) add({ ...here(line.at), type: 'pair', source: 'list', ...enumeration });
      else if (heading.topic !== undefined || line.mark === 'heading') topic = heading.topic;
      return 1;
    }
    if (isAmount(line.text) || chore) return 1;
    const inside = sentences(line.text);
    const isWhole = line.mark === 'item' || phraseFirst.test(line.text);
    const several = line.spoken ? undefined : pairListOf(line.text, language);
    if (several && register === 'notes') {
      for (const pair of several) add({ ...here(line.at), type: 'pair', source: 'line', ...pair });
      return 1;
    }
    const asPair = inside.length > 1 && isWhole && !line.spoken ? pairIn(line.text, language) : undefined;
    if (asPair && register === 'notes') add({ ...here(line.at), type: 'pair', source: 'line', ...asPair });
    else for (const sentence of inside) readSentence(line, sentence, inside.length > 1);
    return 1;
  };

  return { headings, sayings, read };
}

/** In scripts without spaces, and in Korean, a short meaning is rather a gap in its sentence. */
function shortAnswer(sentence: string, { meaning }: Definition): Fact | undefined {
  const isShort = isUnspaced(sentence) ? meaning.length <= 6 : /\p{Script=Hangul}/u.test(meaning) && words(meaning).length === 1;
  const index = sentence.lastIndexOf(meaning);
  if (!isShort || index < 0 || sentence.indexOf(meaning) !== index) return undefined;
  return { sentence, answer: meaning, index, needsTopic: false };
}
