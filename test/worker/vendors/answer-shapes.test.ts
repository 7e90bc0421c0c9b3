/** Models' answers in other shapes than they were asked for: read in one call, as they were meant, and item by item wherever that can be. `VARIANTS=20000` tries thousands. */
import { expect, test } from 'vitest';
import { flashcard } from '../../../src/kinds/flashcards.ts';
import { AnswerReader } from '../../../worker/vendors/answer.ts';
import { parseModelJson } from '../../../worker/vendors/answer-json.ts';
import { shapeAnswer } from '../../support/answer-shapes.ts';
import { createDice } from '../../support/dice.ts';
import { card } from '../../support/openai.ts';
import { variants } from '../../support/variants.ts';

type Quirks = ConstructorParameters<typeof AnswerReader>[1];

const open = (quirks?: Quirks) =>
  new AnswerReader(
    { lists: ['flashcards'], fields: [], name: 'generate-flashcards', accepts: (_, value) => flashcard.safeParse(value).success },
    quirks,
  );

/** Reads a text in pieces of a size. `before`: how many items had come before its last piece. */
function read(text: string, size: number, quirks?: Quirks) {
  const reader = open(quirks);
  const items: unknown[] = [];
  let before = 0;
  for (let at = 0; at < text.length; at += size) {
    before = items.length;
    items.push(...reader.write(text.slice(at, at + size)).map(({ value }) => value));
  }
  const streamed = items.length;
  items.push(...reader.end().map(({ value }) => value));
  return { items, before, streamed, whole: reader.whole, quirks: reader.quirks };
}

const cards = [card(1), card(2)];
const root = JSON.stringify({ flashcards: cards });
const draft = JSON.stringify({ flashcards: [{ front: 'Draft?', back: 'wrong' }] });

/** What the cases of this table have in common: two cards in one answer. */
const shapes: [what: string, text: string][] = [
  ['JSON lines', cards.map((each) => JSON.stringify(each)).join('\n')],
  ['JSON lines with commas', cards.map((each) => JSON.stringify(each)).join(',\n')],
  ['a wrapper', JSON.stringify({ result: { flashcards: cards } })],
  ['two wrappers', JSON.stringify({ response: { data: { flashcards: cards } } })],
  ['a list of another name', JSON.stringify({ cards })],
  ['groups of items', JSON.stringify({ flashcards: { 'Part 1': [card(1)], 'Part 2': [card(2)] } })],
  ['groups under other names', JSON.stringify({ topics: { a: [card(1)], b: [card(2)] } })],
  ['a list by numbers', JSON.stringify({ flashcards: { 1: card(1), 2: card(2) } })],
  ['items that are JSON in texts', JSON.stringify({ flashcards: cards.map((each) => JSON.stringify(each)) })],
  ['a draft in the thinking', `<think>\nA first draft: ${draft} – no, better ones.\n</think>\n${root}`],
  ['a draft in the prose', `First ${draft}, then better ones: ${root}`],
  ['a trailing comma', root.replaceAll('"}', '",}').replace(']', ',]')],
  ['Python', `{'flashcards': [{'front': 'front 1', 'back': "back 1"}, {'front': 'front 2', 'back': 'back 2', 'note': None, 'ok': True}]}`],
  ['NaN and undefined', root.replace('"back":', '"score":NaN,"more":undefined,"back":')],
  ['an ellipsis', root.replace('},{', '}, ..., {')],
  ['a comma that is missing between items', root.replace('},{', '}\n{')],
  ['the braces of the root missing at the end', root.slice(0, -1)],
  ['a list behind an empty one', `{"flashcards":[]} Sorry: ${root}`],
  ['words in brackets behind it', `Here: ${root}\nTags: ["biology", "cells"]`],
  ['numbered items in prose', `Cards:\n1. ${JSON.stringify(card(1))}\n2. ${JSON.stringify(card(2))}`],
  ['nothing but thinking', `<think>${draft} better: ${root}</think>`],
];

test.each(shapes)('%s: two cards, however the text is cut', (_, text) => {
  for (let size = 1; size <= 64; size++) expect({ size, ...read(text, size) }).toMatchObject({ size, items: cards, whole: true });
});

test.each([
  ['a quote inside of a text', `{"front":"He said "hi" to me","back":"x"}`, { front: 'He said "hi" to me', back: 'x' }],
  ['a raw line break', '{"front":"Lima\nIt lies on the coast.","back":"x"}', { front: 'Lima\nIt lies on the coast.', back: 'x' }],
  [
    'numbers as they were written',
    '{"a":4,"b":1.50,"c":12345678901234567890,"d":-0.1,"e":1e3}',
    { a: 4, b: '1.50', c: '12345678901234567890', d: -0.1, e: '1e3' },
  ],
  ['a name without a value', '{"a":,"b":1}', { a: null, b: 1 }],
  ['a name that is no good one', '{"__proto__":{"x":1},"a":1}', { a: 1 }],
])('JSON that is none: %s', (_, text, value) => {
  expect(parseModelJson(text)).toEqual(value);
});

test('what is no JSON either is none', () => {
  for (const text of ['{a}', '{"a" "b"}', '[}', '{"a":1]', 'no', '{"a":foo}', '{', '[1,2'])
    expect([text, parseModelJson(text)]).toEqual([text, undefined]);
});

test('shapes, chunk sizes from 1 to 64, wrappers, fences and quotes by chance: the cards as they are, once, and as they come', () => {
  const dice = createDice(variants.seed);
  for (let run = 0; run < variants.count; run++) {
    const { text, cards: written, streams, shape } = shapeAnswer(dice);
    const size = 1 + dice(64);
    const { items, before, streamed, whole } = read(text, size);
    expect({ run, shape, size, items, whole }).toEqual({ run, shape, size, items: written, whole: true });
    expect({ run, shape, streamed }).toEqual({ run, shape, streamed: streams ? written.length : 0 });
    if (streams && size < 8) expect({ run, shape, isEarly: before >= written.length - 1 }).toEqual({ run, shape, isEarly: true });
  }
});

test('between marks of thinking nothing goes out, however long it is, and a mark inside of a text is text', () => {
  const long = `<think>${`${draft} hmm `.repeat(30_000)}`; // 2 million characters
  const reader = open();
  for (let at = 0; at < long.length; at += 4096) expect(reader.write(long.slice(at, at + 4096))).toEqual([]);
  expect(reader.state).toBe('thinking');
  expect(reader.write(`</think>${root}`).map(({ value }) => value)).toEqual(cards);
  const inside = { front: '</think>', back: '<think>' };
  expect(read(JSON.stringify({ flashcards: [inside, card(2)] }), 3)).toMatchObject({
    items: [inside, card(2)],
    quirks: { closesOnly: false },
  });
});

test('thinking that was not opened is remembered of its model: then nothing goes out before its end', () => {
  const first = read(`${draft} Better:</think>${root}`, 5);
  expect(first).toMatchObject({ quirks: { closesOnly: true }, items: [{ front: 'Draft?', back: 'wrong' }] }); // the stated limit
  expect(read(`${draft} Better:</think>${root}`, 5, first.quirks)).toMatchObject({ items: cards, whole: true });
  // The same model with its thinking switched off.
  expect(read(root, 5, first.quirks)).toMatchObject({ items: cards, whole: true });
});

test('a model that is stopped in the middle has given what it had, and no draft', () => {
  const cut = (text: string) => {
    const reader = open();
    return [...reader.write(text), ...reader.end('cut')].map(({ value }) => value);
  };
  expect(cut(root.slice(0, -3))).toEqual([card(1)]);
  expect(cut(`Here: ${root.slice(0, -3)}`)).toEqual([card(1)]);
  expect(cut(`A draft: ${draft} ${'But wait. '.repeat(100)}`)).toEqual([]);
  expect(cut(`<think>${draft}`)).toEqual([]);
});

test('JSON lines are whole when the model says so or its server ends them, and not where they were cut', () => {
  for (const [why, whole] of [
    ['finished', true],
    ['ended', true],
    ['cut', false],
  ] as const) {
    const reader = open();
    expect(reader.write(cards.map((each) => JSON.stringify(each)).join('\n'))).toHaveLength(2);
    reader.end(why);
    expect([why, reader.whole]).toEqual([why, whole]);
  }
});

test('the time to read grows with the length, whatever stands in it', () => {
  const nasty = [
    '{"a":"',
    '{"flashcards":[{"front":"\\',
    '[[',
    '{a:',
    '"{',
    '<th',
    '{"x":1}',
    '$\\n',
    '\\frac',
    '“',
    '/*',
    '{"flashcards":["{',
    '…',
  ];
  for (const bit of nasty) {
    const text = bit.repeat(Math.ceil(600_000 / bit.length));
    for (const prefix of ['', 'Prose. ', '{"flashcards":[{"front":"', '<think>'])
      expect(Array.isArray(read(prefix + text, 4096).items)).toBe(true);
  }
});
