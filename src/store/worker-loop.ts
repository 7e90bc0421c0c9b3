/** The loop of a BullMQ worker: it stands still while Redis refuses, and runs again after that. */
import type { Worker } from 'bullmq';
import type { ProcessStore } from './store.ts';

/** A worker's loop under supervision. */
export type WorkerLoop = {
  /** Whether it can fetch jobs now. */
  fetches(): boolean;
  /** Stops the supervision; the loop is the worker's to close. */
  close(): void;
};

/** How often to check that the loop runs, in ms. */
const WAKE_MS = 1000;

/** Stops the worker's loop while Redis refuses, and makes sure that it runs again after that. */
export function keepLooping(worker: Worker, store: Pick<ProcessStore, 'monitor' | 'onError'>): WorkerLoop {
  const { monitor } = store;
  const onError = store.onError('worker');
  // If Redis refuses, BullMQ would ask again at once, thousands of times a second.
  monitor.watch({
    onTrouble: ({ type }) => {
      if (type === 'refuses') void worker.pause(true).catch(onError);
    },
    onBack: () => void worker.resume(),
  });
  // If a pause is lifted just while the loop ends, the worker would have no loop any more.
  const waking = setInterval(() => {
    if (!monitor.trouble() && !worker.isRunning() && !worker.closing) void worker.resume();
  }, WAKE_MS);
  waking.unref();

  // The connection that waits for jobs.
  let waiting: { status: string } | undefined;
  void worker
    .getBackend()
    .blockingClient?.then((client) => (waiting = client))
    .catch(onError);

  return {
    fetches: () => worker.isRunning() && !worker.isPaused() && waiting?.status === 'ready',
    close: () => clearInterval(waking),
  };
}
