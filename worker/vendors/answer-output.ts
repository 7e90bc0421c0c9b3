/**
 * What of an answer goes out at once, and what is held to its end: pieces are held once prose has
 * stood before them.
 */
import type { Piece } from '../capabilities.ts';

/**
 * A list that is held. `isRun`: single items, one after the other. `list`: the one before a run
 * that is not yet taken as a list.
 */
type HeldList = { pieces: Piece[]; closed: boolean; isRun: boolean; list?: HeldList | undefined };

/** So many single items behind a list are another list; fewer are an example. */
const MIN_RUN = 2;

/** The pieces of one answer, on their way out. */
export class AnswerOutput {
  readonly #holdsAll: boolean;
  #streams: boolean;
  #found = 0;
  #given = 0;
  /** Of the JSON that is read now, while they are held. */
  #pieces: Piece[] = [];
  #held: HeldList | undefined;
  #out: Piece[] = [];

  /** `holdsAll`: nothing goes out before the end. */
  constructor(holdsAll: boolean) {
    this.#holdsAll = holdsAll;
    this.#streams = !holdsAll;
  }

  /** Whether pieces go out at once. */
  get streams(): boolean {
    return this.#streams;
  }

  /** How many pieces were found. */
  get found(): number {
    return this.#found;
  }

  /** How many of them were given out. */
  get given(): number {
    return this.#given;
  }

  /** Whether the list that is held so far has closed; undefined if none is held. */
  get heldIsClosed(): boolean | undefined {
    return this.#held?.closed;
  }

  /** Prose stands here: from now on pieces are held, unless some were given out already. */
  hold(): void {
    if (this.#given === 0) this.#streams = false;
  }

  /** What was held until now does not count. */
  beginAnew(): void {
    this.#streams = !this.#holdsAll;
    this.#held = undefined;
  }

  /** JSON begins that may be the answer. */
  beginList(): void {
    this.#pieces = [];
  }

  /** Adds pieces of that JSON. */
  add(pieces: readonly Piece[]): void {
    this.#found += pieces.length;
    if (this.#streams) this.#given += pieces.length;
    (this.#streams ? this.#out : this.#pieces).push(...pieces);
  }

  /** That JSON is over. `isRun`: it was a single item. */
  endList(closed: boolean, isRun: boolean): void {
    this.#held = later(this.#held, { pieces: this.#pieces, closed, isRun });
  }

  /** The pieces that can go out now. */
  take(): Piece[] {
    const taken = this.#out;
    this.#out = [];
    return taken;
  }

  /**
   * Everything was read: the held pieces that count. `isDraft`: a list that has closed may have
   * been a draft, and does not count.
   */
  settle(isDraft: boolean): Piece[] {
    const held = this.#held;
    this.#held = held?.list && held.pieces.length < MIN_RUN ? held.list : held;
    if (isDraft && this.#held?.closed) this.#held = undefined;
    const pieces = this.#held?.pieces ?? [];
    this.#given += pieces.length;
    return pieces;
  }

  /** These are the pieces of the answer, and all of them go out. */
  replace({ length }: readonly Piece[]): void {
    this.#found = this.#given = length;
  }
}

/**
 * Which of two lists counts: the later one, unless it says less. A single item goes on with a run.
 */
function later(before: HeldList | undefined, next: HeldList): HeldList {
  if (!before || before.pieces.length === 0) return next;
  if (next.isRun) {
    if (!before.isRun) return { ...next, list: before };
    return { ...next, list: before.list, pieces: [...before.pieces, ...next.pieces] };
  }
  // Words in brackets, and an empty list, are no answer where there is a better one.
  const isPoorer = next.pieces.length === 0 || (!next.pieces.some(isObject) && before.pieces.some(isObject));
  return isPoorer ? before : next;
}

function isObject({ value }: Piece): boolean {
  return typeof value === 'object' && value !== null;
}
