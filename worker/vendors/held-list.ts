/** A list that is held because prose stood before it: of several ones the last counts. */
import type { Piece } from './answer-json.ts';

/** What was found. `isRun`: single items, one after the other. `list`: the one before a run that is not yet taken as a list. */
export type HeldList = { pieces: Piece[]; closed: boolean; isRun: boolean; list?: HeldList | undefined };

/** So many single items behind a list are another list; fewer are an example. */
const MIN_RUN = 2;

/** Which of two counts. Single items go on a run; words in brackets and an empty list are no answer where there is a better one. */
export function later(before: HeldList | undefined, next: HeldList): HeldList {
  if (!before || before.pieces.length === 0) return next;
  if (next.isRun) {
    if (!before.isRun) return { ...next, list: before };
    return { ...next, list: before.list, pieces: [...before.pieces, ...next.pieces] };
  }
  const isPoorer = next.pieces.length === 0 || (!next.pieces.some(isObject) && before.pieces.some(isObject));
  return isPoorer ? before : next;
}

/** What counts in the end. */
export function settled(held: HeldList | undefined): HeldList | undefined {
  return held?.list && held.pieces.length < MIN_RUN ? held.list : held;
}

function isObject({ value }: Piece): boolean {
  return typeof value === 'object' && value !== null;
}
