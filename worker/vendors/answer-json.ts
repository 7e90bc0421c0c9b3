/** Parses JSON that begins at one brace, piece by piece, and decides whether it is the answer or some other JSON in prose. */
import { JSONParser } from '@streamparser/json';

/** The deepest nesting that is parsed. Each level costs the parser memory, and our answers need only a few. */
export const MAX_DEPTH = 32;

/** After so many characters without a piece it is taken as the answer, so that no more text is kept for another try. */
const MAX_UNCERTAIN = 32_768;

/** After so many items of a bare array that are not valid it is taken as the answer, too. */
const MAX_HELD = 16;

/**
 * What is read: a root object with these lists and other fields, or a bare array, whose items go to the first list that accepts them.
 * `accepts`: whether a value is an item of a list, or the value of another field.
 */
export type AnswerShape = { lists: readonly string[]; fields: readonly string[]; accepts: (field: string, value: unknown) => boolean };

/** A piece of an answer: an item of a list, or another field's value. */
export type Piece = { field: string; value: unknown };

/** What a piece of text led to. */
export type Step = {
  /** Pieces that are finished. There are none before it is certain that this is the answer. */
  pieces: Piece[];
  /** How the JSON has ended; undefined while it goes on. */
  end?: 'closed' | 'malformed' | 'too-deep' | undefined;
  /** The text after the end of the JSON. */
  rest: string;
};

/** JSON that may be the answer. */
export type Candidate = {
  write(text: string): Step;
  /** Whether it is the answer: it has a list, an item, or a field that is valid. */
  readonly certain: boolean;
};

/** Opens a candidate. The first character that is written to it must be a brace or a bracket. */
export function openCandidate({ lists, fields, accepts }: AnswerShape): Candidate {
  const pieces: Piece[] = [];
  const [first = ''] = lists;
  let certain = false;
  let length = 0;
  const nesting = createNesting();
  const parser = new JSONParser({ paths: ['$.*', ...lists.map((list) => `$.${list}.*`)], keepStack: false });
  parser.onValue = ({ value, key, stack }) => {
    const ofRoot = stack.length === 1;
    if (ofRoot && typeof key === 'string') {
      if (lists.includes(key)) certain = true; // the whole list; its items came before it
      if (!fields.includes(key)) return;
      pieces.push({ field: key, value });
      certain ||= accepts(key, value);
      return;
    }
    const field = ofRoot ? (lists.find((list) => accepts(list, value)) ?? first) : String(stack[1]?.key);
    pieces.push({ field, value });
    certain ||= !ofRoot || accepts(field, value) || pieces.length > MAX_HELD;
  };

  /** Feeds the parser; false if the text is no JSON. As long as it is not certain what this is, it feeds one character at a time. */
  const feed = (text: string): boolean => {
    let at = 0;
    while (!certain && at < text.length) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
      if (!parses(parser, character)) return false;
      at += character.length;
      certain ||= (length += character.length) > MAX_UNCERTAIN;
    }
    return at === text.length || parses(parser, text.slice(at));
  };

  return {
    write(text) {
      const { end, at } = nesting.follow(text);
      const ending = feed(text.slice(0, at)) ? end : 'malformed';
      return { pieces: certain ? pieces.splice(0) : [], end: ending, rest: text.slice(at) };
    },
    get certain() {
      return certain;
    },
  };
}

function parses(parser: JSONParser, text: string): boolean {
  try {
    parser.write(text);
    return true;
  } catch {
    return false;
  }
}

/** Counts braces outside of strings before the parser sees them. The parser has no limit of its own, and each level costs memory. */
function createNesting() {
  let depth = 0;
  let inString = false;
  let escaped = false;

  return {
    /** Reads up to the root's end, or to the first brace that is too deep. `at`: the place after the end, or before that brace. */
    follow(text: string): { end: 'closed' | 'too-deep' | undefined; at: number } {
      for (let at = 0; at < text.length; at++) {
        const character = text[at];
        if (inString) {
          if (escaped) escaped = false;
          else if (character === '\\') escaped = true;
          else if (character === '"') inString = false;
        } else if (character === '"') inString = true;
        else if (character === '{' || character === '[') {
          if (++depth > MAX_DEPTH) return { end: 'too-deep', at };
        } else if ((character === '}' || character === ']') && --depth === 0) return { end: 'closed', at: at + 1 };
      }
      return { end: undefined, at: text.length };
    },
  };
}
