/**
 * Retention: how long the records of ended jobs are kept, and the upkeep
 * that removes them where no job ends that would take them along.
 */
import type { Keys } from '../store/keys.ts';
import { startRounds } from '../store/rounds.ts';
import type { Store } from '../store/store.ts';

/**
 * How much longer records are kept while the archive is
 * behind, in s: none is removed that is not archived.
 */
export const KEPT_LONGER_S = 7 * 24 * 3600;

/**
 * How many completed, and how many failed jobs one end of a
 * job, or one step of the upkeep, removes at most.
 */
export const FORGOTTEN_AT_ONCE = 100;

/** How often the upkeep looks for them, in ms. */
const FORGET_EVERY_MS = 5000;

/** The keys that include/forget_ended.lua needs, but for BullMQ's `completed` and `failed`. */
export const retentionKeys = (keys: Keys) => ({ jobs: keys.job(''), behind: keys.archive.behind, cancelled: keys.cancelled });

/** The arguments that include/forget_ended.lua needs. `retentionS`: how long ended jobs are kept, in s. */
export const retentionTimes = (retentionS: number) => ({ retentionMs: retentionS * 1000, longerMs: KEPT_LONGER_S * 1000 });

/**
 * Makes the function that removes all jobs whose time is over,
 * in steps between which Redis serves others.
 */
export function createForgetEnded(store: Store, retentionS: number): () => Promise<void> {
  const script = store.script(new URL('scripts/forget_ended.lua', import.meta.url), {
    keys: ['completed', 'failed', 'jobs', 'behind', 'cancelled'],
    args: ['retentionMs', 'longerMs', 'limit'],
  });
  const values = {
    ...store.keys.allOf(['completed', 'failed']),
    ...retentionKeys(store.keys),
    ...retentionTimes(retentionS),
    limit: FORGOTTEN_AT_ONCE,
  };
  return async () => {
    while (Number(await script(values)) === FORGOTTEN_AT_ONCE);
  };
}

/** Starts the upkeep. Returns what stops it. */
export function startForgetting(store: Store, retentionS: number, onError: (error: unknown) => void): () => void {
  return startRounds(createForgetEnded(store, retentionS), { everyMs: FORGET_EVERY_MS, onError });
}
