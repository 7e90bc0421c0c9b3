/** Reads a text of JSON as models write it: to which quote it goes, and what its escapes stand for. */
import { restoreCommands } from './latex.ts';

/** Where a text stands. In a name and at the root the first closing quote ends it; elsewhere a quote that nothing of JSON follows belongs to the text. */
export type TextPlace = 'name' | 'root' | 'list' | 'object';

/** Reads one text. */
export type TextReader = {
  /** Reads from this place on. `at`: where it stopped. `after`: what was looked at behind the closing quote and is not of the text. */
  write(text: string, at: number): { ended: boolean; at: number; after: string };
  /** What was read, with its commands of LaTeX. */
  text(): string;
};

/** The quotes that open a text, and those that then close it. */
const QUOTES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['“', '”“"'],
  ['”', '”'],
  ['„', '“”"'],
  ['‘', "’'"],
  ['«', '»'],
]);

/** Whether a character opens a text. */
export const isOpener = (character: string): boolean => QUOTES.has(character);

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const LITERAL = /["'\\/“”‘’]/;
const HEX = /^[\da-fA-F]$/;

/** What begins a value or a name, or ends a list or an object, behind a comma. */
const NEXT = /["'“”„‘«{}[\]/#\-\d]/;

/** Opens a text behind its opening quote. `onPart`: gets the text in parts, as it comes, before commands of LaTeX are looked for. */
export function openText(opener: string, place: TextPlace, onPart?: (part: string) => void): TextReader {
  const closers = QUOTES.get(opener) ?? opener;
  const isPlain = closers === '"';
  let value = '';
  let told = ''; // what has gone to `onPart` already
  let mode: 'plain' | 'escape' | 'unicode' | 'after' = 'plain';
  let hex = '';
  let quote = '';
  let after = ''; // behind a quote that may be the closing one
  const marks: number[] = []; // where control characters stand that were written as one letter

  /** Goes over what is nothing but text. */
  const skipPlain = (text: string, from: number): number => {
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH || (isPlain ? code === QUOTE : closers.includes(text[at] as string))) break;
    }
    value += text.slice(from, at);
    return at;
  };

  const escape = (character: string): void => {
    mode = 'plain';
    const control = ESCAPES[character];
    if (control !== undefined) {
      marks.push(told.length + value.length);
      value += control;
    } else if (character === 'u') {
      mode = 'unicode';
      hex = '';
    } else if (LITERAL.test(character) || character === '\n') value += character;
    else value += `\\${character}`; // no escape of JSON: the backslash of a command
  };

  /** Takes a digit of a code unit; false if it is none, so that the backslash was that of a command. */
  const unicode = (character: string): boolean => {
    if (!HEX.test(character)) {
      value += `\\u${hex}`;
      mode = 'plain';
      return false;
    }
    hex += character;
    if (hex.length < 4) return true;
    value += String.fromCharCode(Number.parseInt(hex, 16));
    mode = 'plain';
    return true;
  };

  return {
    write(text, from) {
      let at = from;
      let ended = false;
      while (at < text.length && !ended) {
        const character = text[at] as string;
        if (mode === 'escape') {
          escape(character);
          at++;
        } else if (mode === 'unicode') {
          if (unicode(character)) at++;
        } else if (mode === 'after') {
          const closes = closesText(after + character, place);
          if (closes === undefined) {
            after += character;
            at++;
          } else if (closes) ended = true;
          else {
            value += quote + after; // a quote inside of the text
            mode = 'plain';
          }
        } else {
          at = skipPlain(text, at);
          if (at === text.length) break;
          const found = text[at++] as string;
          if (found === '\\') mode = 'escape';
          else if (place === 'name' || place === 'root') ended = true;
          else {
            mode = 'after';
            quote = found;
            after = '';
          }
        }
      }
      if (onPart && value !== '') {
        onPart(value);
        told += value;
        value = '';
      }
      return { ended, at, after: ended ? after : '' };
    },
    // Half a surrogate pair is no character, and no store would take it.
    text: () => (marks.length === 0 ? told + value : restoreCommands(told + value, marks)).toWellFormed(),
  };
}

const BACKSLASH = 92;
const QUOTE = 34;

/** The most characters behind a quote that are looked at. */
const MAX_AFTER = 64;

/** Whether a text is a name with its colon; undefined while it may become one. */
function beginsName(text: string): boolean | undefined {
  if (/^["'][\p{L}_$][\p{L}\p{N}_$-]*["']\s*[:：]/u.test(text)) return true;
  return text.length <= MAX_AFTER && /^["'](?:[\p{L}_$][\p{L}\p{N}_$-]*(?:["']\s*)?)?$/u.test(text) ? undefined : false;
}

/** Chinese has commas behind quotes in sentences, too: only what follows such a comma tells. */
function closesBeforeWide(next: string, place: TextPlace): boolean | undefined {
  if (next === '') return undefined;
  return place === 'object' ? beginsName(next) : isOpener(next[0] as string);
}

/** Whether a quote with this behind it closes a text; undefined if more must be seen. */
function closesText(after: string, place: 'list' | 'object' | 'name' | 'root'): boolean | undefined {
  const rest = after.trimStart();
  const [first] = rest;
  if (first === undefined) return after.length > MAX_AFTER ? true : undefined;
  if (first === (place === 'list' ? ']' : '}')) return true;
  if (first === '/' || first === '#') return first === '#' ? rest !== after : rest.length < 2 ? undefined : /^\/[/*]/.test(rest);
  if (first === '，') return closesBeforeWide(rest.slice(1).trimStart(), place);
  if (first !== ',') return isOpener(first) && (/\n/.test(after) || (place === 'object' && beginsName(rest))); // a comma is missing
  if (place === 'list') return true;
  const next = rest.slice(1).trimStart();
  if (next === '') return after.length > MAX_AFTER ? true : undefined;
  if (NEXT.test(next[0] as string)) return true;
  const word = /^[\p{L}_$][\p{L}\p{N}_$-]*\s*/u.exec(next)?.[0] ?? ''; // a name without quotes?
  if (word === '') return false;
  if (word.length < next.length) return /[:：]/.test(next[word.length] as string);
  return after.length > MAX_AFTER ? false : undefined;
}
