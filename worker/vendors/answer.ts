/** Reads a model's answer while it streams. Text goes in; finished items and fields come out. It is pure: no timers, no I/O. */
import { type AnswerShape, type Candidate, openCandidate, type Piece } from './answer-json.ts';

/** The JSON must begin within so many characters. Before it there may be prose, or the beginning of a code fence. */
export const MAX_HEAD = 4096;

/** The longest answer that is read, in characters. */
export const MAX_LENGTH = 1_048_576;

/** How many braces in the head are tried. It limits the work for an answer that has many of them. */
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
  /** Whether a whole answer was read: its JSON is closed. It may be an empty one. */
  readonly whole: boolean;
  /** Why the answer is broken, in words for a client; '' while it is not. */
  readonly broken: string;
};

const BROKEN = {
  malformed: 'The model wrote something that is not the JSON it was asked for.',
  'too-deep': 'The model nested its JSON deeper than any answer needs.',
  'too-long': 'The model wrote far more than any answer needs.',
};

/**
 * Makes a reader. It tries the braces of the head one after the other. If the JSON from a brace fails, or ends, without a piece,
 * that brace was prose. The pieces are the same however the text is split into parts.
 */
export function createAnswerReader(shape: AnswerShape): AnswerReader {
  let state: AnswerState = 'head';
  let broken = '';
  let empty = false; // some JSON has closed without a piece: if no other follows, the answer is empty
  let length = 0;
  let half = ''; // the first half of a surrogate pair whose second half has not come yet
  let candidate: Candidate | undefined;
  let tried = 0;
  let kept = ''; // the text from the candidate's brace on: it is read again if the candidate fails
  let keptFrom = 0; // where the kept text begins in the answer

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
