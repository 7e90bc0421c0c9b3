/** Optional fields of items that models write: null, empty and wrong values are left out, and required ones stay required. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { flashcard } from '../../src/kinds/flashcards.ts';
import { exercise, lessonSection, vocabularyEntry } from '../../src/kinds/lesson.ts';
import { parseItem } from '../../worker/parse-item.ts';

const open = { question: 'q', answer: 'a' };

const cases: [name: string, schema: z.ZodType, written: unknown, read: unknown][] = [
  ['null', vocabularyEntry, { term: 't', meaning: 'm', example: null }, { term: 't', meaning: 'm' }],
  ['an empty text', vocabularyEntry, { term: 't', meaning: 'm', example: ' ' }, { term: 't', meaning: 'm' }],
  ['a text that is there', vocabularyEntry, { term: 't', meaning: 'm', example: 'e' }, { term: 't', meaning: 'm', example: 'e' }],
  ['null for a list', lessonSection, { heading: 'h', body: 'b', examples: null }, { heading: 'h', body: 'b' }],
  ['an empty list', lessonSection, { heading: 'h', body: 'b', examples: [] }, { heading: 'h', body: 'b' }],
  ['a text for a list', lessonSection, { heading: 'h', body: 'b', examples: 'e' }, { heading: 'h', body: 'b' }],
  ['a list with null in it', lessonSection, { heading: 'h', body: 'b', examples: ['e', null] }, { heading: 'h', body: 'b' }],
  ['null twice', exercise, { ...open, choices: null, explanation: null }, open],
  ['choices with the answer', exercise, { ...open, choices: ['a', 'b'] }, { ...open, choices: ['a', 'b'] }],
  ['choices without the answer', exercise, { ...open, choices: ['b', 'c'] }, open],
  ['a single choice', exercise, { ...open, choices: ['a'] }, open],
  ['null for what is required', exercise, { question: 'q', answer: null }, undefined],
  ['null for all', exercise, { question: null, answer: null, choices: null }, undefined],
  ['null for a required field beside an optional one', vocabularyEntry, { term: null, meaning: 'm', example: null }, undefined],
  ['null for the item', vocabularyEntry, null, undefined],
  ['a field that is unknown', vocabularyEntry, { term: 't', meaning: 'm', more: null }, { term: 't', meaning: 'm' }],
  ['a number for a text', flashcard, { front: '2+2', back: 4 }, { front: '2+2', back: '4' }],
  ['a boolean for a text', flashcard, { front: 'Wet?', back: true }, { front: 'Wet?', back: 'true' }],
  ['a list for a text', flashcard, { front: 'f', back: ['a', 2, null] }, { front: 'f', back: 'a, 2' }],
  ['a list of sentences for a text', flashcard, { front: 'f', back: ['s'.repeat(61), 'b'] }, { front: 'f', back: `${'s'.repeat(61)}\nb` }],
  [
    'numbers in a list of texts',
    lessonSection,
    { heading: 1, body: 'b', examples: [1, true] },
    { heading: '1', body: 'b', examples: ['1', 'true'] },
  ],
  ['names in another writing', flashcard, { Front: 'f', BACK: 'b' }, { front: 'f', back: 'b' }],
  ['an object for a text', flashcard, { front: 'f', back: { a: ['x'] } }, undefined],
  ['an empty list for a text', flashcard, { front: 'f', back: [] }, undefined],
  ['null where all is required', flashcard, { front: 'f', back: null }, undefined],
];

test.each(cases)('%s', (_, schema, written, read) => {
  expect(parseItem(schema, written).data).toStrictEqual(read);
});

test('of whatever stands in optional fields: no null remains, and what is required and valid is never lost', () => {
  const anything = fc.oneof(fc.constantFrom(null, '', [], {}, ['a', 'b'], [null], 'a', 7, 'x'.repeat(3000)), fc.jsonValue());
  const fields = fc.record(
    { question: fc.constantFrom('q', 'a'), answer: fc.constantFrom('a', 'b'), choices: anything, explanation: anything },
    { requiredKeys: ['question', 'answer'] },
  );
  fc.assert(
    fc.property(fields, (item) => {
      const { data } = parseItem(exercise, item);
      expect(data).toMatchObject({ question: item.question, answer: item.answer });
      expect(exercise.safeParse(data).success).toBe(true);
      expect(JSON.stringify(data)).not.toContain('null,');
      expect(Object.values(data as object)).not.toContain(null);
      expect(Object.values(data as object)).not.toContain(undefined);
    }),
    { numRuns: 500 },
  );
});
