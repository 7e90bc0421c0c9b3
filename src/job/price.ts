/** Prices: what a vendor bills for what a call has used. */
import { z } from 'zod';
import type { Usage } from './snapshot.ts';

/** The parts of a price, in US dollars: of which unit of the usage, and for how many of it. */
const PARTS = {
  perMillionInputTokens: { unit: 'inputTokens', count: 1e6 },
  perMillionOutputTokens: { unit: 'outputTokens', count: 1e6 },
  perMillionCharacters: { unit: 'characters', count: 1e6 },
  perThousandImages: { unit: 'images', count: 1e3 },
  perHour: { unit: 'seconds', count: 3600 },
} as const satisfies Record<string, { unit: keyof Usage; count: number }>;

const dollars = z.number().min(0).max(1e6).optional();

/** A price, in US dollars. What is absent is not known. */
export const priceSchema = z.strictObject(
  Object.fromEntries(Object.keys(PARTS).map((name) => [name, dollars])) as Record<Part, typeof dollars>,
);

type Part = keyof typeof PARTS;

/** See {@link priceSchema}. */
export type Price = { [Name in Part]?: number | undefined };

/** What a usage costs in US dollars, to the billionth; undefined if it has a unit whose price is not known. */
export function costOf(usage: Usage, price: Price): number | undefined {
  let cost = 0;
  for (const [name, { unit, count }] of Object.entries(PARTS) as [Part, (typeof PARTS)[Part]][]) {
    const used = usage[unit] ?? 0;
    const each = price[name];
    if (used > 0 && each === undefined) return undefined;
    cost += (used / count) * (each ?? 0);
  }
  return Math.round(cost * 1e9) / 1e9; // as budgets count it
}
