/** Estimates: what is reserved for a job before it runs. */
import { expect, test } from 'vitest';
import { type Billing, type Estimate, reservationFor } from '../../src/job/estimate.ts';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { lesson } from '../../src/kinds/lesson.ts';
import { reservedForNext, toReserved } from '../../src/jobs/reservation.ts';

const all: readonly Kind[] = kinds;

/** What the kind reserves for its small job, with other fields in place of some. */
function estimateOf({ input, smoke, files = {}, estimate }: Kind, more: object = {}): Estimate {
  const fields = Object.entries({ ...smoke, ...more }).filter(([field]) => !(field in files));
  return estimate?.(input.parse(Object.fromEntries(fields))) ?? { inputTokens: -1, outputTokens: -1 };
}

/** The texts of the small job, each twice as long. A field that takes no other text, such as a language, is left as it is. */
function longerTexts({ input, smoke }: Kind): object {
  return Object.fromEntries(
    Object.entries(smoke).flatMap(([field, value]) => {
      const longer = `${String(value)} ${String(value)}`;
      return typeof value === 'string' && input.shape[field]?.safeParse(longer).success ? [[field, longer]] : [];
    }),
  );
}

test.each<[name: string, kind: Kind, more: object]>([
  ...all.map((kind): [string, Kind, object] => [kind.name, kind, longerTexts(kind)]),
  ['more flashcards', flashcards, { count: 50 }],
  ['more sections', lesson, { sections: 4 }],
])('%s: more to do is not less reserved, in whatever unit it is billed', (_, kind, more) => {
  const [less, most] = [estimateOf(kind), estimateOf(kind, more)];
  const units = Object.entries(less) as [keyof Estimate, number][];
  for (const [unit, value] of units) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(most[unit]).toBeGreaterThanOrEqual(value);
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
