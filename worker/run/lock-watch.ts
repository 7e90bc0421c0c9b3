/**
 * The lock watch finds out that a running job was cancelled or taken over. It looks
 * at the locks of all runs in one trip. A lock that has only expired is taken back.
 */
import type { RunLock, RunLocks } from './run-locks.ts';
import type { Script } from '../../src/store/script.ts';
import type { Store } from '../../src/store/store.ts';

/** What the watch is made with. */
export type LockWatchOptions = {
  /** A connection that fails at once while Redis is away. */
  store: Store;
  locks: Pick<RunLocks, 'held' | 'retakeNow'>;
  onLost: (jobId: string) => void;
  onError: (error: unknown) => void;
};

/**
 * How often to look while a job runs, in ms: a call to a model
 * stops so soon after its job was cancelled.
 */
const LOCKS_READ_MS = 250;

/**
 * A running watch. Whoever ends a job from outside removes its lock in
 * the same step. The lock shows it, and nobody needs to send a message
 * that could get lost. With nothing running, Redis is not asked.
 */
export class LockWatch {
  readonly #options: LockWatchOptions;
  readonly #readLost: Script<'jobs', never>;
  readonly #timer: ReturnType<typeof setInterval>;
  #isLooking = false;
  #watching = true;

  constructor(options: LockWatchOptions) {
    this.#options = options;
    this.#readLost = options.store.script(new URL('scripts/lost_locks.lua', import.meta.url), { keys: ['jobs'], args: [] });
    this.#timer = setInterval(() => void this.#look(), LOCKS_READ_MS);
  }

  /** Whether the last look was a success. If it was not, a cancelled job goes on for now. */
  watching(): boolean {
    return this.#watching;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { locks, onLost } = this.#options;
    if (locks.held.size === 0 || this.#isLooking) return;
    this.#isLooking = true;
    const asked = new Map(locks.held);
    const { lost, expired } = await this.#find(asked);
    for (const id of expired) {
      const lock = asked.get(id);
      if (lock && (await this.#isLost(id, lock))) lost.push(id);
    }
    for (const id of lost) if (locks.held.get(id) === asked.get(id)) onLost(id); // else it is over, or another run of it has begun here
    this.#isLooking = false;
  }

  async #find(asked: ReadonlyMap<string, RunLock>): Promise<{ lost: string[]; expired: string[] }> {
    try {
      const pairs = [...asked].flatMap(([id, { token }]) => [id, token]);
      const [lost, expired] = (await this.#readLost({ jobs: this.#options.store.keys.job('') }, pairs)) as [string[], string[]];
      this.#watching = true;
      return { lost, expired };
    } catch (error) {
      this.#watching = false;
      this.#options.onError(error);
      return { lost: [], expired: [] };
    }
  }

  /** A run goes on while Redis refuses to give its lock back: nobody else can take the job then. */
  async #isLost(id: string, { token }: RunLock): Promise<boolean> {
    try {
      return !(await this.#options.locks.retakeNow(id, token));
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }
}
