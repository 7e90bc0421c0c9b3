/** Whether somebody was there when a job ended: a client that has taken the end. Then its phone needs no push. */
import type { Snapshot } from '../job/snapshot.ts';
import type { Store } from '../store/store.ts';

/** Somebody was there, nobody was, or a client was sent the end and may still acknowledge it. */
export type Heard = 'yes' | 'no' | 'maybe';

/** See the file's head. */
export type Listeners = {
  /**
   * A client was sent the end of a job, or has read it. `taken`: resolves with whether it has acknowledged that, where the connection
   * tells: a phone that has lost its network says nothing.
   */
  told(job: Pick<Snapshot, 'id' | 'tells' | 'finishedAt'>, taken?: () => Promise<boolean>): void;
  /** `at`: when the job ended, in ms since the epoch: a job that is retried ends once more. */
  heard(jobId: string, at: number): Promise<Heard>;
};

/** How long a client has to acknowledge, in ms. */
const TAKE_MS = 1500;

/** How long after its end a job may still have a push to come, in ms; how long a mark is kept, and one of a client that may still acknowledge, in s. */
const RECENT_MS = 60_000;
const KEPT_S = 900;
const MAYBE_S = 4;

/** All API processes share through Redis what they know of them. */
export function createListeners(store: Store, onError: (error: unknown) => void): Listeners {
  const note = async (mark: string, taken: (() => Promise<boolean>) | undefined): Promise<void> => {
    if (taken) {
      await store.redis.set(mark, 'maybe', 'EX', MAYBE_S, 'NX'); // a push waits meanwhile
      await new Promise((resolve) => setTimeout(resolve, TAKE_MS));
      if (!(await taken())) return;
    }
    await store.redis.set(mark, 'yes', 'EX', KEPT_S);
  };
  return {
    told({ id, tells, finishedAt = 0 }, taken) {
      if ((tells !== 'push' && tells !== 'both') || store.clock.now() - finishedAt > RECENT_MS) return;
      void note(store.keys.notifications.heard(id, finishedAt), taken).catch(onError);
    },
    async heard(jobId, at) {
      const mark = await store.redis.get(store.keys.notifications.heard(jobId, at));
      return mark === 'yes' || mark === 'maybe' ? mark : 'no';
    },
  };
}
