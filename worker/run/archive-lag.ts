/** Whether the archive is behind: then workers keep the records of ended jobs longer, so that BullMQ removes none that is not archived. */
import { KEPT_LONGER_S } from '../../src/jobs/retention.ts';
import type { Store } from '../../src/store/store.ts';

/** How often to look for the mark that says so, in ms. Ended jobs are kept for hours. */
const LOOK_MS = 10_000;

/** Starts to look. `longerS`: how much longer records are to be kept now, in s. */
export function watchArchiveLag(store: Store, onError: (error: unknown) => void): { longerS(): number; close(): void } {
  let isBehind = false;
  const look = async (): Promise<void> => {
    isBehind = (await store.redis.exists(store.keys.archive.behind)) === 1;
  };
  void look().catch(onError);
  const timer = setInterval(() => void look().catch(onError), LOOK_MS);
  timer.unref();
  return { longerS: () => (isBehind ? KEPT_LONGER_S : 0), close: () => clearInterval(timer) };
}
