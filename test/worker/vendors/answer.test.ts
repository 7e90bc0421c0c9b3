/** Reading a model's answer: whatever stands around the JSON and however it is cut into pieces, the same items come out. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flashcard } from '../../../src/kinds/flashcards.ts';
import { AnswerReader, MAX_HEAD, MAX_LENGTH } from '../../../worker/vendors/answer.ts';
import { MAX_DEPTH } from '../../../worker/vendors/json/parser.ts';
import { card } from '../../support/openai.ts';

const open = () => new AnswerReader({ lists: ['flashcards'], fields: [], accepts: (_, value) => flashcard.safeParse(value).success });

/** Reads a text in the given pieces, to its end. */
function read(pieces: string[]) {
  const reader = open();
  const written = pieces.flatMap((piece) => reader.write(piece));
  const { state } = reader;
  const items = [...written, ...reader.end()].map(({ value }) => value);
  return { items, streamed: written.length, state, whole: reader.whole, broken: reader.broken };
}

/** Cuts a text at the given places. */
function cut(text: string, places: number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

const cards = [card(1), card(2)];
const list = JSON.stringify(cards);
const root = `{"flashcards":${list}}`;

const answers: [name: string, text: string, items: unknown[], state: string, whole?: boolean][] = [
  ['the object', root, cards, 'ended'],
  ['a bare array', list, cards, 'ended'],
  ['a fence', `\`\`\`json\n${root}\n\`\`\``, cards, 'ended'],
  ['a fence around an array', `\`\`\`\n${list}\n\`\`\``, cards, 'ended'],
  ['prose', `Sure! Here you are: ${root} Anything else?`, cards, 'head', true],
  ['prose with braces', `{Sure}, [I] can. [1], [2] and {} and {"a": 1} or [ ]: ${root} {ok}`, cards, 'head', true],
  ['prose with an open brace', `Use { or [ as "you" like: ${root}`, cards, 'head', true],
  ['other fields before the list', `{"note":"x [1]","n":{"a":[1]},"flashcards":${list},"more":1}`, cards, 'ended'],
  ['an empty list', 'None: {"flashcards":[]}. Sorry', [], 'head', true],
  [
    'a missing comma on one line',
    '{"flashcards":[{"front":"front 1" "back":"back 1"} {"front":"front 2" "back": "back 2"}]}',
    cards,
    'ended',
  ],
  [
    'a quoted word that no colon follows',
    '{"flashcards":[{"front":"say "yes" "no" now","back":"b"}]}',
    [{ front: 'say "yes" "no" now', back: 'b' }],
    'ended',
  ],
  [
    'wide commas and colons',
    '{"flashcards"：[{"front"："front 1"，"back"："back 1"}，{"front"："front 2"，"back"："back 2"}]}',
    cards,
    'ended',
  ],
  [
    'a wide comma behind quoted words',
    '{"flashcards":[{"front":"他说"好"，"不"。","back":"b"}]}',
    [{ front: '他说"好"，"不"。', back: 'b' }],
    'ended',
  ],
  ['half of a surrogate pair', '{"flashcards":[{"front":"a\\ud83d","back":"b"}]}', [{ front: 'a\ufffd', back: 'b' }], 'ended'],
  ['thinking that is never closed', `<think>So:\n${root}`, cards, 'thinking', true],
  ['unusable items', '{"flashcards":[1,{"front":""}]}', [1, { front: '' }], 'ended'],
  ['braces in strings', `{"flashcards":[{"front":"]}\\"{","back":"\\\\"}]}`, [{ front: ']}"{', back: '\\' }], 'ended'],
  ['no JSON', 'Sure! Here are your cards.', [], 'head'],
  ['an array of anything', '[1, 2, 3]', [], 'head', false],
  ['broken after an item', `{"flashcards":[${JSON.stringify(card(1))},}]}`, [card(1)], 'broken'],
  ['unfinished', root.slice(0, -3), [card(1)], 'root'],
];

test.each(answers)('%s', (_, text, items, state, whole = state === 'ended') => {
  expect(read([text])).toMatchObject({ items, state, whole });
});

test('an empty bare array is a whole answer if nothing better follows', () => {
  expect(read(['[]'])).toMatchObject({ items: [], whole: true });
  expect(read(['- [] ', root])).toMatchObject({ items: cards, whole: true });
  expect(read(['nothing'])).toMatchObject({ whole: false });
});

const word = fc.oneof(
  fc.constantFrom('{', '}', '[', ']', '"', '\\', ' ', '\n', ',', ':', '{}', '[]', '{"', '"flashcards":', root, list, '```json', '1'),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const someCards = fc.array(fc.record({ front: fc.string({ unit: 'grapheme', minLength: 1 }), back: fc.string({ unit: 'binary' }) }), {
  maxLength: 4,
});
const anyAnswer = fc
  .tuple(fc.array(word, { maxLength: 12 }), fc.array(someCards, { maxLength: 2 }), fc.array(word, { maxLength: 6 }), fc.boolean())
  .map(([head, lists, tail, bare]) =>
    [...head, ...lists.map((some) => JSON.stringify(bare ? some : { flashcards: some })), ...tail].join(''),
  );

test('any split of an answer gives the same items and the same end', () => {
  fc.assert(
    fc.property(anyAnswer, fc.array(fc.nat(10_000), { maxLength: 30 }), (text, places) => {
      const inOne = read([text]);
      expect(read(cut(text, places))).toEqual(inOne);
      expect(read(text.split(''))).toEqual(inOne);
    }),
    { seed: 7, numRuns: 3000 },
  );
});

test('cards that a model wrote come out as they are, whatever is in them and around them', () => {
  const usable = fc.array(fc.record({ front: fc.string({ unit: 'grapheme' }).map((text) => `f${text}`), back: fc.constant('b') }), {
    minLength: 1,
    maxLength: 5,
  });
  const prose = fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.replaceAll(/[{[]/g, '('));
  fc.assert(
    fc.property(prose, usable, prose, fc.array(fc.nat(10_000), { maxLength: 20 }), (before, made, after, places) => {
      for (const json of [JSON.stringify({ flashcards: made }), JSON.stringify(made, undefined, 2)]) {
        expect(read(cut(before + json + after, places))).toMatchObject({ items: made, whole: true });
      }
    }),
    { seed: 11, numRuns: 500 },
  );
});

test('the head has an end: JSON that begins past it is not looked for', () => {
  const prose = 'x'.repeat(MAX_HEAD - 1);
  expect(read([prose, root])).toMatchObject({ items: cards });
  expect(read([prose, 'x', root])).toMatchObject({ items: [], state: 'broken' });
  expect(read(['{ '.repeat(MAX_HEAD)])).toMatchObject({ state: 'broken' });
});

test('depth and length have a bound, and what was finished before it comes out', () => {
  const deep = `{"flashcards":[${JSON.stringify(card(1))},${'['.repeat(MAX_DEPTH)}`;
  for (const pieces of [[deep], deep.split('')]) expect(read(pieces)).toMatchObject({ items: [card(1)], state: 'broken' });
  const long = `{"flashcards":[${JSON.stringify(card(1))},"${'x'.repeat(MAX_LENGTH)}`;
  expect(read([long])).toMatchObject({ items: [card(1)], state: 'broken' });
});
