/** Reads the texts in which a server can send the answer: the content, the arguments of a tool call, and, if both stay empty, the thinking. */
import { type AnswerReader, MAX_LENGTH } from '../answer.ts';
import type { Piece } from '../answer-json.ts';
import type { Delta } from './chunk.ts';

/** One answer in several texts. */
export type AnswerTexts = Pick<AnswerReader, 'state' | 'whole' | 'broken' | 'found' | 'manners' | 'end'> & {
  /** Takes a chunk and returns the pieces that can go out. */
  take(delta: Delta): Piece[];
};

/** Makes the reader. `open` makes one for a text of this name. */
export function createAnswerTexts(open: (text: 'content' | 'args' | 'thinking') => AnswerReader): AnswerTexts {
  const content = open('content');
  let args: AnswerReader | undefined;
  let thoughts = '';
  let isSilent = true; // no content so far
  let current = content;

  /** Lets the first text that has a piece be the answer. */
  const from = (text: AnswerReader, pieces: Piece[]): Piece[] => {
    if (pieces.length > 0 || text.whole) current = text;
    return pieces;
  };

  return {
    take(delta) {
      isSilent &&= !/\S/.test(delta.content);
      if (current.found === 0 && delta.reasoning !== '' && thoughts.length < MAX_LENGTH) thoughts += delta.reasoning;
      const pieces = delta.content === '' || current !== content ? [] : content.write(delta.content);
      if (delta.args === '' || content.found > 0) return pieces;
      args ??= open('args');
      return [...pieces, ...from(args, args.write(delta.args))];
    },
    end(why) {
      const isOver = (pieces: Piece[]): boolean => pieces.length > 0 || current.found > 0 || current.whole;
      let pieces = current.end(why);
      if (!isOver(pieces) && args) pieces = from(args, args.end(why));
      if (!isOver(pieces) && why === 'finished' && isSilent && thoughts !== '') {
        const thinking = open('thinking');
        pieces = from(thinking, [...thinking.write(thoughts), ...thinking.end()]);
      }
      return pieces;
    },
    get state() {
      return current.state;
    },
    get whole() {
      return current.whole;
    },
    get broken() {
      return current.broken;
    },
    get found() {
      return current.found;
    },
    manners: content.manners,
  };
}
