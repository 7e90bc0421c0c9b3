/** What a worker can do: who does each kind here, for what price, and how many jobs at once. */
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { versionOf } from '../src/kinds/input-versions.ts';
import type { Kind } from '../src/kinds/kind.ts';
import type { WorkerDescription } from '../src/jobs/worker-registry.ts';
import type { Store } from '../src/store/store.ts';
import { assign, type Assignment } from './assignments.ts';
import { describeWorker } from './description.ts';
import { concurrencyIn, servedLanes } from './lanes.ts';
import { createFindPrice, type FindPrice } from './prices.ts';
import { createFindProgram } from './programs.ts';
import { guard } from './run/circuit-breaker.ts';
import type { ServedLane } from './run/lane-worker.ts';
import { SharedBreaker } from './run/shared-breaker.ts';
import type { Vendor, VendorTools } from './vendors/vendor.ts';

/** What a worker can do, as it found at its start. */
export type Ability = {
  /** Who does each kind, by its name. */
  assignments: Map<string, Assignment>;
  /** The names of the circuit breakers around its vendors. */
  breakers: ReadonlySet<string>;
  /** The lanes whose jobs it runs. */
  served: ServedLane[];
  findPrice: FindPrice;
  /** The same for the registry. */
  description: WorkerDescription;
};

/** What it is found out from. `store`: where the breakers are shared with other workers. */
export type AbilityOptions = {
  config: Config & { vendorVariables: Record<string, unknown> };
  version: string;
  kinds: readonly Kind[];
  vendors: readonly Vendor[];
  store: Store;
  log: Logger;
};

/** Asks the vendors what they can do with the variables that are set here. */
export async function findAbility({ config, version, kinds, vendors, store, log }: AbilityOptions): Promise<Ability> {
  const breakers = new Set<string>();
  const tools = vendorTools(config, store, log, breakers);
  const offering = vendors.map(async (vendor) => ({ ...vendor, offers: await vendor.offers(config.vendorVariables, tools) }));
  const assignments = assign(kinds, await Promise.all(offering), config);
  const findPrice = createFindPrice(vendors, config.prices);
  const served = servedLanes(kinds, config.worker);
  const atOnce = concurrencyIn(served, config.worker, (kind) => assignments.get(kind)?.available === true);
  const description = {
    ...describeWorker(config.worker, version, assignments, findPrice),
    ...atOnce,
    // While no job goes into a lane, all of them run in the slots of the queue that all kinds share.
    ...(!config.lanes && { concurrency: config.worker.concurrency }),
    inputVersions: Object.fromEntries(kinds.map((kind) => [kind.name, versionOf(kind)])),
  };
  return { assignments, breakers, served, findPrice, description };
}

/**
 * What vendors are built with. Jobs that a breaker held back
 * take at most every second start when they return. `breakers` gets their names.
 */
function vendorTools(config: Config, store: Store, log: Logger, breakers: Set<string>): VendorTools {
  const { rate } = config.worker;
  const options = { ...config.breaker, probeMs: config.job.timeoutMs, paceMs: (2 * rate.duration) / rate.max };
  return {
    guard: (name, work) => (breakers.add(name), guard(work, new SharedBreaker(store, name, options))),
    findProgram: createFindProgram(config.path),
    warn: (message) => log.warn(message),
  };
}
