/** The lock watch: finds out that a running job was cancelled or taken over, by looking at the locks of all runs in one trip. */
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { defineScript } from './script.ts';

/** A running watch. */
export type LockWatch = {
  /** Whether the last look was a success. If it was not, a cancelled job goes on for now. */
  watching(): boolean;
  close(): void;
};

/** What the watch is made with. */
export type LockWatchOptions = {
  /** A connection that fails at once while Redis is away. */
  redis: Redis;
  keys: Keys;
  /** The lock tokens of the jobs that run in this process, by the jobs' ids. */
  running: ReadonlyMap<string, string>;
  onLost: (jobId: string) => void;
  onError: (error: unknown) => void;
};

/** How often to look while a job runs, in ms: a call to a model stops so soon after its job was cancelled. */
const LOOK_MS = 250;

/**
 * Starts the watch. Whoever ends a job from outside removes its lock in the same step, so the lock tells of it, and nobody needs to
 * send a message that could get lost. With nothing running, nothing is asked.
 */
export function watchLocks({ redis, keys, running, onLost, onError }: LockWatchOptions): LockWatch {
  const script = defineScript(redis, 'lost_locks', { keys: ['jobs'], args: [] });
  const jobs = keys.job('');
  let isLooking = false;
  let watching = true;

  const look = async (): Promise<void> => {
    if (running.size === 0 || isLooking) return;
    isLooking = true;
    const asked = new Map(running);
    try {
      const lost = (await script({ jobs }, [...asked].flat())) as string[];
      watching = true;
      for (const id of lost) if (running.get(id) === asked.get(id)) onLost(id); // else it is over, or another run of it has begun here
    } catch (error) {
      watching = false;
      onError(error);
    }
    isLooking = false;
  };
  const timer = setInterval(() => void look(), LOOK_MS);

  return {
    watching: () => watching,
    close: () => clearInterval(timer),
  };
}
