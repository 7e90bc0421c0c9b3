/**
 * Finds what a call costs: by the list prices of its vendor, which the variable `PRICES` overrides.
 */
import { costOf, type DetailedUsage, type Price } from '../src/job/price.ts';
import type { Author, Usage } from '../src/job/snapshot.ts';
import { ALL_MODELS, type Vendor } from './vendors/vendor.ts';

/** A date at the end of a model's name, which stands for a version of it. */
const VERSION = /-\d{4}-\d{2}-\d{2}$/;

/** The price of an author's work, where it is known. */
export type FindPrice = (author: Author) => Price | undefined;

/**
 * Makes the function that finds prices. `overrides`: by `provider` or `provider/model`; they count
 * for more than the vendors' lists.
 */
export function createFindPrice(
  vendors: readonly Pick<Vendor, 'name' | 'prices'>[],
  overrides: Readonly<Record<string, Price>> = {},
): FindPrice {
  const listed = vendors.flatMap(({ name, prices = {} }) =>
    Object.entries(prices).map(([model, price]) => [model === ALL_MODELS ? name : `${name}/${model}`, price] as const),
  );
  const prices = new Map([...listed, ...Object.entries(overrides)]);
  return ({ provider, model = '' }) =>
    prices.get(`${provider}/${model}`) ?? prices.get(`${provider}/${model.replace(VERSION, '')}`) ?? prices.get(provider);
}

/**
 * Adds `costUsd` to what a call has used, where its price is known. What says already what it costs
 * stays as it is.
 */
export type AddCost = (usage: DetailedUsage, author: Author) => Usage;

/** Makes the function that adds the cost. */
export function createAddCost(findPrice: FindPrice): AddCost {
  return (detailed, author) => {
    const { inputAudioTokens: _, outputAudioTokens: __, ...usage } = detailed;
    const costUsd = usage.costUsd ?? costOf(detailed, findPrice(author) ?? {});
    return costUsd === undefined ? usage : { ...usage, costUsd };
  };
}
