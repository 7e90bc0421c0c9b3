/** Texts are split between sentences, and nothing of them is lost. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitText } from '../../../worker/kinds/split-text.ts';

test('sentences are kept whole and fill the parts one after the other', () => {
  const text = 'Water boils at 100 degrees. Ice melts at zero! Does steam rise? It does.';
  expect(splitText(text, 50, 'en')).toEqual(['Water boils at 100 degrees. Ice melts at zero! ', 'Does steam rise? It does.']);
  expect(splitText(text, 1000, 'en')).toEqual([text]);
});

test('a language without spaces is split at its sentences', () => {
  expect(splitText('水在一百度沸腾。冰在零度融化。', 8, 'zh')).toEqual(['水在一百度沸腾。', '冰在零度融化。']);
});

test('a sentence that is too long is split between words, and a word that is too long between characters', () => {
  expect(splitText('one two three four', 9, 'en')).toEqual(['one two ', 'three ', 'four']);
  expect(splitText('👩‍👩‍👧‍👦'.repeat(3), 12, 'en')).toEqual(Array.from({ length: 3 }, () => '👩‍👩‍👧‍👦'));
});

test('whatever the text is: the parts are the text, and none is longer than allowed', () => {
  const language = fc.constantFrom('en', 'de', 'zh', 'ar', 'th');
  const word = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('. ', '! ', '\n', '。', 'Grüße', ' ', '"'));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 8, max: 60 }), language, (words, max, tag) => {
      const text = words.join('');
      const parts = splitText(text, max, tag);
      expect(parts.join('')).toBe(text);
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(max);
    }),
  );
});
