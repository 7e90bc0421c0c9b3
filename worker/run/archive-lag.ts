/**
 * The archive's lag: while it is behind, workers keep the records of
 * ended jobs longer, so that BullMQ removes none that is not archived.
 */
import type { Store } from '../../src/store/store.ts';
import { KEPT_LONGER_S } from '../../src/jobs/retention.ts';

/** How often the mark is read that says so, in ms. Ended jobs are kept for hours. */
const LAG_READ_MS = 10_000;

/** Starts to read the mark. `longerS`: how much longer records are to be kept now, in s. */
export function watchArchiveLag(store: Store, onError: (error: unknown) => void): { longerS(): number; close(): void } {
  let isBehind = false;
  const look = async (): Promise<void> => {
    isBehind = (await store.redis.exists(store.keys.archive.behind)) === 1;
  };
  void look().catch(onError);
  const timer = setInterval(() => void look().catch(onError), LAG_READ_MS);
  timer.unref();
  return { longerS: () => (isBehind ? KEPT_LONGER_S : 0), close: () => clearInterval(timer) };
}
