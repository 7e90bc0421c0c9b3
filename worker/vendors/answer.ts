/** Reads a model's answer as it streams: text goes in, its finished pieces come out: items of lists and other fields. Pure: no timers, no I/O. */
import { type AnswerShape, type Candidate, openCandidate, type Piece } from './answer-json.ts';

/** The JSON must begin within so many characters; before it there may be prose, or the opening of a code fence. */
export const MAX_HEAD = 4096;

/** The longest answer that is read, in characters. */
export const MAX_LENGTH = 1_048_576;

/** How many braces in the head are tried. It bounds the work on an answer that is full of them. */
const MAX_CANDIDATES = 32;

/** Where the reader is. */
export type AnswerState =
  /** No JSON that can be the answer has begun. */
  | 'head'
  /** Inside the JSON. */
  | 'root'
  /** The JSON is closed; what follows is not read. */
  | 'ended'
  /** It can't be read any further; `broken` says why. */
  | 'broken';

/** Reads one answer. */
export type AnswerReader = {
  /** Takes the next part of the text and returns the pieces that it finishes, in order. */
  write(text: string): Piece[];
  readonly state: AnswerState;
  /** Whether a whole answer was read, be it an empty one: its JSON is closed. */
  readonly whole: boolean;
  /** Why the answer is broken, in words for a client. */
  readonly broken: string;
};

const BROKEN = {
  malformed: 'The model wrote something that is not the JSON it was asked for.',
  'too-deep': 'The model nested its JSON deeper than any answer needs.',
  'too-long': 'The model wrote far more than any answer needs.',
};

/**
 * Makes a reader. It tries the braces of the head one after the other: one from which the parse fails, or ends,
 * without a piece was prose. Any split of a text gives the same pieces.
 */
export function createAnswerReader(shape: AnswerShape): AnswerReader {
  let state: AnswerState = 'head';
  let broken = '';
  let empty = false; // some JSON closed without a piece; if nothing better follows, the answer was empty
  let length = 0;
  let half = ''; // the first half of a surrogate pair, until the second comes
  let candidate: Candidate | undefined;
  let tried = 0;
  let kept = ''; // what would be read again if the candidate fails: the text from its brace on
  let keptFrom = 0; // where that is in the answer

  const fail = (why: keyof typeof BROKEN): Piece[] => {
    state = 'broken';
    broken = BROKEN[why];
    kept = '';
    return [];
  };

  const isReading = (): boolean => state === 'head' || state === 'root';

  const forget = (characters: number): void => {
    kept = kept.slice(characters);
    keptFrom += characters;
  };

  /** Starts at the next brace of the head and returns the text from there; undefined if there is none (yet). */
  const findCandidate = (): string | undefined => {
    const at = kept.search(/[[{]/);
    forget(at === -1 ? kept.length : at);
    if (keptFrom >= MAX_HEAD || (at !== -1 && ++tried > MAX_CANDIDATES)) fail('malformed');
    state = state === 'broken' ? state : at === -1 ? 'head' : 'root';
    candidate = state === 'root' ? openCandidate(shape) : undefined;
    return candidate && kept;
  };

  const read = (part: string): Piece[] => {
    let text = candidate ? part : findCandidate();
    while (candidate && text !== undefined) {
      const { pieces, end, rest } = candidate.write(text);
      if (candidate.certain) {
        kept = '';
        if (end === 'closed') state = 'ended';
        else if (end) fail(end);
        return pieces;
      }
      if (end === undefined) return [];
      if (end === 'too-deep') return fail(end);
      empty ||= end === 'closed' && tried === 1;
      forget(end === 'closed' ? kept.length - rest.length : 1);
      text = findCandidate();
    }
    return [];
  };

  return {
    write(text) {
      if (!isReading()) return [];
      const joined = half + text;
      const split = /[\uD800-\uDBFF]$/.test(joined) ? joined.length - 1 : joined.length;
      half = joined.slice(split);
      const part = joined.slice(0, Math.min(split, MAX_LENGTH - length));
      length += part.length;
      if (!candidate?.certain) kept += part;
      const pieces = part === '' ? [] : read(part);
      if (length === MAX_LENGTH && isReading()) fail('too-long');
      return pieces;
    },
    get state() {
      return state;
    },
    get whole() {
      return state === 'ended' || (state === 'head' && empty);
    },
    get broken() {
      return broken;
    },
  };
}
