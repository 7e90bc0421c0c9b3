/**
 * The rate of a lane: how many of its jobs begin in a time,
 * over all workers. The limiter of all lanes bounds them, too.
 */
import type { Store } from '../../src/store/store.ts';

/** Counts the jobs of a lane that begin, in windows, as BullMQ's limiter does for all of them. */
export class LaneRate {
  readonly #take;
  readonly #giveBack;
  /** Until when the window of the last job that was counted here lasts, by performance.now(). */
  #windowEnds = 0;

  /** `max`: how many jobs begin in `duration` ms. */
  constructor(store: Store, lane: string, { max, duration }: { max: number; duration: number }) {
    const [keys, touched] = [['limiter'] as const, { limiter: store.keys.laneLimiter(lane) }];
    const take = store.script(new URL('scripts/take_start.lua', import.meta.url), { keys, args: ['max', 'duration'] });
    const giveBack = store.script(new URL('scripts/give_back_start.lua', import.meta.url), { keys, args: [] });
    this.#take = async () => (await take({ ...touched, max, duration })) as [waitMs: number, leftMs: number];
    this.#giveBack = () => giveBack(touched);
  }

  /**
   * Counts a job that is to begin. Resolves with 0; or, where
   * none may begin now, with how long that holds, in ms.
   */
  async take(): Promise<number> {
    const [waitMs, leftMs] = await this.#take();
    if (waitMs === 0) this.#windowEnds = performance.now() + leftMs;
    return waitMs;
  }

  /** There was no job to begin. One that was counted in a window before is not of this one. */
  async giveBack(): Promise<void> {
    if (performance.now() < this.#windowEnds) await this.#giveBack();
  }
}
