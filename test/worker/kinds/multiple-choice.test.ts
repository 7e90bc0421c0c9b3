/** Multiple choice as models write it: which choice an answer means, and what no choice is. */
import { expect, test } from 'vitest';
import { exercise } from '../../../src/kinds/lesson.ts';
import { repairChoices } from '../../../worker/kinds/multiple-choice.ts';
import { parseItem } from '../../../worker/parse-item.ts';
import { createDice } from '../../support/dice.ts';
import { variants } from '../../support/variants.ts';

const read = (choices: unknown, answer: unknown) =>
  parseItem(exercise, repairChoices({ question: 'q', choices, answer, explanation: null })).data as Record<string, unknown> | undefined;

const vectors = ['(6, 2)', '(2, -4)', '(6, -3)'];
const cities = ['Lima', 'Quito', 'La Paz'];

const cases: [what: string, choices: unknown, answer: unknown, meant: string][] = [
  ['the text itself', cities, 'Quito', 'Quito'],
  ['a letter', vectors, 'A', '(6, 2)'],
  ['a small letter with a bracket', vectors, 'b)', '(2, -4)'],
  ['a letter in brackets', vectors, '(C)', '(6, -3)'],
  ['a letter with a full stop', vectors, 'C.', '(6, -3)'],
  ['a wide letter', vectors, 'Ｂ', '(2, -4)'],
  ['a word and a letter', vectors, 'Option B', '(2, -4)'],
  ['an answer with a colon', vectors, 'Answer: c', '(6, -3)'],
  ['a Cyrillic letter', cities, 'Б', 'Quito'],
  ['a Greek letter', cities, 'γ', 'La Paz'],
  ['a letter and the text', cities, 'B) Quito', 'Quito'],
  ['a number from 1', cities, 2, 'Quito'],
  ['a number as text', cities, '3', 'La Paz'],
  ['0, where nothing else fits', cities, 0, 'Lima'],
  ['another case', cities, 'LA PAZ', 'La Paz'],
  ['other spaces', vectors, '(6,2)', '(6, 2)'],
  ['a full stop', cities, 'Quito.', 'Quito'],
  ['brackets', cities, '[Lima]', 'Lima'],
  ['quotes', cities, '"Lima"', 'Lima'],
  ['width', ['１０', '20'], '10', '１０'],
  ['a number that is the text of another choice', ['2', '1', '3'], 1, '1'],
  ['a letter that is the text of another choice', ['B', 'A'], 'A', 'A'],
  ['a boolean', ['True', 'False'], true, 'True'],
  ['choices that carry their letters', ['A) Lima', 'B) Quito'], 'B', 'B) Quito'],
  ['choices that carry their letters in another order', ['B) Quito', 'A) Lima'], 'A', 'A) Lima'],
  ['the text of a choice that carries its letter', ['A) Lima', 'B) Quito'], 'quito', 'B) Quito'],
  ['choices by name', { A: 'Lima', B: 'Quito' }, 'B', 'Quito'],
  [
    'choices as objects',
    [
      { label: 'x', text: 'Lima' },
      { label: 'y', text: 'Quito' },
    ],
    'y',
    'Quito',
  ],
  ['choices that are numbers', [4, 5], '5', '5'],
  ['an answer that is a list of one', cities, ['Lima'], 'Lima'],
  ['choices that differ in case only', ['us', 'US'], 'US', 'US'],
];

test.each(cases)('an answer is meant by %s', (_, choices, answer, meant) => {
  const item = read(choices, answer);
  expect(item?.['answer']).toBe(meant);
  expect(item?.['choices']).toContain(meant);
  expect(item).not.toHaveProperty('explanation');
});

test('what is absent is no choice, and the letters count those that are there', () => {
  expect(read([null, 'Lima', '', 'Quito', null], 'B')).toEqual({ question: 'q', choices: ['Lima', 'Quito'], answer: 'Quito' });
  expect(read(['Lima', null], 'Lima')).toEqual({ question: 'q', answer: 'Lima' });
  expect(read(null, 'Lima')).toEqual({ question: 'q', answer: 'Lima' });
});

test('an answer that none of the choices is stays, without the choices', () => {
  for (const answer of ['Bogotá', 'and', '7', 'Z']) expect(read(cities, answer)).toEqual({ question: 'q', answer });
});

test('a repaired exercise is repaired for good, and is always one that passes its schema', () => {
  const dice = createDice(variants.seed);
  const words = ['Lima', 'lima', 'A', 'B', '1', '2', 'a) x', '(6, 2)', 'True', '', null, 4, true, ['x'], { text: 'y' }];
  const any = (): unknown => words[dice(words.length)];
  for (let run = 0; run < variants.count; run++) {
    const written = { question: 'q', choices: Array.from({ length: dice(6) }, any), answer: any() };
    const once = repairChoices(written);
    expect(repairChoices(once)).toEqual(once);
    const parsed = parseItem(exercise, once);
    if (parsed.success) expect(exercise.safeParse(parsed.data).success).toBe(true);
    else expect([undefined, '', null]).toContain((once as { answer: unknown }).answer);
  }
});
