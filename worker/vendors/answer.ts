/**
 * Reads a model's answer while it streams. Text goes in; finished items and fields come out. It is
 * pure: no timers, no I/O. What comes out is the same however the text is split into parts.
 */
import { lookAhead } from './answer-head.ts';
import type { Piece } from '../capabilities.ts';
import { type AnswerShape, Candidate } from './answer-json.ts';
import { AnswerOutput } from './answer-output.ts';
import { ThinkingText } from './thinking.ts';

/**
 * The JSON must begin within so many characters. Before it there may be prose, or the beginning of
 * a code fence.
 */
export const MAX_HEAD = 4096;

/** The same for a model that is known to write much before its JSON. */
export const MAX_LONG_HEAD = 65_536;

/** The longest answer that is read, in characters. Thinking between marks does not count. */
export const MAX_LENGTH = 1_048_576;

/** How many characters are read again in all, because JSON that began in them was none. */
const MAX_AGAIN = 8 * MAX_LENGTH;

/**
 * Behind a list that is held there are at most so many characters of prose if the answer is cut
 * there; else it may have been a draft.
 */
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

/**
 * What is known of the model. `closesOnly`: it closes its thinking without having opened it.
 * `longHead`: it writes much before its JSON.
 */
export type Quirks = { closesOnly: boolean; longHead: boolean };

/** For a text of which nothing is known. */
const UNKNOWN: Quirks = { closesOnly: false, longHead: false };

/**
 * Why no more text comes: the model has finished, the server has ended it without saying so, or it
 * was cut off at a limit.
 */
export type TextEnd = 'finished' | 'ended' | 'cut';

const BROKEN = {
  malformed: 'The model wrote something that is not the JSON it was asked for.',
  'too-deep': 'The model nested its JSON deeper than any answer needs.',
  'too-long': 'The model wrote far more than any answer needs.',
};

/**
 * Reads one answer. JSON that comes first goes out as it is written. After prose, and in a text
 * that is thinking as a whole, it is held to the end, and the last list counts.
 */
export class AnswerReader {
  /** What this answer shows of its model. */
  readonly quirks: Quirks;
  readonly #shape: AnswerShape;
  readonly #maxHead: number;
  readonly #output: AnswerOutput;
  #state: AnswerState = 'head';
  #fault: keyof typeof BROKEN | undefined;
  #thoughts: ThinkingText | undefined;
  /** What is not read yet. */
  #rest = '';
  /** How many characters of the head, and of the whole answer, were read. */
  #head = 0;
  #length = 0;
  /** How many characters were read again. */
  #again = 0;
  #candidate: Candidate | undefined;
  #candidates = 0;
  /** The text of the candidate: it is read again if that fails. */
  #kept = '';
  /** Whether some JSON has closed without a piece: if no other follows, the answer is empty. */
  #isEmpty = false;
  #isOver = false;
  #isCut = false;
  #tail: ThinkingText | undefined;

  /** `known`: what is known of the model, or that the whole text is its thinking. */
  constructor(shape: AnswerShape, known: Quirks | 'thinking' = UNKNOWN) {
    const isThinking = known === 'thinking';
    this.#shape = shape;
    this.quirks = isThinking ? { ...UNKNOWN, longHead: true } : { ...known };
    this.#maxHead = this.quirks.longHead ? MAX_LONG_HEAD : MAX_HEAD;
    this.#output = new AnswerOutput(isThinking);
    if (this.quirks.closesOnly) this.#think(new ThinkingText(MAX_LENGTH));
  }

  get state(): AnswerState {
    return this.#state;
  }

  /** Why the answer is broken, in words for a client; '' while it is not. */
  get broken(): string {
    return this.#fault ? BROKEN[this.#fault] : '';
  }

  /** How many pieces were found, those that are held included. */
  get found(): number {
    return this.#output.found;
  }

  /** Whether a whole answer was read: its JSON is closed. It may be an empty one. */
  get whole(): boolean {
    if (this.#state === 'ended') return true;
    if (!this.#isOver) return false;
    const { heldIsClosed, streams, given } = this.#output;
    if (heldIsClosed !== undefined) return heldIsClosed;
    if (this.#state === 'root') return streams && (this.#candidate?.listsClosed ?? false);
    return this.#state === 'head' && !this.#isCut && (this.#isEmpty || given > 0);
  }

  /** Takes the next part of the text and returns the pieces that can go out, in order. */
  write(text: string): Piece[] {
    if (!this.#isReading()) {
      this.#lookBehind(text);
      return [];
    }
    const isThinking = this.#state === 'thinking'; // it does not count
    const part = isThinking ? text : text.slice(0, MAX_LENGTH - this.#length);
    if (!isThinking) this.#length += part.length;
    this.#rest += part;
    this.#advance();
    if (this.#length === MAX_LENGTH && this.#isReading()) this.#fail('too-long');
    return this.#output.take();
  }

  /** Says that no more text comes, and why, and returns what was held. */
  end(why: TextEnd = 'finished'): Piece[] {
    if (this.#isOver || this.#state === 'broken') return [];
    this.#isOver = true;
    this.#isCut = why === 'cut';
    const mayReadThoughts = why === 'finished';
    if (this.#state === 'thinking' && mayReadThoughts) return this.#readThoughts();
    this.#advance();
    while (this.#state === 'root' && this.#candidate && !this.#candidate.certain && this.#again <= MAX_AGAIN) {
      this.#closeRoot();
      this.#readAgain();
      this.#advance();
    }
    const { streams } = this.#output;
    if (this.#state === 'root' && this.#candidate && !streams) this.#output.endList(this.#candidate.listsClosed, false);
    if (this.#thoughts && this.#state === 'head' && mayReadThoughts && streams && this.#candidates === 0) return this.#readThoughts();
    return this.#output.settle(this.#isCut && this.#head > MAX_AFTERWORD);
  }

  #isReading(): boolean {
    return this.#state === 'head' || this.#state === 'root' || this.#state === 'thinking';
  }

  #fail(reason: keyof typeof BROKEN): void {
    this.#state = 'broken';
    this.#fault = reason;
    this.quirks.longHead ||= reason === 'malformed' && this.#output.found === 0 && this.#head >= MAX_HEAD;
  }

  /** Reads as far as the text goes. */
  #advance(): void {
    let goesOn = true;
    while (goesOn && this.#rest !== '' && this.#isReading()) {
      if (this.#state === 'thinking') goesOn = this.#readThinking();
      else if (this.#state === 'root' && this.#candidate) goesOn = this.#readRoot(this.#candidate);
      else goesOn = this.#readHead();
    }
  }

  /** Looks for what comes next in the head. False if more text is needed. */
  #readHead(): boolean {
    const { gap, isProse, next } = lookAhead(this.#rest, this.#isOver);
    const output = this.#output;
    if (isProse) output.hold();
    const mayBeFence = next.type === 'nothing' && next.mayBeFence && output.given === 0;
    if (!mayBeFence) this.#skip(gap);
    if (this.#head + (mayBeFence ? gap : 0) >= this.#maxHead) {
      if (output.heldIsClosed !== undefined || output.given > 0 || this.#isEmpty) this.#state = 'ended';
      else this.#fail('malformed');
      return false;
    }
    switch (next.type) {
      case 'json':
        this.#openRoot();
        return true;
      case 'mark':
        this.#rest = this.#rest.slice(next.length);
        if (next.opens) this.#think(new ThinkingText(MAX_LENGTH, next.marks));
        else {
          this.quirks.closesOnly = true;
          this.#beginAnew();
        }
        return true;
      case 'prose':
        output.hold();
        this.#skip(1);
        return true;
      default:
        return false;
    }
  }

  #skip(characters: number): void {
    this.#rest = this.#rest.slice(characters);
    this.#head += characters;
  }

  #openRoot(): void {
    this.#state = 'root';
    this.#candidates++;
    this.#candidate = new Candidate(this.#shape);
    this.#kept = '';
    this.#output.beginList();
  }

  #closeRoot(): void {
    this.#state = 'head';
    this.#candidate = undefined;
  }

  /** Reads the candidate. False if more text is needed. */
  #readRoot(candidate: Candidate): boolean {
    const output = this.#output;
    const step = candidate.write(this.#rest);
    if (!candidate.certain || !output.streams || output.found === 0) this.#kept += this.#rest;
    output.add(step.pieces);
    this.#rest = step.rest;
    if (step.end === undefined) return false;
    this.#closeRoot();
    const isMalformed = step.end === 'malformed';
    if (step.end === 'too-deep') this.#fail('too-deep');
    else if (candidate.certain && (output.found > 0 || !output.streams || isMalformed)) this.#endRoot(candidate, !isMalformed);
    else if (isMalformed || !/^[{[]/.test(this.#kept)) this.#readAgain();
    else {
      this.#isEmpty ||= this.#candidates === 1;
      output.hold();
      this.#head += this.#kept.length - this.#rest.length;
    }
    return this.#isReading();
  }

  #endRoot({ isItem }: Candidate, closed: boolean): void {
    if (!this.#output.streams) this.#output.endList(closed, isItem);
    else if (!closed) return this.#fail('malformed');
    else if (!isItem) this.#state = 'ended';
    if (this.#state === 'head') this.#head = 0;
  }

  /** What began as JSON was prose: looks for another beginning behind it. */
  #readAgain(): void {
    this.#again += this.#kept.length;
    this.#rest = this.#kept.slice(1);
    this.#head++;
    this.#output.hold();
    if (this.#again > MAX_AGAIN) this.#fail('malformed');
  }

  #think(thoughts: ThinkingText): void {
    this.#state = 'thinking';
    this.#thoughts = thoughts;
  }

  /** Reads thinking. False if it goes on. */
  #readThinking(): boolean {
    const behind = this.#thoughts?.write(this.#rest);
    this.#rest = behind ?? '';
    if (behind !== undefined) this.#beginAnew();
    return behind !== undefined;
  }

  /** Begins anew behind the thinking: what stood before does not count. */
  #beginAnew(): void {
    this.#state = 'head';
    this.#head = 0;
    this.#output.beginAnew();
  }

  /**
   * Nothing stands behind the thinking, or it was none: what the model has written there is the
   * answer.
   */
  #readThoughts(): Piece[] {
    this.#beginAnew();
    const inner = new AnswerReader(this.#shape, 'thinking');
    const pieces = [...inner.write(this.#thoughts?.text ?? ''), ...inner.end()];
    this.#output.replace(pieces);
    if (inner.whole) this.#state = 'ended';
    return pieces;
  }

  /** What is not read any more may still show that thinking ends there. */
  #lookBehind(text: string): void {
    this.#tail ??= new ThinkingText(0);
    this.quirks.closesOnly ||= this.#tail.write(text) !== undefined;
  }
}
