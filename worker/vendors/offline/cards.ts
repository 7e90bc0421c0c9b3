/**
 * Cards out of what a text says: definitions are asked for, pairs stand as they are, facts have a
 * gap. Pure.
 */
import type { Flashcard } from '../../../src/kinds/flashcards.ts';
import { analyse, type Analysis, type Saying } from './analyse.ts';
import { lastResort } from './last-resort.ts';
import { attributes } from './labels.ts';
import { tellNothing } from './languages/index.ts';
import { words } from './text.ts';
import { toKey } from '../../text-key.ts';

/** A card, how good it is (the lower, the better), and what it was made of. */
export type Draft = Flashcard & { rank: number; saying: Saying };

const RANK = { definition: 0, pair: 1, fact: 2 } as const;

/** The bounds of a card, in characters, so that none is refused later. */
const FRONT_MAX = 1000;
const BACK_MAX = 2000;

/**
 * Makes up to `count` cards in the text's own words and order, none of those whose fronts are
 * `alreadyAsked`. Few good cards are better than many: a text that defines, pairs and states
 * nothing gives none. Only a text of one line or two, which somebody sends to try, always gives a
 * card.
 */
export function cardsFromText(text: string, count: number, alreadyAsked: readonly string[] = []): Flashcard[] {
  const analysis = analyse(text);
  const drafts = draftsOf(analysis);
  const made = drafts.length > 0 ? drafts : triesOf(analysis);
  const known = new Set(alreadyAsked.map(toKey));
  const asking = made.filter(({ front }) => !known.has(toKey(front)));
  return best(asking, count).map(({ front, back }) => ({ front, back }));
}

/** The best of some drafts, in the text's order. */
export function best<T extends { rank: number }>(drafts: readonly T[], count: number): T[] {
  return drafts
    .map((draft, place) => ({ draft, place }))
    .toSorted((a, b) => a.draft.rank - b.draft.rank || a.place - b.place)
    .slice(0, count)
    .toSorted((a, b) => a.place - b.place)
    .map(({ draft }) => draft);
}

/**
 * The cards of a text of a line or two that says nothing to be learned; of longer ones there are
 * none.
 */
export function triesOf({ lines }: Analysis): (Flashcard & { rank: number })[] {
  return withoutRepeats(lastResort(lines).map((card) => ({ ...card, rank: RANK.fact })));
}

/** All cards that a text gives, one for each question, in the text's order. */
export function draftsOf(analysis: Analysis): Draft[] {
  return withoutRepeats(allDrafts(analysis));
}

function allDrafts({ sayings, register }: Analysis): Draft[] {
  const lonely = register === 'personal' ? tooFewPairs(sayings) : false;
  const shared = termsOfSeveralTopics(sayings);
  const described = new Set(
    sayings.flatMap((saying) => (isPair(saying) && isAttribute(saying) && saying.topic !== undefined ? [saying.topic] : [])),
  );
  return sayings
    .flatMap((saying): Draft[] => {
      if (saying.type === 'definition') return [{ front: saying.question, back: saying.meaning, rank: RANK.definition, saying }];
      if (saying.type === 'fact') return gap(saying).map((card) => ({ ...card, rank: RANK.fact, saying }));
      if (saying.source === 'card') return [{ front: saying.term, back: saying.meaning, rank: RANK.pair, saying }];
      return lonely ? [] : fromPair(saying, shared, described).map((card) => ({ ...card, rank: RANK.pair, saying }));
    })
    .filter(({ front, back }) => front.length <= FRONT_MAX && back.length <= BACK_MAX && toKey(front) !== toKey(back));
}

/** A letter with a single "PS: …" has no list of pairs. */
function tooFewPairs(sayings: readonly Saying[]): boolean {
  return sayings.filter(({ type }) => type === 'pair').length < 3;
}

type PairSaying = Extract<Saying, { type: 'pair' }>;
const isPair = (saying: Saying): saying is PairSaying => saying.type === 'pair';

/** The name of an attribute, "function" or "causes": what has it is the topic. */
function isAttribute({ term, source }: PairSaying): boolean {
  return source === 'line' && attributes.has(toKey(term).replaceAll(' ', '_'));
}

/** Terms that stand under two topics at least: "Function" of the heart and of the lungs. */
function termsOfSeveralTopics(sayings: readonly Saying[]): Set<string> {
  const topics = new Map<string, Set<string | undefined>>();
  for (const { term, topic, column } of sayings.filter(isPair)) {
    const key = toKey(`${term} ${column ?? ''}`);
    topics.set(key, (topics.get(key) ?? new Set()).add(topic));
  }
  return new Set([...topics].filter(([, under]) => under.size > 1).map(([key]) => key));
}

/**
 * A term that is clear alone asks by itself; an attribute asks with its topic, and without one not
 * at all.
 */
function fromPair(saying: PairSaying, shared: ReadonlySet<string>, described: ReadonlySet<string>): Flashcard[] {
  const { term, meaning, topic, column, source, translation } = saying;
  if (column !== undefined) return [{ front: `${term} – ${column}`, back: meaning }];
  if (topic === undefined || source === 'question' || translation)
    return isAttribute(saying) && !translation && /\s/.test(meaning) ? [] : [{ front: term, back: meaning }];
  if (/^(?:definition|meaning|bedeutung|définition|definición|definizione|definição|определение|定義|定义|정의|意味)$/i.test(term))
    return [{ front: topic, back: meaning }];
  const needsTopic =
    isAttribute(saying) ||
    (described.has(topic) && source === 'line' && words(term).length <= 2) ||
    /^\p{L}$/u.test(term) ||
    shared.has(toKey(`${term} `));
  return [{ front: needsTopic && !toKey(term).includes(toKey(topic)) ? `${topic} – ${term}` : term, back: meaning }];
}

/** A sentence whose answer is hidden, after its topic where it needs one. */
function gap({ sentence, answer, index, needsTopic, topic }: Extract<Saying, { type: 'fact' }>): Flashcard[] {
  const front = `${sentence.slice(0, index)}____${sentence.slice(index + answer.length)}`;
  if (!needsTopic || (topic !== undefined && namesTopic(sentence, topic))) return [{ front, back: answer }];
  if (topic === undefined || toKey(topic).includes(toKey(answer))) return [];
  return [{ front: `${topic}: ${front}`, back: answer }];
}

/** One card for each question; a term with two meanings keeps both. */
function withoutRepeats<T extends Flashcard & { rank: number }>(drafts: readonly T[]): T[] {
  const asked = new Map<string, T>();
  for (const draft of drafts) {
    const key = toKey(draft.front);
    const same = asked.get(key);
    if (!same) asked.set(key, { ...draft });
    else if (draft.rank === RANK.pair && same.rank === RANK.pair && !same.back.includes(draft.back))
      same.back = `${same.back}; ${draft.back}`.slice(0, BACK_MAX);
  }
  return [...asked.values()];
}

/** Whether a sentence has a word of its topic, so that it needs no other mention. */
function namesTopic(sentence: string, topic: string): boolean {
  const inside = toKey(sentence);
  return words(topic).some(({ text }) => text.length >= 4 && !tellNothing.has(text.toLowerCase()) && inside.includes(toKey(text)));
}
