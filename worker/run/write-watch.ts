/**
 * The write watch: notes in Redis that it takes writes, and holds
 * back the check for stalled jobs after a time in which it took none.
 */
import type { Store } from '../../src/store/store.ts';

/**
 * For how long the check for stalled jobs is held back, in ms:
 * each worker looks at its locks four times a second.
 */
const HOLD_MS = 2000;

/** The least time without a write that counts, in ms. A process may be busy for less. */
const LEAST_GAP_MS = 500;

/** How long the note stays, in ms. Without one it is as after a gap: nobody knows what was before. */
const KEPT_MS = 3_600_000;

/**
 * Makes the function that notes a write. After a gap it holds
 * the check for stalled jobs back, in all workers. `lanes`: those that there are.
 */
export function createNoteWrites(store: Store, lanes: readonly string[], lockDurationMs: number): () => Promise<void> {
  const script = store.script(new URL('scripts/note_writes.lua', import.meta.url), {
    keys: ['writes'],
    args: ['queues', 'gapMs', 'holdMs', 'keptMs'],
  });
  const touched = { writes: store.keys.writes, queues: store.keys.queues(lanes).join() };
  const times = { gapMs: gapOf(lockDurationMs), holdMs: HOLD_MS, keptMs: KEPT_MS };
  return async () => void (await script({ ...touched, ...times }));
}

/**
 * Starts the watch, and returns what stops it. A lock expires, though its run goes on, only if
 * Redis took no writes for half its time: it is renewed that often. `store`: one that fails at
 * once while Redis is away. So every worker notes more often than that when it could write.
 */
export function watchWrites(store: Store, lanes: readonly string[], lockDurationMs: number, onError: (error: unknown) => void): () => void {
  const note = createNoteWrites(store, lanes, lockDurationMs);
  const timer = setInterval(() => void note().catch(onError), gapOf(lockDurationMs) / 4);
  timer.unref();
  void note().catch(onError);
  return () => clearInterval(timer);
}

function gapOf(lockDurationMs: number): number {
  return Math.max(lockDurationMs / 3, LEAST_GAP_MS);
}
