/** The loop over an outbox: it hands on what has ended, at once where the end was signalled, and else when its time to be looked at comes. */
import { BATCH, type Claim, type Outbox } from './outbox.ts';
import { atMost, createPauses } from '../store/pauses.ts';

/** A running loop. */
export type OutboxLoop = {
  /** A job has ended: it is handed on now, and not only when its time to be looked at comes. */
  ended(jobId: string): void;
  close(): Promise<void>;
};

/** What a loop is made with. */
export type LoopOptions = {
  outbox: Pick<Outbox, 'claim'>;
  /** Hands on claims, and settles them. Rejects where that can't be done now. */
  deliver: (claims: readonly Claim[]) => Promise<void>;
  /** Something failed that is tried again. */
  onError: (error: unknown) => void;
};

/** How often to look when nothing was signalled, in ms. */
const IDLE_MS = 1000;

/** The longest pause after a failure, in ms. The first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/** How many ends that were signalled are remembered. Others are found when their time to be looked at comes. */
const MAX_SIGNALLED = 1000;

/** How long closing waits for what is being handed on, in ms. */
export const CLOSE_MS = 2000;

/** Starts it. */
export function startOutboxLoop({ outbox, deliver, onError }: LoopOptions): OutboxLoop {
  const signalled = new Set<string>();
  const pauses = createPauses();
  let stopped = false;
  let isIdle = false;
  let failures = 0;

  /** One round over what was signalled and what is due. Resolves with whether there may be more. */
  const round = async (): Promise<boolean> => {
    const ids = [...signalled].slice(0, BATCH);
    for (const id of ids) signalled.delete(id);
    const named = ids.length === 0 ? [] : (await outbox.claim(ids)).claims;
    const { claims, more } = await outbox.claim();
    await deliver([...named, ...claims]);
    return more || signalled.size > 0;
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        const more = await round();
        failures = 0;
        isIdle = !more;
        if (isIdle && !stopped) await pauses.pause(IDLE_MS);
        isIdle = false;
      } catch (error) {
        onError(error);
        failures++;
        if (!stopped) await pauses.pause(Math.random() * Math.min(250 * 2 ** failures, MAX_PAUSE_MS));
      }
    }
  };
  const running = run();

  return {
    ended(jobId) {
      if (signalled.size < MAX_SIGNALLED) signalled.add(jobId);
      if (isIdle) pauses.wake(); // a pause after a failure is not cut short
    },
    async close() {
      stopped = true;
      pauses.wake();
      await atMost(CLOSE_MS, running); // others take up what is left
    },
  };
}
