/**
 * A worker's stop is announced before its jobs are handed back: a host may kill the
 * worker in between, and then another one takes them up within seconds.
 */
import { startRounds } from '../../src/store/rounds.ts';
import type { Store } from '../../src/store/store.ts';
import type { RunLocks } from './run-locks.ts';

/** How long the locks of a stopping worker's jobs hold, and how often they are renewed, in ms. */
const LEAVING = { lockMs: 2500, everyMs: 500 };

/** How often a worker looks for such jobs, in ms. */
const LOOK_MS = 1000;

/** How long an announcement is kept, in ms. The longest grace of a host is shorter. */
const KEPT_MS = 600_000;

/**
 * Announces that the runs that hold these locks end soon, until it is closed: each lock
 * holds for {@link LEAVING}.lockMs from now on, so a killed worker is noticed.
 */
export function announceStop(store: Store, locks: RunLocks, onError: (error: unknown) => void): { close(): void } {
  const script = store.script(new URL('scripts/announce_leaving.lua', import.meta.url), {
    keys: ['leaving', 'jobs'],
    args: ['lockMs', 'keptMs'],
  });
  const { keys } = store;
  const shared = { leaving: keys.leaving, jobs: keys.job(''), lockMs: LEAVING.lockMs, keptMs: KEPT_MS };
  const announce = async (): Promise<void> => {
    const pairs = [...locks.held].flatMap(([id, { token }]) => [id, token]);
    if (pairs.length > 0) await script(shared, pairs);
  };
  locks.shorten(LEAVING.lockMs);
  void announce().catch(onError);
  const stop = startRounds(announce, { everyMs: LEAVING.everyMs, onError });
  return { close: stop };
}

/**
 * Makes the function that lets jobs wait again whose worker has announced its stop and
 * is gone. Resolves with their ids.
 */
export function createTakeBack(store: Store): () => Promise<string[]> {
  const { keys } = store;
  const script = store.script(new URL('scripts/take_back.lua', import.meta.url), { keys: ['leaving', 'jobs', 'events', 'meta'], args: [] });
  const touched = { leaving: keys.leaving, jobs: keys.job(''), ...keys.allOf(['events', 'meta']) };
  return async () => (await script(touched)) as string[];
}

/** Looks for such jobs every second. `onTaken`: a job waits again. Returns what stops it. */
export function watchAnnouncedStops(store: Store, onTaken: (jobId: string) => void, onError: (error: unknown) => void): () => void {
  const takeBack = createTakeBack(store);
  return startRounds(async () => (await takeBack()).forEach(onTaken), { everyMs: LOOK_MS, onError });
}
