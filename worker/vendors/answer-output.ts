/** What goes out of an answer at once, and what is held to its end: pieces go out as long as no prose stood before them. */
import type { Piece } from './answer-json.ts';
import { type HeldList, later, settled } from './held-list.ts';

/** The output of one answer. */
export type AnswerOutput = {
  /** Whether pieces go out at once. */
  readonly streams: boolean;
  /** How many pieces were found, and how many of them were given out. */
  readonly found: number;
  readonly given: number;
  /** The list that is held so far. */
  readonly held: HeldList | undefined;
  /** Prose stands here: from now on pieces are held, unless some were given out already. */
  hold(): void;
  /** Begins anew: what was held does not count. */
  beginAnew(): void;
  /** JSON begins that may be the answer. */
  beginList(): void;
  /** Adds pieces of that JSON. */
  add(pieces: readonly Piece[]): void;
  /** That JSON is over. `isRun`: it was a single item. */
  endList(closed: boolean, isRun: boolean): void;
  /** The pieces that can go out now. */
  take(): Piece[];
  /** Everything was read: the held pieces that count. `isDraft`: a list that has closed may have been a draft, and counts for nothing. */
  settle(isDraft: boolean): Piece[];
  /** These are the pieces of the answer, and all of them go out. */
  replace(pieces: readonly Piece[]): void;
};

/** Makes an output. `holdsAll`: nothing goes out before the end. */
export function createAnswerOutput(holdsAll: boolean): AnswerOutput {
  let streams = !holdsAll;
  let found = 0;
  let given = 0;
  let pieces: Piece[] = []; // of the JSON that is read now, while they are held
  let held: HeldList | undefined;
  let out: Piece[] = [];
  return {
    get streams() {
      return streams;
    },
    get found() {
      return found;
    },
    get given() {
      return given;
    },
    get held() {
      return held;
    },
    hold() {
      if (given === 0) streams = false;
    },
    beginAnew() {
      streams = !holdsAll;
      held = undefined;
    },
    beginList() {
      pieces = [];
    },
    add(next) {
      found += next.length;
      if (!streams) return void pieces.push(...next);
      given += next.length;
      out.push(...next);
    },
    endList(closed, isRun) {
      held = later(held, { pieces, closed, isRun });
    },
    take() {
      const taken = out;
      out = [];
      return taken;
    },
    settle(isDraft) {
      held = settled(held);
      if (isDraft && held?.closed) held = undefined;
      given += held?.pieces.length ?? 0;
      return held?.pieces ?? [];
    },
    replace({ length }) {
      found = given = length;
    },
  };
}
