/** Decides which vendor does which kind in this worker: once, at the start, from the vendors' offers. */
import { createHash } from 'node:crypto';
import { type Config, ConfigError } from '../src/config.ts';
import { unitsOf } from '../src/job/price.ts';
import type { Author } from '../src/job/snapshot.ts';
import type { Kind } from '../src/kinds/kind.ts';
import type { KindSupport } from '../src/jobs/worker-registry.ts';
import type { Capabilities } from './capabilities.ts';
import { createFindPrice, type FindPrice } from './prices.ts';
import type { Offer, Offers, Vendor } from './vendors/vendor.ts';

/** The decision for one kind: the capability that does it, or the variables that are missing for it. */
export type Assignment =
  | { available: true; work: Capabilities[Kind['capability']]; support: Extract<KindSupport, { available: true }> }
  | { available: false; support: Extract<KindSupport, { available: false }> };

/** The vendors' prices and offers, in the order in which the vendors are asked. */
export type VendorOffers = (Pick<Vendor, 'name' | 'prices'> & { offers: Offers })[];

/** The vendors that the environment names outright. */
export type NamedVendors = Pick<Config, 'aiProvider' | 'providers'>;

const NOBODY: NamedVendors = { aiProvider: undefined, providers: new Map() };

/**
 * Assigns each kind to the first vendor that can do it. Where the environment names a vendor
 * for the kind (PROVIDER_LESSON), or for structured answers (AI_PROVIDER), only that one is
 * asked. A vendor whose offer is an opt-in is asked for no kind that does not name it.
 * @throws ConfigError if a vendor is named for a kind that it can't do at all
 */
export function assign(kinds: readonly Kind[], vendors: VendorOffers, named: NamedVendors = NOBODY): Map<string, Assignment> {
  const mistakes: string[] = [];
  const listPrice = createFindPrice(vendors);
  const assignments = kinds.map((kind): [string, Assignment] => {
    const own = named.providers.get(kind.name);
    const shared = kind.capability === 'structuredAnswer' ? named.aiProvider : undefined;
    const isAsked = (name: string, { optIn }: Offer) => (own ? name === own.vendor : !optIn && (shared ?? name) === name);
    const offers = vendors.flatMap(({ name, offers: offered }): Offer[] => {
      const offer = offered[kind.capability];
      return offer && isAsked(name, offer) && (offer.kinds?.includes(kind.name) ?? true) ? [offer] : [];
    });
    if (own && offers.length === 0) mistakes.push(`${own.variable}: expected a vendor that can do ${kind.name}`);
    return [kind.name, toAssignment(kind, offers, listPrice)];
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return new Map(assignments);
}

/** Who does each kind: the vendor, and its model. Kinds that nobody does are left out. */
export function authorsOf(assignments: ReadonlyMap<string, Assignment>): Map<string, Author> {
  return new Map(
    [...assignments].flatMap(([kind, { support }]): [string, Author][] => {
      if (!support.available) return [];
      const { provider, model } = support;
      return [[kind, { provider, ...(model !== undefined && { model }) }]];
    }),
  );
}

function toAssignment(kind: Kind, offers: Offer[], listPrice: FindPrice): Assignment {
  const before: string[] = []; // the variables of vendors that would have been asked first
  for (const offer of offers) {
    if (!offer.available) {
      before.push(...offer.missing);
      continue;
    }
    const { work, author, accepts, models, ends = [] } = offer;
    const price = listPrice(author);
    const bills = offer.bills ?? (price && unitsOf(price));
    const needs = offer.needs?.[kind.name] ?? [];
    // A base URL may hold a password: the registry and the log get a digest, which is enough to compare.
    const answers = createHash('sha256').update(offer.answers).digest('base64url');
    const support = {
      available: true,
      ...author,
      answers,
      ...(needs.length > 0 && { needs, missing: [...new Set(before)] }),
      ...(accepts && { accepts }),
      ...(bills && { bills }),
      ...(models && { models: models.map((model) => ({ model })) }),
      ...(ends.length > 0 && { ends }),
    } as const;
    return { available: true, work, support };
  }
  return { available: false, support: { available: false, missing: [...new Set(before)] } };
}
