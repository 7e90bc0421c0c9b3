/**
 * The lock watch finds out that a running job was cancelled or taken over. It looks at the locks of all runs in one trip. A lock that has only
 * expired is taken back.
 */
import type { RunLock, RunLocks } from './run-locks.ts';
import type { Store } from '../../src/store/store.ts';

/** A running watch. */
export type LockWatch = {
  /** Whether the last look was a success. If it was not, a cancelled job goes on for now. */
  watching(): boolean;
  close(): void;
};

/** What the watch is made with. */
export type LockWatchOptions = {
  /** A connection that fails at once while Redis is away. */
  store: Store;
  locks: Pick<RunLocks, 'held' | 'retakeNow'>;
  onLost: (jobId: string) => void;
  onError: (error: unknown) => void;
};

/** How often to look while a job runs, in ms: a call to a model stops so soon after its job was cancelled. */
const LOOK_MS = 250;

/**
 * Starts the watch. Whoever ends a job from outside removes its lock in the same step, so the lock tells of it, and nobody needs to
 * send a message that could get lost. With nothing running, nothing is asked.
 */
export function watchLocks({ store, locks: { held, retakeNow }, onLost, onError }: LockWatchOptions): LockWatch {
  const script = store.script(new URL('scripts/lost_locks.lua', import.meta.url), { keys: ['jobs'], args: [] });
  const jobs = store.keys.job('');
  let isLooking = false;
  let watching = true;

  const find = async (asked: ReadonlyMap<string, RunLock>): Promise<{ lost: string[]; expired: string[] }> => {
    try {
      const [lost, expired] = (await script(
        { jobs },
        [...asked].flatMap(([id, { token }]) => [id, token]),
      )) as [string[], string[]];
      watching = true;
      return { lost, expired };
    } catch (error) {
      watching = false;
      onError(error);
      return { lost: [], expired: [] };
    }
  };
  /** A run goes on while Redis refuses to give its lock back: nobody else can take the job then. */
  const isLost = (id: string, { token }: RunLock): Promise<boolean> =>
    retakeNow(id, token).then(
      (isOurs) => !isOurs,
      (error: unknown) => (onError(error), false),
    );

  const look = async (): Promise<void> => {
    if (held.size === 0 || isLooking) return;
    isLooking = true;
    const asked = new Map(held);
    const { lost, expired } = await find(asked);
    for (const id of expired) {
      const lock = asked.get(id);
      if (lock && (await isLost(id, lock))) lost.push(id);
    }
    for (const id of lost) if (held.get(id) === asked.get(id)) onLost(id); // else it is over, or another run of it has begun here
    isLooking = false;
  };
  const timer = setInterval(() => void look(), LOOK_MS);

  return {
    watching: () => watching,
    close: () => clearInterval(timer),
  };
}
