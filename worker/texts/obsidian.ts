/**
 * Reads notes of Obsidian with cards in them: "front::back", and a question over a line "?" over
 * its answer.
 */
import { fencedLines } from '../../src/kinds/fences.ts';
import type { AuthoredCard, Passage } from './passage.ts';

/** Between the lines of a card: "?" asks one way, "??" both ways. */
const between = /^\s*(\?\??)\s*$/;

const onLine = /^\s*(?:[-*+]\s+|\d{1,3}[.)]\s+)?([^\s:](?:.{0,300}?[^\s:])?)\s?(:{2,3})(?!:)\s?(\S.*)$/u;

/** A line that is rather of a program, or says more by another mark. */
const isOther = (front: string, back: string): boolean =>
  front.split('`').length % 2 === 0 ||
  /[{};]|\w\(|<<|>>/.test(front + back) ||
  /(?:^|\s)(?:std|self|crate|super|boost|parent|static)$|::|[.!?]\s/.test(front) ||
  /::|\s[-–—=→]\s/.test(back);

/** Marks of the plugins that ask the cards: when they are due, what they belong to. */
const managing = /<!--SR:[^<>]{0,300}-->|\s\^[a-z\d-]{4,20}$|(?:^|\s)#flashcards?(?:\/[\p{L}\p{N}/_-]{1,60})?(?=\s|$)/gu;

/** The card on a line, if there is one. Three colons ask both ways. */
function cardOnLine(line: string): AuthoredCard[] | undefined {
  if (!line.includes('::')) return undefined;
  const [, front = '', mark, back = ''] = onLine.exec(line) ?? [];
  if (front === '' || isOther(front, back)) return undefined;
  return bothWays(front, back.trim(), mark === ':::');
}

function bothWays(asked: string, answered: string, both: boolean): AuthoredCard[] {
  const [front, back] = [unmarked(asked), unmarked(answered)];
  return [{ front, back }, ...(both ? [{ front: back, back: front }] : [])];
}

/** Without the marks of Markdown inside a line. */
const unmarked = (text: string): string =>
  text.replace(/!?\[([^[\]]{0,200})\]\([^()\s]{0,300}\)|\[\[(?:[^[\]|]{1,80}\|)?([^[\]|]{1,80})\]\]/g, '$1$2').replace(/\*\*|`|==|~~/g, '');

/**
 * The places of the lines that are cards. Without spaces around its mark a card stands alone or
 * beside others: prose has "Mail::Address".
 */
function placesOfCards(lines: readonly string[]): ReadonlySet<number> {
  const places = new Set(lines.flatMap((line, at) => (cardOnLine(line) ? [at] : [])));
  const isApart = (at: number): boolean => places.has(at) || /^\s*(?:$|#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s)/.test(lines[at] ?? '');
  return new Set([...places].filter((at) => /\s:{2,3}\s/.test(lines[at] ?? '') || (isApart(at - 1) && isApart(at + 1))));
}

const isBetween = (lines: readonly string[], at: number): boolean =>
  between.test(lines[at] ?? '') && (lines[at - 1] ?? '').trim() !== '' && (lines[at + 1] ?? '').trim() !== '';

/** Whether a text has such cards. */
export function hasCards(text: string): boolean {
  const lines = text.split('\n').map((line) => line.replace(managing, '').trimEnd());
  return placesOfCards(lines).size > 0 || lines.some((_, at) => isBetween(lines, at));
}

/** Reads the cards, and what stands between them as prose. */
export function readObsidian(text: string): Passage[] {
  const passages: Passage[] = [];
  let open: string[] = []; // lines of which no card is made yet
  const flush = (until = open.length): void => {
    const prose = open.slice(0, until).join('\n').trim();
    if (prose !== '') passages.push({ type: 'prose', text: prose });
    open = [];
  };
  const lines = text.split('\n').map((line) => line.replace(managing, '').trimEnd());
  const places = placesOfCards(lines);
  const fenced = fencedLines(lines);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const card = fenced.has(at) || !places.has(at) ? undefined : cardOnLine(line);
    const mark = fenced.has(at) || !isBetween(lines, at) ? undefined : between.exec(line)?.[1];
    if (card) {
      flush();
      passages.push({ type: 'cards', text: `${card[0]?.front}\t${card[0]?.back}`, cards: card });
    } else if (mark !== undefined && open.length > 0) {
      const from = open.findLastIndex((before) => before === '' || /^\s{0,3}#{1,6}\s/.test(before)) + 1;
      const front = open.slice(from).join('\n').trim();
      flush(from);
      const answer: string[] = [];
      while ((lines[at + 1] ?? '').trim() !== '') answer.push((lines[++at] ?? '').trim());
      const back = answer.join('\n');
      passages.push({ type: 'cards', text: `${front}\t${back}`, cards: bothWays(front, back, mark === '??') });
    } else open.push(line);
  }
  flush();
  return passages;
}
