/**
 * Deadlines of whole jobs, by Redis' clock: each process keeps a
 * timer to the next one, and who is there first cancels the job.
 */
import { isJobId } from '../job/id.ts';
import type { Cancel } from './cancel-job.ts';
import type { Store } from '../store/store.ts';

/**
 * How often to sweep for new ones, in ms; a deadline is never
 * nearer than this when it is set, so none is missed.
 */
export const SWEEP_MS = 1000;

/** What stands before the id of a job that is to be cancelled only if it has not begun. */
export const START = 'start ';

/** How many are cancelled in one go. */
const BATCH = 100;

/** How long an ended job keeps its deadline at most, in ms, so that many are forgotten in one step. */
const FORGET_MS = 1000;

/** How many are forgotten in one step. */
const MAX_FORGOTTEN = 1000;

/**
 * Makes the function that forgets the deadlines of jobs that have ended by
 * themselves, in one step for all ends of a second. What is lost of this changes
 * nothing: when the deadline is due, the job has ended, and is not cancelled.
 */
export function createForgetDeadlines(store: Store): (jobId: string) => void {
  const script = store.script(new URL('scripts/forget_deadlines_of_ended.lua', import.meta.url), {
    keys: ['jobs', 'deadlines'],
    args: [],
  });
  const touched = { jobs: store.keys.job(''), deadlines: store.keys.deadlines };
  let ended: string[] = [];
  const forget = (): void => {
    const ids = ended;
    ended = [];
    for (let n = 0; n < ids.length; n += MAX_FORGOTTEN) script(touched, ids.slice(n, n + MAX_FORGOTTEN)).catch(() => {});
  };
  return (jobId) => {
    if (ended.push(jobId) === 1) setTimeout(forget, FORGET_MS).unref();
  };
}

/** What the watch is made with. */
export type DeadlineOptions = {
  store: Store;
  cancel: Cancel;
  onCancelled: (jobId: string) => void;
  onError: (error: unknown) => void;
};

/** Starts watching; resolves, once what is due now is cancelled, with what stops it. */
export async function watchDeadlines({ store, cancel, onCancelled, onError }: DeadlineOptions): Promise<() => void> {
  const key = store.keys.deadlines;
  const readDue = store.script(new URL('scripts/due_deadlines.lua', import.meta.url), {
    keys: ['deadlines'],
    args: ['batch', 'lookMs'],
  });
  const forget = store.script(new URL('scripts/forget_deadline.lua', import.meta.url), { keys: ['deadlines'], args: ['id'] });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  /** Cancels what is due and resolves with the ms until the next sweep. */
  const sweep = async (): Promise<number> => {
    const [pause, due] = (await readDue({ deadlines: key, batch: BATCH, lookMs: SWEEP_MS })) as [ms: number, entries: string[]];
    const readAt = performance.now();
    for (const entry of due) {
      const jobId = entry.startsWith(START) ? entry.slice(START.length) : entry;
      const onlyUnbegun = jobId !== entry;
      // What is no job's id names another key, or nothing: it must not keep the others waiting.
      if (isJobId(jobId) && (await cancel(jobId, { onlyUnbegun })) === 'cancelled') onCancelled(jobId);
      await forget({ deadlines: key, id: entry }); // only now: a crash in between must not forget it
    }
    return due.length === BATCH ? 0 : Math.max(pause - (performance.now() - readAt), 0);
  };

  const again = async (): Promise<void> => {
    const pause = await sweep().catch((error: unknown) => {
      onError(error);
      return SWEEP_MS;
    });
    if (!stopped) timer = setTimeout(() => void again(), pause);
  };
  await again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
