/**
 * Looks at the text before the JSON of an answer: a fence, prose, marks of thinking, and braces
 * that may be the answer or prose.
 */
import { markAt, type ThinkingMarks } from './thinking.ts';

/**
 * What comes next. `gap`: the characters before it. `isProse`: whether they are more than white
 * space and a code fence.
 */
export type Ahead = { gap: number; isProse: boolean; next: Next };

type Next =
  /** JSON that may be the answer. */
  | { type: 'json' }
  /** A mark of thinking, so many characters long. */
  | { type: 'mark'; marks: ThinkingMarks; opens: boolean; length: number }
  /** A character that could have been either, and is prose. */
  | { type: 'prose' }
  /** Not to be told yet: what stands behind the gap may become one of these. */
  | { type: 'unsure' }
  /** Nothing: all of the text is the gap. `mayBeFence`: it may yet become a code fence. */
  | { type: 'nothing'; mayBeFence: boolean };

/**
 * What may stand before JSON that comes first: a code fence and its language. The second is what
 * may yet become one.
 */
const FENCE = /^\s*(?:(?:`{3,}|~{3,})[\w+-]*\s*|json\s*:?\s*)?$/i;
const FENCE_BEGUN = /^\s*[`~]*[\w+-]*\s*:?\s*$/;

/** Where JSON, JSON inside of a text, or a mark of thinking may begin. */
const INTEREST = /[{[<◁]|["'“](?=[{[]|$)/;

/**
 * What JSON begins with, and what may yet become that. Braces of prose and of formulas begin
 * otherwise.
 */
const OPENING = /^(?:\{\s*(?:["'“”„‘«}/#]|[\p{L}_$][\p{L}\p{N}_$-]*\s*[:：])|\[\s*(?:[{["'“”„‘«\]/#])|["'“][{[])/u;
const OPENING_BEGUN = /^(?:[{[]\s*|\{\s*[\p{L}_$][\p{L}\p{N}_$-]*\s*|["'“])$/u;

/** The most characters in which it has to show what a brace is. */
const MAX_UNSURE = 4096;

/** Looks at a text that begins in the head. `over`: no more of it comes. */
export function lookAhead(text: string, over: boolean): Ahead {
  const at = text.search(INTEREST);
  if (at === -1) {
    const mayBeFence = !over && FENCE_BEGUN.test(text);
    return { gap: text.length, isProse: !mayBeFence, next: { type: 'nothing', mayBeFence } };
  }
  return { gap: at, isProse: !FENCE.test(text.slice(0, at)), next: nextAt(text.slice(at), over) };
}

function nextAt(text: string, over: boolean): Next {
  const mark = markAt(text);
  if (typeof mark === 'object') return { type: 'mark', ...mark };
  if (OPENING.test(text)) return { type: 'json' };
  const isUnsure = !over && text.length < MAX_UNSURE && (mark === 'unsure' || OPENING_BEGUN.test(text));
  return { type: isUnsure ? 'unsure' : 'prose' };
}
