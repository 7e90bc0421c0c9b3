/**
 * Ends that were seen: a client has taken the end of a job, so its user's
 * phone needs no push. All API processes share this through Redis.
 */
import type { Snapshot } from '../job/snapshot.ts';
import type { Store } from '../store/store.ts';

/** Whether an end was seen; `maybe`: it was sent, and the client may still acknowledge it. */
export type EndSeen = 'yes' | 'no' | 'maybe';

/** How long a client has to acknowledge, in ms. */
const TAKE_MS = 1500;

/** How long after its end a job may still have a push to come, in ms. */
const RECENT_MS = 60_000;

/** How long a mark is kept, and one of a client that may still acknowledge, in s. */
const KEPT_S = 900;
const MAYBE_S = 4;

/** The ends of jobs that clients have seen, for all API processes. */
export class SeenEnds {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;

  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /**
   * A client was sent the end of a job, or has read it. `taken`: resolves with whether the client has
   * acknowledged that, where the connection shows it: a phone that has lost its network says nothing.
   */
  add({ id, notifies, finishedAt = 0 }: Pick<Snapshot, 'id' | 'notifies' | 'finishedAt'>, taken?: () => Promise<boolean>): void {
    if ((notifies !== 'push' && notifies !== 'both') || this.#store.clock.now() - finishedAt > RECENT_MS) return;
    void this.#mark(this.#store.keys.notifications.endSeen(id, finishedAt), taken).catch(this.#onError);
  }

  /** `at`: when the job ended, in ms since the epoch: a job that is retried ends once more. */
  async has(jobId: string, at: number): Promise<EndSeen> {
    const mark = await this.#store.redis.get(this.#store.keys.notifications.endSeen(jobId, at));
    return mark === 'yes' || mark === 'maybe' ? mark : 'no';
  }

  async #mark(key: string, taken: (() => Promise<boolean>) | undefined): Promise<void> {
    if (taken) {
      await this.#store.redis.set(key, 'maybe', 'EX', MAYBE_S, 'NX'); // a push waits meanwhile
      await new Promise((resolve) => setTimeout(resolve, TAKE_MS));
      if (!(await taken())) return;
    }
    await this.#store.redis.set(key, 'yes', 'EX', KEPT_S);
  }
}
