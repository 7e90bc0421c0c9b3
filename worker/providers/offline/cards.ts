/** Cards out of a text without a model: what it defines is asked for, what it states is asked with a gap. */
import type { Flashcard } from '../../../src/jobs/flashcards.ts';
import { answers, asks, definitions, label, tellNothing } from './languages.ts';
import { graphemes, lines, sentences, type Word, words } from './text.ts';

/** A card and how good it is: what the text itself pairs up comes before what we cut out of it. */
type Draft = Flashcard & { rank: number };
type Candidate = Draft & { place: number };

const RANK = { pair: 0, definition: 1, gap: 2, question: 3, spelling: 4 } as const;

/**
 * Makes up to `count` cards in the text's own words and order. Lists, and lines that pair a term with its
 * meaning, become cards as they are; sentences that define become questions where we know the language's way
 * to define; every other sentence asks for one of its words; lone words ask for their spelling. A short text
 * gives few cards.
 */
export function cardsFromText(text: string, count: number, alreadyAsked: readonly string[] = []): Flashcard[] {
  const all = lines(text).filter((line) => line !== '');
  const candidates = (fromList(all) ?? fromLines(all)).filter(fits).map(({ front, back, rank }, place) => ({ front, back, rank, place }));
  const ranked = withoutRepeats(candidates.toSorted((a, b) => a.rank - b.rank || a.place - b.place));
  // A question without its answer, or a lone word (often a heading), is worth a card only where there is nothing better.
  const telling = ranked.filter(({ rank }) => rank <= RANK.gap);
  return (telling.length > 0 ? telling : ranked)
    .filter(({ front }) => !alreadyAsked.includes(front))
    .slice(0, count)
    .toSorted((a, b) => a.place - b.place)
    .map(({ front, back }) => ({ front, back }));
}

/** What may part a list's two columns; the later ones also stand in sentences, and must be on every line. */
const columns = [
  { mark: '\t', everywhere: false },
  { mark: '|', everywhere: false },
  { mark: ';', everywhere: true },
  { mark: '=', everywhere: true },
  { mark: ',', everywhere: true },
  { mark: '/', everywhere: true },
  { mark: ':', everywhere: true },
  { mark: '-', everywhere: true },
];

/** A list of two columns, as word lists are kept: the same mark on its lines, and few words on either side. */
function fromList(all: string[]): Draft[] | undefined {
  if (all.length < 2) return undefined;
  for (const { mark, everywhere } of columns) {
    const rows = all.flatMap((line, index) => {
      const next = all[index + 1] ?? '';
      const isHead = /^[|\s:-]*-{3}[|\s:-]*$/.test(next);
      const cells = line
        .replace(/^\||\|$/g, '')
        .split(mark)
        .map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
      const [front = '', back = ''] = cells;
      const two = mark === '|' ? cells.length >= 2 : cells.length === 2;
      const short = [front, back].every((cell) => words(cell).length > 0 && words(cell).length <= 8 && !/[.!?]$/.test(cell));
      return two && short ? [isHead ? [] : [{ front, back, rank: RANK.pair }]] : [];
    });
    const lines_ = all.filter((line) => !/^[|\s:-]+$/.test(line)).length;
    if (rows.length >= 2 && rows.length >= (everywhere ? 1 : 0.7) * lines_) return rows.flat();
  }
  return undefined;
}

function fromLines(all: string[]): Draft[] {
  return all.flatMap((line, index) => {
    if (answers.test(line) && asks.test(all[index - 1] ?? '')) return []; // taken with its question
    const inside = sentences(line);
    const answered = fromQuestion(line, all[index + 1] ?? '');
    if (answered) return [answered];
    return inside.flatMap((sentence) => fromPair(sentence) ?? fromSentence(sentence));
  });
}

/** A question that is marked as one, with its answer on the next line. */
function fromQuestion(line: string, next: string): Draft | undefined {
  const front = asks.exec(line)?.[1];
  const back = answers.exec(next)?.[1];
  return front && back ? { front, back, rank: RANK.pair } : undefined;
}

/** "term: meaning", "term = meaning", "term – meaning". */
function fromPair(text: string): Draft | undefined {
  const [, front = '', back = ''] =
    /^(.{1,80}?)\s*(?:::|：|:(?=\s)|\s[=→–—]\s|\s->\s|\s-\s)\s*(.+)$/u.exec(text) ?? /^([^\t]+)\t+(.+)$/.exec(text) ?? [];
  const named = words(front).length;
  if (named === 0 || named > 8 || words(back).length === 0 || label.test(front.trim())) return undefined;
  return { front: front.trim(), back: back.trim(), rank: RANK.pair };
}

/** A sentence that defines is asked as a question, if it names one thing; any other by a word that tells. */
function fromSentence(sentence: string): Draft[] {
  const bare = sentence.replace(/[.!。！]+$/u, '');
  const found = words(bare);
  if (found.length === 0) return [];
  const isQuestion = /[?？]$/u.test(bare);
  const defined = isQuestion ? undefined : fromDefinition(bare);
  if (defined) return [defined];
  if (found.length <= 2) return found.map(spelling);
  return [gap(sentence, found, isQuestion ? RANK.question : RANK.gap)];
}

function fromDefinition(sentence: string): Draft | undefined {
  for (const { defines, ask, noTerm, noTermAlone } of definitions) {
    const [, term, verb, meaning] = defines.exec(sentence) ?? [];
    if (!term || !verb || !meaning || /[,;:_¿?¡!]/.test(term)) continue;
    const [first, ...rest] = words(term).map(({ text }) => text.toLowerCase());
    if (first === undefined || rest.length > 5 || noTerm.has(first) || (rest.length === 0 && noTermAlone.has(first))) continue;
    return { front: ask(uncapitalised(term, noTermAlone), verb.toLowerCase()), back: meaning, rank: RANK.definition };
  }
  return undefined;
}

/** "The heart" is asked for as "the heart": an article is no name. */
function uncapitalised(term: string, articles: ReadonlySet<string>): string {
  const first = /^\p{L}+(?= )/u.exec(term)?.[0] ?? '';
  return articles.has(first.toLowerCase()) ? first.toLowerCase() + term.slice(first.length) : term;
}

/** Hides a figure if there is one, else the last of the longest words that tell something. */
function gap(sentence: string, found: Word[], rank: number): Draft {
  const telling = found.filter(({ text, index }, place) => {
    const before = sentence.slice(0, index);
    const after = sentence.slice(index + text.length);
    if (/\d/.test(text)) return !/[:^/.\-–]$|(?:fig|no|nr|pp?|chapter|kapitel)\.?\s*$/i.test(before) && !/^[:^/]/.test(after);
    return place > 0 && !tellNothing.has(text.toLowerCase());
  });
  const figures = telling.filter(({ text }) => /\d/.test(text));
  const choice = figures.length > 0 ? figures : telling.length > 0 ? telling : found;
  const hidden = choice.reduce((best, word) => (graphemes(word.text).length >= graphemes(best.text).length ? word : best));
  const front = `${sentence.slice(0, hidden.index)}____${sentence.slice(hidden.index + hidden.text.length)}`;
  return { front, back: hidden.text, rank };
}

/** A lone word is asked for by its first letter and its length. */
function spelling({ text }: Word): Draft {
  const [first = '', ...rest] = graphemes(text);
  return { front: rest.length === 0 ? '_' : [first, ...rest.map(() => '_')].join(' '), back: text, rank: RANK.spelling };
}

/** The bounds of a card, so that none is refused later. */
function fits({ front, back }: Draft): boolean {
  return front.length <= 1000 && back.length <= 2000;
}

/** One card for each question; a term with two meanings keeps both. */
function withoutRepeats(cards: Candidate[]): Candidate[] {
  const asked = new Map<string, Candidate>();
  for (const card of cards) {
    const key = card.front.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
    const same = asked.get(key);
    if (!same) asked.set(key, card);
    else if (card.rank === RANK.pair && same.rank === RANK.pair && !same.back.includes(card.back))
      same.back = `${same.back}; ${card.back}`.slice(0, 2000);
  }
  return [...asked.values()];
}
