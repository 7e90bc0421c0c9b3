/**
 * Reads a model's answer while it streams. Text goes in; finished items and fields come out. It is pure: no timers, no I/O. What comes out is the same however
 * the text is split into parts.
 */
import { lookAhead } from './answer-head.ts';
import { type AnswerShape, type Candidate, openCandidate, type Piece } from './answer-json.ts';
import { createAnswerOutput } from './answer-output.ts';
import { openThoughts, type Thoughts } from './thinking.ts';

/** The JSON must begin within so many characters. Before it there may be prose, or the beginning of a code fence. */
export const MAX_HEAD = 4096;

/** The same for a model that is known to write much before its JSON. */
export const MAX_LONG_HEAD = 65_536;

/** The longest answer that is read, in characters. Thinking between marks does not count. */
export const MAX_LENGTH = 1_048_576;

/** How many characters are read again in all, because JSON that began in them was none. */
const MAX_AGAIN = 8 * MAX_LENGTH;

/** Behind a list that is held there are at most so many characters of prose if the answer is cut there; else it may have been a draft. */
const MAX_AFTERWORD = 200;

/** Where the reader is. */
export type AnswerState =
  /** No JSON that can be the answer has begun. */
  | 'head'
  /** Between marks of thinking; nothing that stands there goes out. */
  | 'thinking'
  /** Inside of JSON that can be the answer. */
  | 'root'
  /** The JSON is closed; what follows is not read. */
  | 'ended'
  /** It can't be read any further; `broken` says why. */
  | 'broken';

/** What is known of the model. `closesOnly`: it closes its thinking without having opened it. `longHead`: it writes much before its JSON. */
export type Manners = { closesOnly: boolean; longHead: boolean };

/** For a text of which nothing is known. */
const UNKNOWN: Manners = { closesOnly: false, longHead: false };

/** Why no more text comes: the model has finished, the server has ended it without saying so, or it was cut off at a limit. */
export type TextEnd = 'finished' | 'ended' | 'cut';

/** Reads one answer. */
export type AnswerReader = {
  /** Takes the next part of the text and returns the pieces that can go out, in order. */
  write(text: string): Piece[];
  /** Says that no more text comes, and why, and returns what was held. */
  end(why?: TextEnd): Piece[];
  readonly state: AnswerState;
  /** Whether a whole answer was read: its JSON is closed. It may be an empty one. */
  readonly whole: boolean;
  /** Why the answer is broken, in words for a client; '' while it is not. */
  readonly broken: string;
  /** How many pieces were found, those that are held included. */
  readonly found: number;
  /** What this answer shows of its model. */
  readonly manners: Manners;
};

const BROKEN = {
  malformed: 'The model wrote something that is not the JSON it was asked for.',
  'too-deep': 'The model nested its JSON deeper than any answer needs.',
  'too-long': 'The model wrote far more than any answer needs.',
};

/**
 * Makes a reader. JSON that comes first goes out as it is written. After prose, and in a text that is `thinking` as a whole, it is held to the end, and the last
 * list counts.
 */
export function createAnswerReader(shape: AnswerShape, known: Manners | 'thinking' = UNKNOWN): AnswerReader {
  const isThinking = known === 'thinking';
  const manners: Manners = isThinking ? { ...UNKNOWN, longHead: true } : { ...known };
  const maxHead = manners.longHead ? MAX_LONG_HEAD : MAX_HEAD;
  let state: AnswerState = manners.closesOnly ? 'thinking' : 'head';
  let fault: keyof typeof BROKEN | undefined;
  let thoughts: Thoughts | undefined = manners.closesOnly ? openThoughts(MAX_LENGTH) : undefined;
  let rest = ''; // what is not read yet
  let head = 0; // the characters of the head that were read
  const output = createAnswerOutput(isThinking);
  let empty = false; // some JSON has closed without a piece: if no other follows, the answer is empty
  let length = 0;
  let again = 0;
  let candidate: Candidate | undefined;
  let candidates = 0;
  let kept = ''; // the text of the candidate: it is read again if that fails
  let over = false;
  let cut = false;
  let tail: Thoughts | undefined;

  const fail = (reason: keyof typeof BROKEN): void => {
    state = 'broken';
    fault = reason;
    manners.longHead ||= reason === 'malformed' && output.found === 0 && head >= MAX_HEAD;
  };

  const skip = (characters: number): void => {
    rest = rest.slice(characters);
    head += characters;
  };

  /** Begins anew behind the thinking: what stood before does not count. */
  const beginAnew = (): void => {
    [state, head] = ['head', 0];
    output.beginAnew();
  };

  /** Reads thinking. False if it goes on. */
  const think = (): boolean => {
    const behind = thoughts?.write(rest);
    rest = behind ?? '';
    if (behind !== undefined) beginAnew();
    return behind !== undefined;
  };

  /** Looks for what comes next in the head. False if more text is needed. */
  const look = (): boolean => {
    const { gap, isProse, next } = lookAhead(rest, over);
    if (isProse) output.hold();
    const mayBeFence = next.type === 'nothing' && next.mayBeFence && output.given === 0;
    if (!mayBeFence) skip(gap);
    if (head + (mayBeFence ? gap : 0) >= maxHead) {
      if (output.held || output.given > 0 || empty) state = 'ended';
      else fail('malformed');
      return false;
    }
    switch (next.type) {
      case 'json':
        return open();
      case 'mark':
        rest = rest.slice(next.length);
        if (next.opens) [state, thoughts] = ['thinking', openThoughts(MAX_LENGTH, next.marks)];
        else {
          manners.closesOnly = true;
          beginAnew();
        }
        return true;
      case 'prose':
        output.hold();
        skip(1);
        return true;
      default:
        return false;
    }
  };

  const open = (): boolean => {
    state = 'root';
    candidates++;
    candidate = openCandidate(shape);
    kept = '';
    output.beginList();
    return true;
  };

  /** Reads the candidate. False if more text is needed. */
  const readRoot = (current: Candidate): boolean => {
    const step = current.write(rest);
    if (!current.certain || !output.streams || output.found === 0) kept += rest;
    output.add(step.pieces);
    rest = step.rest;
    if (step.end === undefined) return false;
    state = 'head';
    candidate = undefined;
    if (step.end === 'too-deep') fail('too-deep');
    else if (current.certain && (output.found > 0 || !output.streams || step.end === 'malformed')) endRoot(current, step.end === 'closed');
    else if (step.end === 'malformed' || !/^[{[]/.test(kept)) readAgain();
    else {
      empty ||= candidates === 1;
      output.hold();
      head += kept.length - rest.length;
    }
    return isReading();
  };

  const endRoot = (current: Candidate, closed: boolean): void => {
    if (output.streams) {
      if (!closed) fail('malformed');
      else if (!current.isItem) state = 'ended';
      else head = 0;
      return;
    }
    output.endList(closed, current.isItem);
    head = 0;
  };

  /** What began as JSON was prose: looks for another beginning behind it. */
  const readAgain = (): void => {
    again += kept.length;
    rest = kept.slice(1);
    head++;
    output.hold();
    if (again > MAX_AGAIN) fail('malformed');
  };

  const isReading = (): boolean => state === 'head' || state === 'root' || state === 'thinking';

  const advance = (): void => {
    let goesOn = true;
    while (goesOn && rest !== '' && isReading()) {
      if (state === 'thinking') goesOn = think();
      else if (state === 'root' && candidate) goesOn = readRoot(candidate);
      else goesOn = look();
    }
  };

  /** What is not read any more may still show that thinking ends there. */
  const lookBehind = (text: string): void => {
    tail ??= openThoughts(0);
    manners.closesOnly ||= tail.write(text) !== undefined;
  };

  return {
    write(text) {
      if (!isReading()) {
        lookBehind(text);
        return [];
      }
      const part = state === 'thinking' ? text : text.slice(0, MAX_LENGTH - length);
      if (state !== 'thinking') length += part.length;
      rest += part;
      advance();
      if (length === MAX_LENGTH && isReading()) fail('too-long');
      return output.take();
    },
    end(why = 'finished') {
      if (over || state === 'broken') return [];
      over = true;
      cut = why === 'cut';
      const mayReadThoughts = why === 'finished';
      if (state === 'thinking' && mayReadThoughts) return readInstead();
      const goesOn = () => state === 'root' && candidate && !candidate.certain && again <= MAX_AGAIN;
      advance();
      while (goesOn()) {
        state = 'head';
        candidate = undefined;
        readAgain();
        advance();
      }
      if (state === 'root' && candidate && !output.streams) output.endList(candidate.listsClosed, false);
      if (thoughts && state === 'head' && mayReadThoughts && output.streams && candidates === 0) return readInstead();
      return output.settle(cut && head > MAX_AFTERWORD);
    },
    get state() {
      return state;
    },
    get whole() {
      return state === 'ended' || (over && isWhole());
    },
    get broken() {
      return fault ? BROKEN[fault] : '';
    },
    get found() {
      return output.found;
    },
    manners,
  };

  function isWhole(): boolean {
    const { held, streams, given } = output;
    if (held) return held.closed;
    if (state === 'root') return streams && (candidate?.listsClosed ?? false);
    return state === 'head' && !cut && (empty || given > 0);
  }

  /** Nothing stands behind the thinking, or it was none: what the model has written is the answer. */
  function readInstead(): Piece[] {
    beginAnew();
    const other = createAnswerReader(shape, 'thinking');
    const read = [...other.write(thoughts?.text() ?? ''), ...other.end()];
    output.replace(read);
    if (other.whole) state = 'ended';
    return read;
  }
}
