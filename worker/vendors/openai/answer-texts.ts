/**
 * Reads the texts in which a server can send the answer: the content, the arguments of a tool call,
 * and, if both stay empty, the thinking.
 */
import type { Piece } from '../../capabilities.ts';
import { type AnswerReader, MAX_LENGTH, type TextEnd } from '../answer.ts';
import type { Delta } from './chunk.ts';

/** Makes the reader of a text by its name. */
type OpenText = (text: 'content' | 'args' | 'thinking') => AnswerReader;

/** One answer in several texts. */
export class AnswerTexts {
  readonly #open: OpenText;
  readonly #content: AnswerReader;
  #args: AnswerReader | undefined;
  #thoughts = '';
  /** Whether no content has come so far. */
  #isSilent = true;
  /** The text that is the answer, as far as that is known. */
  #current: AnswerReader;

  constructor(open: OpenText) {
    this.#open = open;
    this.#content = open('content');
    this.#current = this.#content;
  }

  /** The text that is read as the answer. */
  get current(): Pick<AnswerReader, 'state' | 'whole' | 'broken' | 'found'> {
    return this.#current;
  }

  /** What the content has shown of its model. */
  get quirks(): AnswerReader['quirks'] {
    return this.#content.quirks;
  }

  /** Takes a chunk and returns the pieces that can go out. */
  take({ content, reasoning, args }: Delta): Piece[] {
    this.#isSilent &&= !/\S/.test(content);
    if (this.#current.found === 0 && reasoning !== '' && this.#thoughts.length < MAX_LENGTH) this.#thoughts += reasoning;
    const pieces = content === '' || this.#current !== this.#content ? [] : this.#content.write(content);
    if (args === '' || this.#content.found > 0) return pieces;
    this.#args ??= this.#open('args');
    return [...pieces, ...this.#from(this.#args, this.#args.write(args))];
  }

  /** Says that no more text comes, and why, and returns what was held. */
  end(why: TextEnd): Piece[] {
    const isOver = (pieces: Piece[]): boolean => pieces.length > 0 || this.#current.found > 0 || this.#current.whole;
    let pieces = this.#current.end(why);
    if (!isOver(pieces) && this.#args) pieces = this.#from(this.#args, this.#args.end(why));
    if (isOver(pieces) || why !== 'finished' || !this.#isSilent || this.#thoughts === '') return pieces;
    const thinking = this.#open('thinking');
    return this.#from(thinking, [...thinking.write(this.#thoughts), ...thinking.end()]);
  }

  /** Lets the first text that has a piece be the answer. */
  #from(text: AnswerReader, pieces: Piece[]): Piece[] {
    if (pieces.length > 0 || text.whole) this.#current = text;
    return pieces;
  }
}
