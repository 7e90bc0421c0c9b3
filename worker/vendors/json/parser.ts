/**
 * Parses JSON as models write it, piece by piece, in one pass over its characters. What JSON allows
 * is read as JSON says; beside that, raw line breaks in strings, other quotes, comments, commas too
 * many, names without quotes and the literals of other languages.
 */
import { isOpener, TextReader } from './text.ts';

/** The deepest nesting that is parsed. Our answers need only a few levels. */
export const MAX_DEPTH = 32;

/**
 * Where a value stands. `role`: that of the list or object around it, undefined at the root; `key`:
 * its name in an object, '' in a list.
 */
export type JsonPlace<Role> = { role: Role | undefined; key: string };

/** What a parser tells while it reads. */
export type JsonEvents<Role> = {
  /** A list or an object begins here. Returns the role that the places in it will have. */
  open(place: JsonPlace<Role>, isList: boolean): Role;
  /**
   * A value is whole; `own`: the role of a list or an object. Returns whether the list or the
   * object around it is to have it.
   */
  value(place: JsonPlace<Role>, value: unknown, own?: Role): boolean;
  /** A text begins that is no name. May return a function that gets it in parts, as it comes. */
  text?(place: JsonPlace<Role>): ((part: string) => void) | undefined;
};

/**
 * How a root has ended. `at`: the place after it in the text that was written last, or of what
 * could not be read.
 */
export type JsonStep = { end: 'closed' | 'malformed' | 'too-deep' | undefined; at: number };

type Frame<Role> = {
  isList: boolean;
  into: unknown[] | Record<string, unknown>;
  role: Role;
  /** The name of the value that comes; undefined while a name is expected. */
  key: string | undefined;
  colon: boolean;
};

type Mode = 'between' | 'bare' | 'slash' | 'line-comment' | 'block-comment' | 'star';

/** Literals, those of other languages included. What is no number counts as absent. */
const LITERALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ...['true', 'True', 'TRUE'].map((name) => [name, true] as const),
  ...['false', 'False', 'FALSE'].map((name) => [name, false] as const),
  ...'null None NULL nil undefined NaN nan Infinity -Infinity +Infinity'.split(' ').map((name) => [name, null] as const),
]);

const SPACE = /[\s\uFEFF]/;
const BARE = /[\p{L}\p{N}_$+\-.…]/u;
const NAME = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;
/** The longest word without quotes. */
const MAX_BARE = 64;
const ELLIPSIS = /^(?:\.{2,}|…)$/;

/** Parses one root. The first character that is written has to be the first one of the root. */
export class JsonParser<Role> {
  readonly #events: JsonEvents<Role>;
  readonly #stack: Frame<Role>[] = [];
  /** The last one of the stack: the list or the object that is open. */
  #top: Frame<Role> | undefined;
  #mode: Mode = 'between';
  #bare = '';
  #reader: TextReader | undefined;
  #closed = false;

  constructor(events: JsonEvents<Role>) {
    this.#events = events;
  }

  /** Reads a text to its end, or to that of the root. */
  write(text: string): JsonStep {
    let at = 0;
    while (at < text.length && !this.#closed) {
      let failed: JsonStep['end'];
      if (this.#reader) {
        const read = this.#reader.write(text, at);
        at = read.at;
        if (!read.ended) continue;
        this.#endText(this.#reader.text());
        failed = this.write(read.after).end; // what had to be looked at to know that the text was over
      } else if (this.#mode === 'bare') {
        const character = text[at] as string;
        if (BARE.test(character) && this.#bare.length < MAX_BARE) {
          this.#bare += character;
          at++;
        } else failed = this.#endBare();
      } else {
        const character = text[at++] as string;
        failed = this.#mode === 'between' ? this.#structure(character) : this.#comment(character);
      }
      if (failed) return { end: failed, at };
    }
    return { end: this.#closed ? 'closed' : undefined, at };
  }

  /** Reads one character between values. */
  #structure(character: string): JsonStep['end'] {
    switch (character) {
      case '{':
        return this.#begin(false);
      case '[':
        return this.#begin(true);
      case '}':
        return this.#end(false);
      case ']':
        return this.#end(true);
      case ',':
      case '，':
        return this.#comma();
      case ':':
      case '：':
        return this.#colon();
      case '/':
        this.#mode = 'slash';
        return undefined;
      case '#':
        this.#mode = 'line-comment';
        return undefined;
      default:
        if (SPACE.test(character)) return undefined;
        if (isOpener(character)) return this.#beginText(character);
        if (!BARE.test(character)) return 'malformed';
        this.#bare = character;
        this.#mode = 'bare';
        return undefined;
    }
  }

  #begin(isList: boolean): JsonStep['end'] {
    if (!this.#isValuePlace()) return 'malformed';
    if (this.#stack.length >= MAX_DEPTH) return 'too-deep';
    const role = this.#events.open(this.#place(), isList);
    this.#top = { isList, into: isList ? [] : {}, role, key: undefined, colon: false };
    this.#stack.push(this.#top);
    return undefined;
  }

  #end(isList: boolean): JsonStep['end'] {
    const frame = this.#top;
    if (frame?.isList !== isList || (frame.key !== undefined && !frame.colon)) return 'malformed';
    if (frame.key !== undefined) this.#put(null); // a name without a value
    this.#stack.pop();
    this.#top = this.#stack.at(-1);
    this.#put(frame.into, frame.role);
    return undefined;
  }

  #comma(): JsonStep['end'] {
    const frame = this.#top;
    if (frame?.key === undefined) return undefined;
    if (!frame.colon) return 'malformed';
    this.#put(null);
    return undefined;
  }

  #colon(): JsonStep['end'] {
    const frame = this.#top;
    if (frame?.key === undefined || frame.colon) return 'malformed';
    frame.colon = true;
    return undefined;
  }

  #beginText(opener: string): JsonStep['end'] {
    const isName = this.#isNamePlace();
    if (!isName && !this.#isValuePlace()) return 'malformed';
    const within = isName ? 'name' : !this.#top ? 'root' : this.#top.isList ? 'list' : 'object';
    this.#reader = new TextReader(opener, within, isName ? undefined : this.#events.text?.(this.#place()));
    return undefined;
  }

  #endText(text: string): void {
    this.#reader = undefined;
    if (this.#top && this.#isNamePlace()) this.#top.key = text;
    else this.#put(text);
  }

  /** Takes a word without quotes. */
  #endBare(): JsonStep['end'] {
    const bare = this.#bare;
    this.#mode = 'between';
    if (ELLIPSIS.test(bare)) return undefined;
    if (this.#top && this.#isNamePlace()) {
      if (!NAME.test(bare) && !/^\d+$/.test(bare)) return 'malformed';
      this.#top.key = bare;
      return undefined;
    }
    if (!this.#isValuePlace()) return 'malformed';
    if (LITERALS.has(bare)) this.#put(LITERALS.get(bare));
    else if (/^[-+]?\.?\d/.test(bare)) this.#put(toNumber(bare));
    else return 'malformed';
    return undefined;
  }

  /** Reads one character of a comment. */
  #comment(character: string): JsonStep['end'] {
    if (this.#mode === 'slash') {
      if (character !== '/' && character !== '*') return 'malformed';
      this.#mode = character === '/' ? 'line-comment' : 'block-comment';
    } else if (this.#mode === 'line-comment') {
      if (character === '\n' || character === '\r') this.#mode = 'between';
    } else if (this.#mode === 'star' && character === '/') this.#mode = 'between';
    else this.#mode = character === '*' ? 'star' : 'block-comment';
    return undefined;
  }

  /** Puts a whole value where it stands. `own`: the role of a list or an object. */
  #put(value: unknown, own?: Role): void {
    const kept = this.#events.value(this.#place(), value, own);
    const frame = this.#top;
    if (!frame) this.#closed = true;
    else if (Array.isArray(frame.into)) {
      if (kept) frame.into.push(value);
    } else {
      if (kept && frame.key !== undefined && frame.key !== '__proto__') frame.into[frame.key] = value;
      frame.key = undefined;
      frame.colon = false;
    }
  }

  #place(): JsonPlace<Role> {
    return { role: this.#top?.role, key: this.#top?.key ?? '' };
  }

  #isNamePlace(): boolean {
    return this.#top?.isList === false && this.#top.key === undefined;
  }

  #isValuePlace(): boolean {
    const frame = this.#top;
    return !frame || frame.isList || (frame.key !== undefined && frame.colon);
  }
}

/**
 * A number; where JavaScript would write it in another way (1.50, or more digits than it keeps) the
 * text that stands there.
 */
function toNumber(text: string): unknown {
  const value = Number(text);
  return String(value) === text ? value : text;
}
