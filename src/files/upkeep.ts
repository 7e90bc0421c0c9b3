/**
 * Deletes files whose time is over, whichever process ended the job or died. Every process does it,
 * in small steps.
 */
import { startRounds } from '../store/rounds.ts';
import type { Store } from '../store/store.ts';
import { GRACE_MS, KEPT_MS, ledgerOf } from './redis-files.ts';

/** How often to look for jobs whose files are due, in ms. */
const LOOK_MS = 5000;

/**
 * How soon to look again at the files of a job that has not ended, in ms. A worker deletes the
 * inputs of what it has done at once.
 */
const OPEN_MS = 30_000;

/** How long the inputs of a failed job are kept, in ms, so that it can be retried. */
const FAILED_MS = 3600 * 1000;

/** How many jobs are looked at in one step. */
const BATCH = 100;

/**
 * Makes the function that does one round over what is due now. `retentionS`: how long ended jobs
 * are kept, in s.
 */
export function createFileUpkeep(store: Store, retentionS: number) {
  const script = store.script(new URL('scripts/look_after_files.lua', import.meta.url), {
    keys: ['jobs', 'overdue', 'ledger', 'due', 'used', 'files'],
    args: ['laterMs', 'batch', 'openMs', 'graceMs', 'failedMs', 'retentionMs', 'keptMs'],
  });
  const shared = { jobs: store.keys.job(''), overdue: store.keys.archive.overdue, ...ledgerOf(store) };
  const times = { openMs: OPEN_MS, graceMs: GRACE_MS, failedMs: FAILED_MS, retentionMs: retentionS * 1000, keptMs: KEPT_MS };

  /** `laterMs`: acts as if it were so much later than now. */
  return async (laterMs = 0): Promise<void> => {
    while (Number(await script({ ...shared, ...times, laterMs, batch: BATCH })) === BATCH);
  };
}

/** Starts the upkeep, as `createFileUpkeep` does it. Returns what stops it. */
export function startFileUpkeep(store: Store, retentionS: number, onError: (error: unknown) => void): () => void {
  const round = createFileUpkeep(store, retentionS);
  return startRounds(() => round(), { everyMs: LOOK_MS, onError });
}
