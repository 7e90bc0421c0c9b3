/**
 * Estimates: what a job will use, told from its input before
 * it runs; and what of it is reserved of its user's budgets.
 */
import { costOf, type DetailedUsage, type Price } from './price.ts';

/**
 * What a job will use on average, in the units of whoever may do
 * it: models bill tokens, others characters, seconds or images.
 */
export type Estimate = Omit<DetailedUsage, 'costUsd' | 'estimated'>;

/** A unit that is billed. */
export type Unit = keyof Estimate;

/**
 * How a provider bills: in which units (tokens, if it does not
 * say), and for what price, where that is known. `model`: for inputs that name this model.
 */
export type Billing = { bills?: readonly Unit[] | undefined; price?: Price | undefined; model?: string | undefined };

/** What is reserved for a job: tokens, and US dollars. What has no price reserves tokens only. */
export type Reservation = { tokens: number; usd: number };

const TOKENS: readonly Unit[] = ['inputTokens', 'outputTokens'];

const NOTHING: Reservation = { tokens: 0, usd: 0 };

/**
 * What to reserve for a job. Where several providers may do it, it is the most
 * that one of them would bill; where none is known, the tokens of a model.
 */
export function reservationFor(estimate: Estimate, billings: readonly Billing[]): Reservation {
  const each = (billings.length === 0 ? [{}] : billings).map((billing) => billedBy(estimate, billing));
  return each.reduce((most, { tokens, usd }) => ({ tokens: Math.max(most.tokens, tokens), usd: Math.max(most.usd, usd) }), NOTHING);
}

function billedBy(estimate: Estimate, { bills = TOKENS, price }: Billing): Reservation {
  const of = (unit: Unit): number => (bills.includes(unit) ? (estimate[unit] ?? 0) : 0);
  const billed = {
    inputTokens: of('inputTokens'),
    outputTokens: of('outputTokens'),
    outputAudioTokens: bills.includes('outputTokens') ? estimate.outputAudioTokens : 0,
    characters: of('characters'),
    seconds: of('seconds'),
    images: of('images'),
  };
  return { tokens: billed.inputTokens + billed.outputTokens, usd: (price && costOf(billed, price)) ?? 0 };
}
