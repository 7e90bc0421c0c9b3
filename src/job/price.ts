/** Prices: what a vendor bills for what a call has used. */
import { z } from 'zod';
import type { Usage } from './snapshot.ts';

/** The parts of a price, in US dollars: of which unit of the usage, and for how many of it. */
const PARTS = {
  perMillionInputTokens: { unit: 'inputTokens', count: 1e6 },
  perMillionOutputTokens: { unit: 'outputTokens', count: 1e6 },
  perMillionCharacters: { unit: 'characters', count: 1e6 },
  perThousandImages: { unit: 'images', count: 1e3 },
  perMillionInputAudioTokens: { unit: 'inputAudioTokens', count: 1e6 },
  perMillionOutputAudioTokens: { unit: 'outputAudioTokens', count: 1e6 },
  perHour: { unit: 'seconds', count: 3600 },
} as const satisfies Record<string, { unit: keyof DetailedUsage; count: number }>;

const dollars = z.number().min(0).max(1e6).optional();

/** A price, in US dollars. What is absent is not known. */
export const priceSchema = z.strictObject(
  Object.fromEntries(Object.keys(PARTS).map((name) => [name, dollars])) as Record<Part, typeof dollars>,
);

type Part = keyof typeof PARTS;

/** See {@link priceSchema}. */
export type Price = { [Name in Part]?: number | undefined };

/** The price of work that costs nothing. */
export const FREE: Price = Object.fromEntries(Object.keys(PARTS).map((name) => [name, 0]));

/** The units in which a price bills. */
export function unitsOf(price: Price): (typeof PARTS)[Part]['unit'][] {
  return (Object.entries(PARTS) as [Part, (typeof PARTS)[Part]][]).flatMap(([name, { unit }]) => (price[name] ? [unit] : []));
}

/** A usage that tells how many of its tokens are sound, which costs more. Jobs keep only the sums. */
export type DetailedUsage = Usage & { inputAudioTokens?: number | undefined; outputAudioTokens?: number | undefined };

/**
 * What a usage costs in US dollars, to the billionth; undefined if it has a unit whose
 * price is not known. Without a price of their own, tokens of sound cost what others cost.
 */
export function costOf(usage: DetailedUsage, price: Price): number | undefined {
  const { inputAudioTokens = 0, outputAudioTokens = 0 } = usage;
  const inputTokens = Math.max(0, usage.inputTokens - inputAudioTokens);
  const outputTokens = Math.max(0, usage.outputTokens - outputAudioTokens);
  const used = { ...usage, inputTokens, outputTokens };
  const known: Price = {
    ...price,
    perMillionInputAudioTokens: price.perMillionInputAudioTokens ?? price.perMillionInputTokens,
    perMillionOutputAudioTokens: price.perMillionOutputAudioTokens ?? price.perMillionOutputTokens,
  };
  let cost = 0;
  for (const [name, { unit, count }] of Object.entries(PARTS) as [Part, (typeof PARTS)[Part]][]) {
    const amount = used[unit] ?? 0;
    const each = known[name];
    if (amount > 0 && each === undefined) return undefined;
    cost += (amount / count) * (each ?? 0);
  }
  return Math.round(cost * 1e9) / 1e9; // as budgets count it
}
