/** What a vendor is: its own variables, and what it can do if they are set. */
import type { z } from 'zod';
import type { VendorVariables } from '../../src/env/vendors.ts';
import type { Acceptance } from '../../src/kinds/acceptance.ts';
import type { CapabilityName } from '../../src/kinds/kind.ts';
import type { Unit } from '../../src/job/estimate.ts';
import type { ModelEnd } from '../../src/job/model-end.ts';
import type { Price } from '../../src/job/price.ts';
import type { Author } from '../../src/job/snapshot.ts';
import type { Capabilities, Capability } from '../capabilities.ts';

/** What vendors are built with. */
export type VendorTools = {
  /** Puts a capability behind the circuit breaker of this name. All workers share it. */
  guard<Request, Result>(name: string, work: Capability<Request, Result>): Capability<Request, Result>;
  /**
   * Finds a program of the system by its name. Returns its path; undefined if it is not installed.
   */
  findProgram(name: string): string | undefined;
  /** Logs a warning for the person who runs the worker. */
  warn(message: string): void;
};

/**
 * A capability that a vendor has, or what is missing for it. `optIn`: it does only kinds whose own
 * variable names it, such as PROVIDER_LESSON.
 */
export type Offer<Name extends CapabilityName = CapabilityName> =
  | {
      available: true;
      work: Capabilities[Name];
      author: Author;
      /** The kinds it can do; if it is absent, all that need the capability. */
      kinds?: readonly string[];
      /** By kind: the fields that an input must have, where it can't do the kind without them. */
      needs?: Readonly<Record<string, readonly string[]>>;
      /**
       * The same text for workers whose answers to the same input can replace each other. Only then
       * is the same work done once.
       */
      answers: string;
      /** What it takes of an input, if not everything that the kind allows. */
      accepts?: readonly Acceptance[];
      /**
       * The units in which it bills, none if it costs nothing. If it is absent, they are those of
       * its price, else tokens.
       */
      bills?: readonly Unit[];
      /** The models of which a request names one, where it asks several. */
      models?: readonly string[];
      /** The announced ends of the models it asks. */
      ends?: readonly ModelEnd[];
      /** It is asked only for a kind that names it (PROVIDER_PRONUNCIATION). */
      optIn?: true;
    }
  /** `missing`: the variables that must be set first. */
  | { available: false; missing: readonly string[]; kinds?: readonly string[]; optIn?: true };

/** In a vendor's prices: the model of all work that has no price of its own. */
export const ALL_MODELS = '*';

/**
 * A vendor's list prices in US dollars, by model. Each part of a price says what it is per: tokens,
 * characters, seconds or images. Without `*`, a model that is not here has no known price.
 */
type VendorPrices = Readonly<Record<string, Price>>;

/** What a vendor offers, by capability. */
export type Offers = { [Name in CapabilityName]?: Offer<Name> };

/** A vendor. Only its own file, and its folder, know how it works. */
export type Vendor = VendorVariables & {
  /** What its work costs. If it is absent, nothing is known of its price. */
  readonly prices?: VendorPrices;
  /**
   * Builds what the vendor can do with these variables. It loads its SDK here, so that a worker
   * without its key does not load it.
   */
  offers(variables: Record<string, unknown>, deps: VendorTools): Offers | Promise<Offers>;
};

/** The names of those variables that are not set. */
export function missingIn(variables: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(variables).filter((name) => variables[name] === undefined);
}

/** Defines a vendor with the types of its variables. */
export function defineVendor<Shape extends z.ZodRawShape>(
  vendor: Omit<Vendor, 'variables' | 'offers'> & {
    variables: Shape;
    offers(variables: z.output<z.ZodObject<Shape>>, deps: VendorTools): Offers | Promise<Offers>;
  },
): Vendor {
  return vendor;
}
