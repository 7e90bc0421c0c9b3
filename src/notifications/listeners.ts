/** Whether somebody was there when a job ended: a client that has taken the end. Then its phone needs no push. */
import type { Redis } from 'ioredis';
import type { Snapshot } from '../job/snapshot.ts';
import type { Keys } from '../queue/keys.ts';

/** See the file's head. */
export type Listeners = {
  /**
   * A client was sent the end of a job, or has read it. `taken`: resolves with whether it has acknowledged that, where the connection
   * tells: a phone that has lost its network says nothing.
   */
  told(job: Pick<Snapshot, 'id' | 'tells' | 'finishedAt'>, taken?: () => Promise<boolean>): void;
  wasHeard(jobId: string): Promise<boolean>;
};

/** How long a client has to acknowledge, as a part of the time that a push waits. */
const TAKE_PART = 0.4;

/** How long after its end a job may still have a push to come, in ms; and how long the mark is kept, in s. */
const RECENT_MS = 60_000;
const KEPT_S = 900;

/** What they are made with. `pushDelayMs`: how long a push waits after a job's end. */
export type ListenerOptions = { redis: Redis; keys: Keys; pushDelayMs: number; onError: (error: unknown) => void };

/** Makes them. All API processes share what they know through Redis. */
export function createListeners({ redis, keys, pushDelayMs, onError }: ListenerOptions): Listeners {
  const note = async (jobId: string, taken: (() => Promise<boolean>) | undefined): Promise<void> => {
    if (taken) {
      await new Promise((resolve) => setTimeout(resolve, TAKE_PART * pushDelayMs));
      if (!(await taken())) return;
    }
    await redis.set(keys.notifications.heard(jobId), '1', 'EX', KEPT_S);
  };
  return {
    told({ id, tells, finishedAt = 0 }, taken) {
      if ((tells !== 'push' && tells !== 'both') || Date.now() - finishedAt > RECENT_MS) return;
      void note(id, taken).catch(onError);
    },
    wasHeard: async (jobId) => (await redis.exists(keys.notifications.heard(jobId))) === 1,
  };
}
