/**
 * What a text says, with the place of each saying: its headings, pairs, definitions and facts.
 * Pure.
 */
import { ARROWS, DASHES } from '../../../src/kinds/pair-marks.ts';
import { type Definition, definitionIn } from './definitions.ts';
import { enumerationAt } from './enumerations.ts';
import { type Fact, factIn } from './facts.ts';
import { type Heading, headingOf } from './headings.ts';
import { languageOfWords } from './languages/index.ts';
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

/** What a text says somewhere. */
type SayingContent =
  | ({
      type: 'pair';
      /**
       * How surely it is a pair: its author says so, its marks do, or only one on a single line.
       */
      source: 'card' | 'table' | 'question' | 'list' | 'line';
      column?: string;
    } & Pair)
  | ({ type: 'definition' } & Definition)
  | ({ type: 'fact' } & Fact);

/** The same with its line, counted from 0, and the topic of the heading above it. */
export type Saying = { at: number; topic?: string } & SayingContent;

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
  const reader = new LineReader(lines, language, register);
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

/** Reads lines one after the other and gathers what they say. */
class LineReader {
  readonly headings: Heading[] = [];
  readonly sayings: Saying[] = [];
  readonly #lines: readonly Line[];
  readonly #language: Language | undefined;
  readonly #register: Register;
  readonly #tableAt: ReturnType<typeof createTableReader>;
  /** The words that the text writes in lower case. */
  readonly #common: ReadonlySet<string>;
  /** The entries of word lists. */
  readonly #listed: ReadonlySet<Line>;
  /** Words of the terms that were defined so far. */
  readonly #known = new Set<string>();
  #topic: string | undefined;
  /** Whether the lines are to be done, not to be learned. */
  #isChore = false;
  #sentences = 0;

  constructor(lines: readonly Line[], language: Language | undefined, register: Register) {
    this.#lines = lines;
    this.#language = language;
    this.#register = register;
    this.#tableAt = createTableReader(lines);
    this.#common = commonWords(lines);
    this.#listed = listedPairs(lines);
  }

  /** Reads what begins at a line. Returns how many lines it took. */
  read(place: number, line: Line): number {
    const taken = this.#readCards(line) || this.#readQuestion(place, line) || this.#readTable(place) || this.#readHeading(place, line);
    if (taken > 0) return taken;
    if (!isAmount(line.text) && !this.#isChore) this.#readText(line);
    return 1;
  }

  #add(at: number, saying: SayingContent): void {
    this.sayings.push({ at, ...(this.#topic !== undefined && { topic: this.#topic }), ...saying });
  }

  #readCards({ at, cards }: Line): number {
    for (const { front: term, back: meaning } of cards ?? [])
      this.#add(at, { type: 'pair', source: /____|[?？؟]$/u.test(term) ? 'question' : 'card', term, meaning });
    return cards ? 1 : 0;
  }

  #readQuestion(place: number, { at, text, spoken }: Line): number {
    const next = this.#lines[place + 1];
    if (spoken || !next) return 0;
    const plain = () => (this.#register === 'notes' ? plainQuestion(this.#lines.slice(place, place + 3), this.#language) : undefined);
    const answered = answeredQuestion(text, next.text) ?? plain();
    if (!answered) return 0;
    this.#add(at, { type: 'pair', source: 'question', ...answered });
    return 2;
  }

  #readTable(place: number): number {
    const found = this.#tableAt(place);
    if (!found) return 0;
    const isLearned = this.#register !== 'recipe' && this.#register !== 'story' && !this.#isChore;
    for (const { at, ...pair } of isLearned ? pairsOf(found.table) : [])
      if (!isNoise(pair.term) && !isNoise(pair.meaning)) this.#add(at, { type: 'pair', source: 'table', ...pair });
    return found.taken;
  }

  #readHeading(place: number, line: Line): number {
    const heading = headingOf(line, this.#lines[place + 1], this.#lines[place + 2]);
    if (!heading) return 0;
    this.headings.push(heading);
    this.#isChore = heading.chore ?? false;
    const enumeration = this.#register === 'notes' ? enumerationAt(this.#lines, place, this.#topic) : undefined;
    if (enumeration) this.#add(line.at, { type: 'pair', source: 'list', ...enumeration });
    else if (heading.topic !== undefined || line.mark === 'heading') this.#topic = heading.topic;
    return 1;
  }

  #readText(line: Line): void {
    const inside = sentences(line.text);
    const pairs = this.#register === 'notes' ? this.#pairsIn(line, inside.length > 1) : undefined;
    if (pairs) for (const pair of pairs) this.#add(line.at, { type: 'pair', source: 'line', ...pair });
    else for (const sentence of inside) this.#readSentence(line, sentence, inside.length > 1);
  }

  /** The pairs that a line of notes is as a whole; undefined if it is none. */
  #pairsIn({ text, mark, spoken }: Line, isSeveral: boolean): Pair[] | undefined {
    if (spoken) return undefined;
    const several = pairListOf(text, this.#language);
    if (several) return several;
    const pair = isSeveral && (mark === 'item' || phraseFirst.test(text)) ? pairIn(text, this.#language) : undefined;
    return pair && [pair];
  }

  #readSentence(line: Line, sentence: string, prose: boolean): void {
    if (++this.#sentences > MAX_SENTENCES || isNoise(sentence)) return;
    const register = this.#register;
    const lower = words(sentence).map((word) => word.text.toLowerCase());
    const own = languageOfWords(lower, this.#language);
    const definition = register === 'personal' || !own ? undefined : definitionIn(sentence, own, this.#common);
    const isDish = register === 'recipe' && own?.articles.has(lower[0] ?? ''); // "the soup" is this one
    if (definition && !isDish) {
      words(definition.term).forEach((word) => this.#known.add(word.text.toLowerCase()));
      const short = shortAnswer(sentence, definition);
      this.#add(line.at, short ? { type: 'fact', ...short } : { type: 'definition', ...definition });
      return;
    }
    const mayPair = !line.spoken && register !== 'story' && register !== 'recipe';
    const pair = mayPair ? pairIn(sentence, own, { prose, listed: this.#listed.has(line) }) : undefined;
    if (pair) return this.#add(line.at, { type: 'pair', source: 'line', ...pair });
    const mayState = register === 'notes' && (prose || line.mark === 'none' || /[.。]$/u.test(sentence));
    const fact = mayState ? factIn(sentence, own, this.#known) : undefined;
    if (fact) this.#add(line.at, { type: 'fact', ...fact });
  }
}

/** In scripts without spaces, and in Korean, a short meaning is rather a gap in its sentence. */
function shortAnswer(sentence: string, { meaning }: Definition): Fact | undefined {
  const isShort = isUnspaced(sentence) ? meaning.length <= 6 : /\p{Script=Hangul}/u.test(meaning) && words(meaning).length === 1;
  const index = sentence.lastIndexOf(meaning);
  if (!isShort || index < 0 || sentence.indexOf(meaning) !== index) return undefined;
  return { sentence, answer: meaning, index, needsTopic: false };
}
