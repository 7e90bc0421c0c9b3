/** The loops of the archive: one delivers what has ended, another erases, deletes what is too old, and says whether the archive is behind. */
import type { Deliver } from './delivery.ts';
import { BATCH, type Outbox } from './outbox.ts';

/** A running delivery. */
export type Delivery = {
  /** A job has ended: it is archived now, and not only when its time to be looked at comes. */
  ended(jobId: string): void;
  close(): Promise<void>;
};

/** What the loops are made with. */
export type LoopOptions = {
  outbox: Pick<Outbox, 'claim'>;
  deliver: Deliver;
  upkeep: () => Promise<void>;
  /** Something failed that is tried again. */
  onError: (error: unknown) => void;
};

/** How often to look when nothing was signalled, in ms. */
const IDLE_MS = 1000;

/** The longest pause while the archive is out of reach, in ms. The first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/** How many ends that were signalled are remembered. Others are found when their time to be looked at comes. */
const MAX_SIGNALLED = 1000;

/** How often what has time is done, in ms. */
const UPKEEP_MS = 5000;

/** How long closing waits for what is being sent, in ms. */
const CLOSE_MS = 2000;

/** Starts them. */
export function startDelivery({ outbox, deliver, upkeep, onError }: LoopOptions): Delivery {
  const signalled = new Set<string>();
  const delivery = createPauses();
  const upkeeping = createPauses();
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

  const runDelivery = async (): Promise<void> => {
    while (!stopped) {
      try {
        const more = await round();
        failures = 0;
        isIdle = !more;
        if (isIdle && !stopped) await delivery.pause(IDLE_MS);
        isIdle = false;
      } catch (error) {
        onError(error);
        failures++;
        if (!stopped) await delivery.pause(Math.random() * Math.min(250 * 2 ** failures, MAX_PAUSE_MS));
      }
    }
  };
  const runUpkeep = async (): Promise<void> => {
    while (!stopped) {
      await upkeep().catch(onError);
      if (!stopped) await upkeeping.pause(UPKEEP_MS);
    }
  };
  const running = Promise.all([runDelivery(), runUpkeep()]);

  return {
    ended(jobId) {
      if (signalled.size < MAX_SIGNALLED) signalled.add(jobId);
      if (isIdle) delivery.wake(); // a pause after a failure is not cut short
    },
    async close() {
      stopped = true;
      delivery.wake();
      upkeeping.wake();
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]); // others take up what is left
    },
  };
}

/** Pauses that can be ended early. */
function createPauses(): { pause(ms: number): Promise<void>; wake(): void } {
  let wake = (): void => {};
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
  };
}
