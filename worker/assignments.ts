/** Decides which vendor does which kind in this worker: once, at the start, from the vendors' offers. */
import { createHash } from 'node:crypto';
import type { Kind } from '../src/kinds/kind.ts';
import type { KindSupport } from '../src/queue/worker-registry.ts';
import type { Capabilities } from './capabilities.ts';
import type { Offer, Offers } from './vendors/vendor.ts';

/** The decision for one kind: the capability that does it, or the variables that are missing for it. */
export type Assignment =
  | { available: true; work: Capabilities[Kind['capability']]; support: Extract<KindSupport, { available: true }> }
  | { available: false; support: Extract<KindSupport, { available: false }> };

/** The vendors' offers, in the order in which the vendors are asked. */
export type VendorOffers = { name: string; offers: Offers }[];

/**
 * Assigns each kind to the first vendor that can do it. `only`: the one vendor that may write structured answers (AI_PROVIDER);
 * undefined: every vendor may.
 */
export function assign(kinds: readonly Kind[], vendors: VendorOffers, only: string | undefined): Map<string, Assignment> {
  return new Map(
    kinds.map((kind) => {
      const isAsked = (name: string) => only === undefined || kind.capability !== 'structuredAnswer' || name === only;
      const offers = vendors.flatMap(({ name, offers: offered }): Offer[] => {
        const offer = offered[kind.capability];
        return offer && isAsked(name) && (offer.kinds?.includes(kind.name) ?? true) ? [offer] : [];
      });
      return [kind.name, toAssignment(offers)];
    }),
  );
}

function toAssignment(offers: Offer[]): Assignment {
  for (const offer of offers) {
    if (!offer.available) continue;
    const { work, author } = offer;
    // A base URL may hold a password: the registry and the log get a digest, which is enough to compare.
    const answers = createHash('sha256').update(offer.answers).digest('base64url');
    return { available: true, work, support: { available: true, ...author, answers } };
  }
  const missing = offers.flatMap((offer) => (offer.available ? [] : offer.missing));
  return { available: false, support: { available: false, missing: [...new Set(missing)] } };
}
