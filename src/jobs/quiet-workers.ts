/** Quiet workers: they take no more jobs and finish what they have, until an operator lets them go on. */
import type { Store } from '../store/store.ts';
import { type Action, entryOf } from './action-log.ts';

/** What came of it; `unknown`: no such worker was seen lately. */
export type QuietOutcome = 'quiet' | 'changed' | 'resumed' | 'not quiet' | 'unknown';

/** Makes the function that tells a worker, by its id, to be quiet or to go on. */
export function createSetQuiet(store: Store): (worker: string, quiet: boolean, action: Action) => Promise<QuietOutcome> {
  const script = store.script(new URL('scripts/set_quiet.lua', import.meta.url), {
    keys: ['quiet', 'seen', 'actions'],
    args: ['worker', 'detail', 'entry'],
  });
  const { admin, workersSeen: seen } = store.keys;
  return (worker, quiet, action) => {
    const detail = quiet ? JSON.stringify({ by: action.by, reason: action.reason }) : '';
    const asked = { quiet: admin.quiet, seen, actions: admin.actions, worker, detail, entry: entryOf(action) };
    return store.orUnavailable(async () => (await script(asked)) as QuietOutcome);
  };
}
