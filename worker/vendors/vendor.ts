/** What a vendor is: its own variables, and what it can do if they are set. */
import type { z } from 'zod';
import type { CapabilityName } from '../../src/kinds/kind.ts';
import type { Author } from '../../src/job/snapshot.ts';
import type { Capabilities, Capability } from '../capabilities.ts';

/** What vendors are built with. */
export type VendorDeps = {
  /** Puts a capability behind the circuit breaker of this name. All workers share it. */
  guard<Request, Result>(name: string, work: Capability<Request, Result>): Capability<Request, Result>;
  /** Logs a warning for the person who runs the worker. */
  warn(message: string): void;
};

/** A capability that a vendor has, or what is missing for it. */
export type Offer<Name extends CapabilityName = CapabilityName> =
  | {
      available: true;
      work: Capabilities[Name];
      author: Author;
      /** The kinds it can do; if it is absent, all that need the capability. */
      kinds?: readonly string[];
      /** The same text for workers whose answers to the same input can replace each other. Only then is the same work done once. */
      answers: string;
    }
  /** `missing`: the variables that must be set first. */
  | { available: false; missing: string[]; kinds?: readonly string[] };

/** What a vendor offers, by capability. */
export type Offers = { [Name in CapabilityName]?: Offer<Name> };

/** A vendor. Only its own file, and its folder, know how it works. */
export type Vendor = {
  /** The name in AI_PROVIDER and in a job's `provider`. */
  readonly name: string;
  /** Each of these variables switches the vendor on. A vendor without any is always on. */
  readonly keys: readonly string[];
  /** Its variables, as a zod shape. The worker parses them together with its own. */
  readonly variables: z.ZodRawShape;
  /** Builds what the vendor can do with these variables. It loads its SDK here, so that a worker without its key does not load it. */
  offers(variables: Record<string, unknown>, deps: VendorDeps): Offers | Promise<Offers>;
};

/** Defines a vendor with the types of its variables. */
export function defineVendor<Shape extends z.ZodRawShape>(vendor: {
  name: string;
  keys: readonly string[];
  variables: Shape;
  offers(variables: z.output<z.ZodObject<Shape>>, deps: VendorDeps): Offers | Promise<Offers>;
}): Vendor {
  return vendor;
}
