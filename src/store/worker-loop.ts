/** The loop of a BullMQ worker: it stands still while Redis refuses, and runs again after that. */
import type { Worker } from 'bullmq';
import type { RedisTimeBackend } from './redis-time-backend.ts';
import type { ProcessStore } from './store.ts';

/** A worker's loop under supervision. */
export type WorkerLoop = {
  /** Whether it can fetch jobs now. */
  fetches(): boolean;
  /** For how long it has been expected to come round, in ms. */
  ageMs(): number;
  /** Stops the supervision; the loop is the worker's to close. */
  close(): void;
};

/** How often to check that the loop runs, in ms. */
const WAKE_MS = 1000;

/** What is known of a loop. */
export type LoopOptions = {
  /** Whether the worker runs all jobs that it may: then it fetches none, and does not come round. */
  isFull: () => boolean;
  /** How long its limiter may hold the loop up, in ms. */
  slackMs?: number;
};

/** Stops the worker's loop while Redis refuses, and makes sure that it runs again after that. */
export function keepLooping(
  worker: Worker,
  store: Pick<ProcessStore, 'monitor' | 'onError'>,
  { isFull, slackMs = 0 }: LoopOptions,
): WorkerLoop {
  const { monitor } = store;
  const { age } = worker.getBackend() as RedisTimeBackend;
  const onError = store.onError('worker');
  // If Redis refuses, BullMQ would ask again at once, thousands of times a second.
  monitor.watch({
    onTrouble: ({ type }) => {
      if (type === 'refuses') void worker.pause(true).catch(onError);
    },
    onBack: () => {
      age.begin();
      void worker.resume();
    },
  });
  // If a pause is lifted just while the loop ends, the worker would have no loop any more.
  const waking = setInterval(() => {
    if (!monitor.trouble() && !worker.isRunning() && !worker.closing) void worker.resume();
  }, WAKE_MS);
  waking.unref();

  return {
    ageMs: () => (isFull() ? 0 : age.ageMs()),
    fetches: () => worker.isRunning() && !worker.isPaused() && (isFull() || age.isAlive(slackMs)),
    close: () => clearInterval(waking),
  };
}
