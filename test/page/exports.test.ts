/** Tests what a result is taken away as: each format as the program that imports it reads it. */
import Papa from 'papaparse';
import { expect, test } from 'vitest';
import { costOf } from '../../page/figures.ts';
import { secondsLeft } from '../../page/pace.ts';

/** By its address, since it is written for browsers. */
const { toAnki, toCsv, toMarkdown, toQuizlet } = (await import(new URL('../../page/exports.ts', import.meta.url).href)) as Record<
  string,
  (...given: unknown[]) => string
>;

const PAIRS = [
  ['What is "water"?', 'a, b\nand <c>'],
  ['=1+1', 'two\tthree'],
];

test('cards are CSV that no spreadsheet runs, and files of Anki with tags and of Quizlet', () => {
  expect(Papa.parse(toCsv!(PAIRS)).data).toEqual([['front', 'back'], PAIRS[0], ["'=1+1", 'two\tthree']]);
  expect(toAnki!(PAIRS, ['The water cycle', ' '])).toBe(
    '#separator:tab\n#html:true\n#tags:The_water_cycle\nWhat is "water"?\ta, b<br>and &lt;c&gt;\n=1+1\ttwo three',
  );
  expect(toQuizlet!(PAIRS)).toBe('What is "water"?\ta, b and <c>\n=1+1\ttwo three');
});

test('a lesson is Markdown in which its texts stand as they are; one without an end has what there is', () => {
  const lesson = {
    title: 'Water *boils*',
    objectives: ['# know it'],
    sections: [{ heading: 'Heat', body: 'One.\n\nTwo <b>.', examples: ['1. a kettle'] }],
    vocabulary: [{ term: 'steam', meaning: 'hot water' }],
    exercises: [{ question: 'When?', choices: ['50', '100'], answer: '100', explanation: 'at sea level' }],
  };
  expect(toMarkdown!(lesson)).toBe(`# Water \\*boils\\*

- \\# know it

## Heat

One.

Two \\<b\\>.

- 1\\. a kettle

## Vocabulary

- **steam**: hot water

## Exercises

### 1. When?

- 50
- 100

Answer: 100 (at sea level)
`);
  expect(toMarkdown!({ objectives: ['know it'] })).toBe('- know it\n');
});

test('a cost has the digits that count, and an estimate says so', () => {
  expect([costOf(0.000123456, false), costOf(0.0129, true), costOf(3.2159, false)]).toEqual([
    '$0.00012',
    'about $0.013 (estimate)',
    '$3.22',
  ]);
});

test('what is left of a job is told by its own pace, once there is one', () => {
  const first = { atMs: 1000, percent: 10 };
  expect(secondsLeft(first, { atMs: 2000, percent: 12 })).toBeUndefined();
  expect(secondsLeft(first, { atMs: 11_000, percent: 60 })).toBe(8);
  expect(secondsLeft(first, { atMs: 11_000, percent: 100 })).toBeUndefined();
});
