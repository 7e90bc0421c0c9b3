/** Tests that the pieces of a growing result are the result, wherever it stops to stream. */
import { expect, test } from 'vitest';
import { type GrowingList, itemPiece, restPiece } from '../../src/stream/growing-json.ts';

const CASES: [what: string, growing: GrowingList | undefined, result: Record<string, any>][] = [
  ['a list at the top', { list: 'cards' }, { cards: [{ a: 1 }, 'b', 3] }],
  ['an empty list', { list: 'cards' }, { cards: [] }],
  ['a list within a field', { list: 'steps', within: 'lesson' }, { lesson: { title: 't', steps: [1, 2], more: [3] }, note: null }],
  ['an empty list within a field', { list: 'steps', within: 'lesson' }, { lesson: { steps: [], title: 't' } }],
  ['no list', undefined, { text: 'x' }],
];

test.each(CASES)('%s', (_, growing, result) => {
  const items: unknown[] = growing ? (growing.within === undefined ? result : result[growing.within])[growing.list] : [];
  for (let sent = 0; sent <= items.length; sent++) {
    const pieces = items.slice(0, sent).map((value, n) => itemPiece(growing as GrowingList, n, value));
    expect(JSON.parse([...pieces, restPiece(result, growing, sent)].join(''))).toEqual(result);
  }
});
