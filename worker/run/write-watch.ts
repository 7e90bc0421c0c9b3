/** The write watch: notes in Redis that it takes writes, and holds back the check for stalled jobs after a time in which it took none. */
import type { Redis } from 'ioredis';
import type { Keys } from '../../src/store/keys.ts';
import { defineScript } from '../../src/store/script.ts';

/** What the watch is made with. */
export type WriteWatchOptions = {
  /** A connection that fails at once while Redis is away. */
  redis: Redis;
  keys: Keys;
  /** How long a job's lock holds unless it is renewed, in ms. */
  lockDurationMs: number;
  onError: (error: unknown) => void;
};

/** For how long the check for stalled jobs is held back, in ms: each worker looks at its locks four times a second. */
const HOLD_MS = 2000;

/** The least time without a write that counts, in ms. A process may be busy for less. */
const LEAST_GAP_MS = 500;

/** How long the note stays, in ms. Without one it is as after a gap: nobody knows what was before. */
const KEPT_MS = 3_600_000;

/** Makes the function that notes a write. After a gap it holds the check for stalled jobs back, in all workers. */
export function createNoteWrites(redis: Redis, keys: Keys, lockDurationMs: number): () => Promise<void> {
  const script = defineScript(redis, new URL('scripts/note_writes.lua', import.meta.url), {
    keys: ['writes', 'check'],
    args: ['gapMs', 'holdMs', 'keptMs'],
  });
  const touched = { writes: keys.writes, check: keys.of('stalled-check') };
  const times = { gapMs: gapOf(lockDurationMs), holdMs: HOLD_MS, keptMs: KEPT_MS };
  return async () => void (await script({ ...touched, ...times }));
}

/**
 * Starts the watch, and returns what stops it. A lock expires, though its run goes on, only if Redis took no writes for half its
 * time: it is renewed that often. So every worker notes more often than that when it could write.
 */
export function watchWrites({ redis, keys, lockDurationMs, onError }: WriteWatchOptions): () => void {
  const note = createNoteWrites(redis, keys, lockDurationMs);
  const timer = setInterval(() => void note().catch(onError), gapOf(lockDurationMs) / 4);
  timer.unref();
  void note().catch(onError);
  return () => clearInterval(timer);
}

function gapOf(lockDurationMs: number): number {
  return Math.max(lockDurationMs / 3, LEAST_GAP_MS);
}
