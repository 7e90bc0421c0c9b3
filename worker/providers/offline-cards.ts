/** Cards out of a text without a model: what it defines is asked for, what it states is asked with a gap. */
import type { Flashcard } from '../../src/jobs/flashcards.ts';

/** A card and how good it is: what the text itself pairs up comes before what we cut out of it. */
type Candidate = Flashcard & { rank: number; place: number };

const RANK = { pair: 0, definition: 1, gap: 2, question: 3, spelling: 4 } as const;

/**
 * Makes up to `count` cards in the text's own words and order. Lines that pair a term with its meaning become
 * cards as they are; sentences that define become questions where we know the language's way to define; every
 * other sentence asks for one of its words; lone words ask for their spelling. A short text gives few cards.
 */
export function cardsFromText(text: string, count: number): Flashcard[] {
  const candidates: Candidate[] = [];
  const lines = text
    .normalize('NFC')
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map(clean);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const next = lines[index + 1] ?? '';
    const answered = fromQuestion(line, next);
    if (answered) index++; // the next line is its answer
    const made = answered ?? fromPair(line) ?? sentences(line).flatMap((sentence) => fromPair(sentence) ?? fromSentence(sentence));
    for (const card of [made].flat()) candidates.push({ ...card, place: candidates.length });
  }
  const ranked = withoutRepeats(candidates.toSorted((a, b) => a.rank - b.rank || a.place - b.place));
  // A question without its answer, or a lone word (often a heading), is worth a card only where there is nothing better.
  const telling = ranked.filter(({ rank }) => rank <= RANK.gap);
  return (telling.length > 0 ? telling : ranked)
    .slice(0, count)
    .toSorted((a, b) => a.place - b.place)
    .map(({ front, back }) => ({ front, back }));
}

type Draft = Flashcard & { rank: number };

/** Takes list bullets, numbering, heading and emphasis marks away, and control characters. */
function clean(line: string): string {
  return line
    .replace(/\p{Cc}/gu, (character) => (character === '\t' ? '\t' : ' '))
    .replace(/^\s*(?:[-*•‣▪–—]|#{1,6}|\d{1,3}[.)]|>)\s+/u, '')
    .replace(/(\*\*|__|`)/g, '')
    .trim();
}

/** "Q: …" with "A: …" on the next line, in the letters of a few languages, or any question with its answer below. */
function fromQuestion(line: string, next: string): Draft | undefined {
  const asked = /^(?:Q|F|P|D|问|問)\s*[:.：]\s*(.+)$/iu.exec(line)?.[1];
  const answer = /^(?:A|R|答)\s*[:.：]\s*(.+)$/iu.exec(next)?.[1];
  return asked && answer ? fits({ front: asked, back: answer, rank: RANK.pair }) : undefined;
}

/** "term: meaning", "term = meaning", "term – meaning", or a tab between them. */
function fromPair(line: string): Draft | undefined {
  const [, front, back] =
    /^([^\t]+)\t+(.+)$/.exec(line) ?? /^(.{1,80}?)\s*(?:::|：|:(?=\s)|\s[=→–—]|\s->|\s-(?=\s))\s*(.+)$/u.exec(line) ?? [];
  if (!front || !back || words(front).length > 8 || words(front).length === 0 || words(back).length === 0) return undefined;
  return fits({ front: front.trim(), back: back.trim(), rank: RANK.pair });
}

/** How a language defines ("X is a Y") and how it asks for it. The article keeps mere statements out. */
const definitions: { defines: RegExp; ask: (term: string, verb: string) => string }[] = [
  { defines: /^(.{2,80}?) (is|are|was|were) ((?:an?|the|one of) .{3,})$/i, ask: (term, verb) => `What ${verb} ${term}?` },
  { defines: /^(.{2,80}?) (es|son|era|fue) ((?:un|una|el|la|los|las) .{3,})$/i, ask: (term, verb) => `¿Qué ${verb} ${term}?` },
  { defines: /^(.{2,80}?) (ist|sind|war|waren) ((?:ein|eine|einer|der|die|das) .{3,})$/i, ask: (term, verb) => `Was ${verb} ${term}?` },
  { defines: /^(.{2,80}?) (est|sont|était) ((?:un |une |le |la |les |l['’]).{3,})$/i, ask: (term) => `${term} : qu'est-ce que c'est ?` },
  { defines: /^(.{2,80}?) (é|são|era) ((?:um|uma|o|a|os|as) .{3,})$/i, ask: (term, verb) => `O que ${verb} ${term}?` },
  { defines: /^(.{2,80}?) (è|sono|era) ((?:un |una |uno |il |la |lo |i |le |gli |l['’]).{3,})$/i, ask: (term) => `Che cos'è ${term}?` },
];

/** Words that begin a sentence about something named before it: nothing can be asked about "it". */
const pointer =
  /^(it|this|that|these|those|he|she|they|there|we|you|i|here|what|which|who|es|er|sie|dies|das|il|elle|ce|c'|cela|ils|elles|esto|eso|este|esta|él|ella|isso|isto|ele|ela|questo|questa)$/i;

/** A sentence that defines is asked as a question, if it names one thing; any other by its most telling word. */
function fromSentence(sentence: string): Draft[] {
  const bare = sentence.trim().replace(/[.!。！]+$/u, '');
  const found = words(bare);
  if (found.length === 0) return [];
  for (const { defines, ask } of definitions) {
    const [, term, verb, meaning] = defines.exec(bare) ?? [];
    if (!term || !verb || !meaning || pointer.test(words(term)[0]?.text ?? '') || /[,;:]/.test(term) || words(term).length > 6) continue;
    return drafts({ front: ask(unheaded(term), verb), back: meaning, rank: RANK.definition });
  }
  if (found.length <= 2) return drafts(...found.map(spelling));
  return drafts(gap(sentence.trim(), found, /[?？]$/u.test(bare) ? RANK.question : RANK.gap));
}

/** "The heart" is asked for as "the heart": an article is no name. */
function unheaded(term: string): string {
  return term.replace(/^(?:The|An?|El|La|Los|Las|Un|Una|Der|Die|Das|Ein|Eine|Le|Les|Une|O|Os|As|Um|Uma|Il|Lo|Gli)(?= )/, (article) =>
    article.toLowerCase(),
  );
}

/** Hides a figure if there is one, else the last of the longest words after the first: the telling ones are mostly long, and late. */
function gap(sentence: string, found: Word[], rank: number): Draft {
  const figures = found.filter(({ text }) => /\d/.test(text));
  const candidates = figures.length > 0 ? figures : found.length > 3 ? found.slice(1) : found;
  const hidden = candidates.reduce((best, word) => (graphemes(word.text).length >= graphemes(best.text).length ? word : best));
  const front = `${sentence.slice(0, hidden.index)}____${sentence.slice(hidden.index + hidden.text.length)}`;
  return { front, back: hidden.text, rank };
}

/** A lone word is asked for by its first letter and its length. */
function spelling({ text }: Word): Draft {
  const [first = '', ...rest] = graphemes(text);
  return { front: rest.length === 0 ? '_' : [first, ...rest.map(() => '_')].join(' '), back: text, rank: RANK.spelling };
}

type Word = { text: string; index: number };

// The segmenters know the scripts without spaces too (Chinese, Japanese, Thai).
const byWord = new Intl.Segmenter('und', { granularity: 'word' });
const bySentence = new Intl.Segmenter('und', { granularity: 'sentence' });
const byGrapheme = new Intl.Segmenter('und', { granularity: 'grapheme' });

function words(text: string): Word[] {
  return [...byWord.segment(text)].filter(({ isWordLike }) => isWordLike).map(({ segment, index }) => ({ text: segment, index }));
}

/** A point after these ends no sentence. */
const abbreviation = /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Sra|No|Nr|vs|ca|bzw|usw|etc|e\.g|i\.e|p\.ej|z\.B|d\.h|\p{Lu})\.\s*$/u;

function sentences(line: string): string[] {
  const whole: string[] = [];
  for (const { segment } of bySentence.segment(line)) {
    const before = whole.at(-1);
    if (before !== undefined && abbreviation.test(before)) whole[whole.length - 1] = before + segment;
    else whole.push(segment);
  }
  return whole;
}

function graphemes(text: string): string[] {
  return [...byGrapheme.segment(text)].map(({ segment }) => segment);
}

/** The bounds of a card, so that none is refused later. */
function fits(card: Draft): Draft | undefined {
  return card.front.length <= 1000 && card.back.length <= 2000 ? card : undefined;
}

function drafts(...cards: Draft[]): Draft[] {
  return cards.filter((card) => fits(card));
}

function withoutRepeats(cards: Candidate[]): Candidate[] {
  const asked = new Set<string>();
  return cards.filter(({ front }) => {
    const key = front.toLowerCase().replace(/\s+/g, ' ').trim();
    return !asked.has(key) && asked.add(key);
  });
}
