/** The loops of the archive: one delivers what has ended, another erases, deletes what is too old, and says whether the archive is behind. */
import { CLOSE_MS, type LoopOptions, type OutboxLoop, startOutboxLoop } from '../ends/outbox-loop.ts';
import { atMost, createPauses } from '../store/pauses.ts';

/** How often what has time is done, in ms. */
const UPKEEP_MS = 5000;

/** Starts them. */
export function startDelivery({ upkeep, ...options }: LoopOptions & { upkeep: () => Promise<void> }): OutboxLoop {
  const delivery = startOutboxLoop(options);
  const pauses = createPauses();
  let stopped = false;
  const runUpkeep = async (): Promise<void> => {
    while (!stopped) {
      await upkeep().catch(options.onError);
      if (!stopped) await pauses.pause(UPKEEP_MS);
    }
  };
  const upkeeping = runUpkeep();
  return {
    ended: delivery.ended,
    async close() {
      stopped = true;
      pauses.wake();
      await Promise.all([delivery.close(), atMost(CLOSE_MS, upkeeping)]);
    },
  };
}
