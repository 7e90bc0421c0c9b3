/**
 * Reads a text of JSON as models write it: to which quote it goes, and what its escapes stand for.
 */
import { restoreCommands } from './latex.ts';

/**
 * Where a text stands. In a name and at the root the first closing quote ends it. Elsewhere a quote
 * belongs to the text if nothing of JSON follows it.
 */
export type TextPlace = 'name' | 'root' | 'list' | 'object';

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

const BACKSLASH = 92;
const QUOTE = 34;

/** What begins a value or a name, or ends a list or an object, behind a comma. */
const NEXT = /["'“”„‘«{}[\]/#\-\d]/;

/**
 * What {@link TextReader.write} has read. `at`: where it stopped. `after`: what it looked at behind
 * the closing quote; it is not of the text.
 */
type TextStep = { ended: boolean; at: number; after: string };

/** Reads one text. It begins behind the opening quote. */
export class TextReader {
  readonly #closers: string;
  readonly #place: TextPlace;
  readonly #onPart: ((part: string) => void) | undefined;
  #value = '';
  /** What has gone to `onPart` already. */
  #sent = '';
  #mode: 'plain' | 'escape' | 'unicode' | 'after' = 'plain';
  #hex = '';
  #quote = '';
  /** What stands behind a quote that may be the closing one. */
  #after = '';
  /** Where control characters stand that were written as a backslash and one letter. */
  readonly #marks: number[] = [];

  /** `onPart` gets the text in parts, as it comes, before commands of LaTeX are looked for. */
  constructor(opener: string, place: TextPlace, onPart?: (part: string) => void) {
    this.#closers = QUOTES.get(opener) ?? opener;
    this.#place = place;
    this.#onPart = onPart;
  }

  /** Reads from this place of the text on. */
  write(text: string, from: number): TextStep {
    let at = from;
    let ended = false;
    while (at < text.length && !ended) {
      switch (this.#mode) {
        case 'escape':
          this.#escape(text[at++] as string);
          break;
        case 'unicode':
          if (this.#unicode(text[at] as string)) at++;
          break;
        case 'after': {
          const closes = closesText(this.#after + text[at], this.#place);
          if (closes === undefined) this.#after += text[at++];
          else if (closes) ended = true;
          else this.#goOn();
          break;
        }
        default:
          at = this.#skipPlain(text, at);
          if (at < text.length) ended = this.#endsAt(text[at++] as string);
      }
    }
    this.#sendPart();
    return { ended, at, after: ended ? this.#after : '' };
  }

  /** What was read, with its commands of LaTeX. */
  text(): string {
    const whole = this.#sent + this.#value;
    // Half a surrogate pair is no character, and no store would take it.
    return (this.#marks.length === 0 ? whole : restoreCommands(whole, this.#marks)).toWellFormed();
  }

  /**
   * Goes over what is nothing but text. Returns where a backslash or a closing quote stands, or the
   * text's end.
   */
  #skipPlain(text: string, from: number): number {
    const closers = this.#closers;
    const isPlain = closers === '"';
    let at = from;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH || (isPlain ? code === QUOTE : closers.includes(text[at] as string))) break;
    }
    this.#value += text.slice(from, at);
    return at;
  }

  /** Takes a backslash or a closing quote. Returns whether the text ends with it for sure. */
  #endsAt(found: string): boolean {
    if (found === '\\') this.#mode = 'escape';
    else if (this.#place === 'name' || this.#place === 'root') return true;
    else {
      this.#mode = 'after';
      this.#quote = found;
      this.#after = '';
    }
    return false;
  }

  /** The quote was one inside of the text. */
  #goOn(): void {
    this.#value += this.#quote + this.#after;
    this.#mode = 'plain';
  }

  #escape(character: string): void {
    this.#mode = 'plain';
    const control = ESCAPES[character];
    if (control !== undefined) {
      this.#marks.push(this.#sent.length + this.#value.length);
      this.#value += control;
    } else if (character === 'u') {
      this.#mode = 'unicode';
      this.#hex = '';
    } else if (LITERAL.test(character) || character === '\n') this.#value += character;
    else this.#value += `\\${character}`; // no escape of JSON: the backslash of a command
  }

  /**
   * Takes a digit of a code unit; false if it is none, so that the backslash was that of a command.
   */
  #unicode(character: string): boolean {
    const isDigit = HEX.test(character);
    if (isDigit) this.#hex += character;
    else this.#value += `\\u${this.#hex}`;
    if (isDigit && this.#hex.length < 4) return true;
    if (isDigit) this.#value += String.fromCharCode(Number.parseInt(this.#hex, 16));
    this.#mode = 'plain';
    return isDigit;
  }

  #sendPart(): void {
    if (!this.#onPart || this.#value === '') return;
    this.#onPart(this.#value);
    this.#sent += this.#value;
    this.#value = '';
  }
}

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
function closesText(after: string, place: TextPlace): boolean | undefined {
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
