/** What a vendor is: its own variables, and what it can do where they are set. */
import type { z } from 'zod';
import type { CapabilityName } from '../../src/kinds/kind.ts';
import type { Author } from '../../src/job/snapshot.ts';
import type { Capabilities, Capability } from '../capabilities.ts';

/** What vendors are built with. */
export type VendorDeps = {
  /** Puts a capability behind a circuit breaker, which all workers share by its name. */
  guard<Request, Result>(name: string, work: Capability<Request, Result>): Capability<Request, Result>;
  /** Says in the log what whoever runs the worker should know. */
  warn(message: string): void;
};

/** A capability that a vendor has, or what is missing for it. */
export type Offer<Name extends CapabilityName = CapabilityName> =
  | {
      available: true;
      work: Capabilities[Name];
      author: Author;
      /** The kinds it can do; all that ask for the capability if this is absent. */
      kinds?: readonly string[];
      /** Equal for workers whose answers to the same input may stand for each other's. */
      answers: string;
    }
  /** `missing`: the variables that would have to be set. */
  | { available: false; missing: string[]; kinds?: readonly string[] };

/** What a vendor offers, by capability. */
export type Offers = { [Name in CapabilityName]?: Offer<Name> };

/** A vendor. Its file is the only one that knows it. */
export type Vendor = {
  /** As variables and jobs name it. */
  readonly name: string;
  /** Each of these variables switches it on; a vendor without any is always on. */
  readonly keys: readonly string[];
  /** Its variables, as a zod shape; the worker parses them together with its own. */
  readonly variables: z.ZodRawShape;
  /** Builds what the vendor can do with these variables. */
  offers(variables: Record<string, unknown>, deps: VendorDeps): Offers;
};

/** Defines a vendor with the types of its variables. */
export function defineVendor<Shape extends z.ZodRawShape>(vendor: {
  name: string;
  keys: readonly string[];
  variables: Shape;
  offers(variables: z.output<z.ZodObject<Shape>>, deps: VendorDeps): Offers;
}): Vendor {
  return vendor;
}
