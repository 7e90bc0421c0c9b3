/** Estimates: what is reserved for a job before it runs. */
import { expect, test } from 'vitest';
import { type Billing, reservationFor } from '../../src/job/estimate.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { reservedForNext, toReserved } from '../../src/jobs/reservation.ts';

const all: readonly Kind[] = kinds;

const INPUTS: Record<string, [less: object, more: object]> = {
  'generate-flashcards': [{ content: 'Hund: dog' }, { content: 'Hund: dog', count: 50 }],
  'generate-lesson': [{ topic: 'Dogs', sections: 1 }, { topic: 'Dogs' }],
  'pronunciation-assess': [{ referenceText: 'a dog' }, { referenceText: 'a dog and a cat' }],
  'process-image': [{}, {}],
  'generate-audio': [{ text: 'a dog' }, { text: 'a dog and a cat' }],
};

test.each(all)('$name: more to do is not less reserved, in whatever unit it is billed', ({ name, input, estimate }) => {
  const [less, more] = (INPUTS[name] ?? []).map((value) => estimate?.(input.parse(value)) ?? { inputTokens: -1, outputTokens: -1 });
  const units = Object.entries(less ?? {}) as [keyof typeof more, number][];
  for (const [unit, value] of units) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(more?.[unit]).toBeGreaterThanOrEqual(value);
  }
  expect(units.some(([, value]) => value > 0)).toBe(true);
});

const ESTIMATE = { inputTokens: 1000, outputTokens: 500, characters: 20, seconds: 36, images: 2 };

test.each<[string, Billing[], ReturnType<typeof reservationFor>]>([
  ['no worker is known: the tokens of a model', [], { tokens: 1500, usd: 0 }],
  ['a model without a price: tokens only', [{}], { tokens: 1500, usd: 0 }],
  ['a model with a price', [{ price: { perMillionInputTokens: 1, perMillionOutputTokens: 10 } }], { tokens: 1500, usd: 0.006 }],
  ['a model of which half the price is known: tokens only', [{ price: { perMillionInputTokens: 1 } }], { tokens: 1500, usd: 0 }],
  ['characters', [{ bills: ['characters'], price: { perMillionCharacters: 100 } }], { tokens: 0, usd: 0.002 }],
  ['seconds', [{ bills: ['seconds'], price: { perHour: 1 } }], { tokens: 0, usd: 0.01 }],
  ['images', [{ bills: ['images'], price: { perThousandImages: 1.5 } }], { tokens: 0, usd: 0.003 }],
  ['what is free', [{ bills: [] }], { tokens: 0, usd: 0 }],
  ['several: the most of each', [{ bills: ['images'], price: { perThousandImages: 1.5 } }, {}], { tokens: 1500, usd: 0.003 }],
])('%s', (_, billings, reserved) => {
  expect(reservationFor(ESTIMATE, billings)).toEqual(reserved);
});

test('a reservation is whole numbers, rounded up; where nothing is reserved there is none', () => {
  expect(toReserved({ tokens: 1.2, usd: 0.001 })).toBe('2 1000000 0 0');
  expect(toReserved({ tokens: 0, usd: 0 }, { tokens: 7, usd: 0 })).toBe('0 0 7 0');
  expect(toReserved({ tokens: 0, usd: 0 })).toBeUndefined();
  expect(toReserved({ tokens: Number.NaN, usd: -1 }, { tokens: Infinity, usd: 1e12 })).toMatch(/^0 0 0 1\d+$/);
  expect(reservedForNext('1 2 3 4')).toBe('3 4 0 0');
  expect(reservedForNext(undefined)).toBeUndefined();
});
