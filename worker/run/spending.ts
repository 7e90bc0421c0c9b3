/**
 * What a job's paid calls use: noted before a call is made,
 * kept true while it goes on, and counted for its tenant's day.
 */
import type { Usage } from '../../src/job/snapshot.ts';
import { type RunLocks, writeFenced } from './run-locks.ts';
import type { RunRef } from './task.ts';
import type { Store } from '../../src/store/store.ts';

/** One call's entry. */
export type CallEntry = {
  /**
   * Replaces what is noted of the call; undefined: it used nothing. Goes
   * on after the job has ended, or is another run's: the money is gone.
   */
  note(used: Usage | undefined): Promise<void>;
};

/** The books of one run. */
export type Spending = {
  /**
   * Notes what a call that is about to be made will use at least. Rejects
   * where the job is not this run's any more, so that nobody pays for it.
   */
  open(expected: Usage): Promise<CallEntry>;
};

/** How long a day's count is kept, in s. */
const KEPT_S = 48 * 3600;

/**
 * Makes the function that opens the books of a run. `lost`:
 * what to reject with where the job is not the run's any more.
 */
export function createSpending(store: Store, lost: (jobId: string) => Error, retake: RunLocks['retake']): (run: RunRef) => Spending {
  const { keys } = store;
  const script = store.script(new URL('scripts/note_usage.lua', import.meta.url), {
    keys: ['job', 'lock', 'spent', 'spentUsd', 'outbox'],
    args: ['id', 'token', 'call', 'used', 'known', 'keptS'],
  });

  return ({ id, tenant, token }) => ({
    async open(expected) {
      const call = crypto.randomUUID();
      // Of the day it begins on, whenever it ends.
      const today = store.clock.now();
      const day = { spent: keys.spent(tenant, today), spentUsd: keys.spentUsd(tenant, today) };
      const touched = { ...day, job: keys.job(id), lock: keys.lock(id), outbox: keys.archive.outbox, id };
      let known = '';
      const note = async (used: Usage | undefined, fence: string): Promise<boolean> => {
        const text = used ? JSON.stringify(used) : '';
        const entry = { token: fence, call, used: text, known, keptS: KEPT_S };
        known = text;
        return (await store.retryWhileRefused(() => script({ ...touched, ...entry }))) === 0;
      };
      const isNoted = await writeFenced(
        () => note(expected, token),
        (noted) => !noted,
        () => retake(id, token),
      );
      if (!isNoted) throw lost(id);
      return { note: async (used) => void (await note(used, '')) };
    },
  });
}
