/**
 * Parses JSON as models write it, piece by piece, in one pass over its characters. What JSON allows is read as JSON says; beside that, raw line breaks in
 * strings, other quotes, comments, commas too many, names without quotes and the literals of other languages.
 */
import { isOpener, openText, type TextReader } from './text.ts';

/** The deepest nesting that is parsed. Our answers need only a few levels. */
export const MAX_DEPTH = 32;

/** Where a value stands. `role`: that of the list or object around it, undefined at the root; `key`: its name in an object, '' in a list. */
export type Place<Role> = { role: Role | undefined; key: string };

/** What a parser tells while it reads. */
export type JsonEvents<Role> = {
  /** A list or an object begins here. Returns the role that the places in it will have. */
  open(place: Place<Role>, isList: boolean): Role;
  /** A value is whole; `own`: the role of a list or an object. Returns whether the list or the object around it is to have it. */
  value(place: Place<Role>, value: unknown, own?: Role): boolean;
  /** A text begins that is no name. May return a function that gets it in parts, as it comes. */
  text?(place: Place<Role>): ((part: string) => void) | undefined;
};

/** How a root has ended. `at`: the place after it in the text that was written last, or of what could not be read. */
export type JsonStep = { end: 'closed' | 'malformed' | 'too-deep' | undefined; at: number };

/** A parser of one root. */
export type JsonParser = { write(text: string): JsonStep };

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
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
  ...['null', 'None', 'NULL', 'nil', 'undefined', 'NaN', 'nan', 'Infinity', '-Infinity', '+Infinity'].map((name): [string, null] => [
    name,
    null,
  ]),
]);

const SPACE = /[\s\uFEFF]/;
const BARE = /[\p{L}\p{N}_$+\-.…]/u;
const NAME = /^[\p{L}_$][\p{L}\p{N}_$-]*$/u;
/** The longest word without quotes. */
const MAX_BARE = 64;
const ELLIPSIS = /^(?:\.{2,}|…)$/;

/** Makes a parser. Its first character has to be the first one of the root. */
export function createJsonParser<Role>(events: JsonEvents<Role>): JsonParser {
  const stack: Frame<Role>[] = [];
  let mode: Mode = 'between';
  let bare = '';
  let reader: TextReader | undefined;
  let closed = false;

  const top = (): Frame<Role> | undefined => stack.at(-1);
  const isNamePlace = (): boolean => top()?.isList === false && top()?.key === undefined;
  const isValuePlace = (): boolean => {
    const frame = top();
    return !frame || frame.isList || (frame.key !== undefined && frame.colon);
  };
  const place = (): Place<Role> => {
    const frame = top();
    return { role: frame?.role, key: frame?.key ?? '' };
  };

  const put = (value: unknown, own?: Role): void => {
    const kept = events.value(place(), value, own);
    const frame = top();
    if (!frame) closed = true;
    else if (Array.isArray(frame.into)) {
      if (kept) frame.into.push(value);
    } else {
      if (kept && frame.key !== undefined && frame.key !== '__proto__') frame.into[frame.key] = value;
      frame.key = undefined;
      frame.colon = false;
    }
  };

  const begin = (isList: boolean): JsonStep['end'] => {
    if (!isValuePlace()) return 'malformed';
    if (stack.length >= MAX_DEPTH) return 'too-deep';
    stack.push({ isList, into: isList ? [] : {}, role: events.open(place(), isList), key: undefined, colon: false });
    return undefined;
  };

  const end = (isList: boolean): JsonStep['end'] => {
    const frame = top();
    if (frame?.isList !== isList || (frame.key !== undefined && !frame.colon)) return 'malformed';
    if (frame.key !== undefined) put(null); // a name without a value
    stack.pop();
    put(frame.into, frame.role);
    return undefined;
  };

  const beginText = (opener: string): JsonStep['end'] => {
    const isName = isNamePlace();
    if (!isName && !isValuePlace()) return 'malformed';
    const within = isName ? 'name' : !top() ? 'root' : top()?.isList ? 'list' : 'object';
    reader = openText(opener, within, isName ? undefined : events.text?.(place()));
    return undefined;
  };

  /** Reads one character between values. */
  const structure = (character: string): JsonStep['end'] => {
    const frame = top();
    switch (character) {
      case '{':
        return begin(false);
      case '[':
        return begin(true);
      case '}':
        return end(false);
      case ']':
        return end(true);
      case ',':
      case '，':
        if (frame && frame.key !== undefined) {
          if (!frame.colon) return 'malformed';
          put(null);
        }
        return undefined;
      case ':':
      case '：':
        if (!frame || frame.key === undefined || frame.colon) return 'malformed';
        frame.colon = true;
        return undefined;
      case '/':
        mode = 'slash';
        return undefined;
      case '#':
        mode = 'line-comment';
        return undefined;
      default:
        if (SPACE.test(character)) return undefined;
        if (isOpener(character)) return beginText(character);
        if (!BARE.test(character)) return 'malformed';
        bare = character;
        mode = 'bare';
        return undefined;
    }
  };

  /** Takes a word without quotes. */
  const endBare = (): JsonStep['end'] => {
    mode = 'between';
    if (ELLIPSIS.test(bare)) return undefined;
    const frame = top();
    if (frame && isNamePlace()) {
      if (!NAME.test(bare) && !/^\d+$/.test(bare)) return 'malformed';
      frame.key = bare;
      return undefined;
    }
    if (!isValuePlace()) return 'malformed';
    if (LITERALS.has(bare)) put(LITERALS.get(bare));
    else if (/^[-+]?\.?\d/.test(bare)) put(toNumber(bare));
    else return 'malformed';
    return undefined;
  };

  const endText = (): void => {
    const frame = top();
    const text = reader?.text() ?? '';
    const isName = isNamePlace();
    reader = undefined;
    if (frame && isName) frame.key = text;
    else put(text);
  };

  const comment = (character: string): JsonStep['end'] => {
    if (mode === 'slash') {
      if (character !== '/' && character !== '*') return 'malformed';
      mode = character === '/' ? 'line-comment' : 'block-comment';
    } else if (mode === 'line-comment') {
      if (character === '\n' || character === '\r') mode = 'between';
    } else if (mode === 'star' && character === '/') mode = 'between';
    else mode = character === '*' ? 'star' : 'block-comment';
    return undefined;
  };

  /** Reads a text to its end, or to that of the root. */
  const run = (text: string): JsonStep => {
    let at = 0;
    while (at < text.length && !closed) {
      const character = text[at] as string;
      let failed: JsonStep['end'];
      if (reader) {
        const read = reader.write(text, at);
        at = read.at;
        if (!read.ended) continue;
        endText();
        failed = run(read.after).end; // what had to be looked at to know that the text was over
      } else if (mode === 'bare') {
        if (BARE.test(character) && bare.length < MAX_BARE) {
          bare += character;
          at++;
        } else failed = endBare();
      } else {
        failed = mode === 'between' ? structure(character) : comment(character);
        at++;
      }
      if (failed) return { end: failed, at };
    }
    return { end: closed ? 'closed' : undefined, at };
  };

  return { write: run };
}

/** A number; where JavaScript would write it in another way (1.50, or more digits than it keeps) the text that stands there. */
function toNumber(text: string): unknown {
  const value = Number(text);
  return String(value) === text ? value : text;
}
