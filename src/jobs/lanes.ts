/**
 * Lanes: each kind's jobs wait and run in a queue of their own, so that a vendor
 * that hangs holds up no other kind. Slots, pace and place in the queue are a lane's.
 */
import type { Lane } from '../store/keys.ts';
import type { ProcessRegistry } from './process-registry.ts';

/** The lanes that a process knows. */
export type Lanes = {
  /** The kinds that have one: all kinds. */
  names: readonly string[];
  /** Where a job of a kind is to wait, if it is added now. */
  of(kind: string): Promise<Lane>;
};

/** What lanes are made with. */
export type LanesOptions = {
  kinds: readonly { name: string }[];
  /** Whether new jobs may go into lanes at all (`LANES`). */
  allowed: boolean;
  processes: Pick<ProcessRegistry, 'agreed'>;
};

/**
 * New jobs go into lanes only while all live processes know of lanes: an older worker would
 * never take them. Until then they go into the queue that all kinds share.
 */
export function createLanes({ kinds, allowed, processes }: LanesOptions): Lanes {
  return {
    names: kinds.map(({ name }) => name),
    of: async (kind) => (allowed && (await processes.agreed('lanes')) ? kind : undefined),
  };
}
