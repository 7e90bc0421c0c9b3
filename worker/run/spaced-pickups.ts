/**
 * When jobs are picked up again that can't run in this worker now. Each pickup counts for the
 * limiter, which all jobs share, so that such jobs may take a part of its starts only.
 */
import { momentIn } from '../../src/store/redis-time-backend.ts';

/** Which part of the limiter's starts they take: one of so many. */
const PART = 4;

/** Spaces out pickups. `rate`: the limiter's. */
export class SpacedPickups {
  readonly #spaceMs: number;
  #next = 0;

  constructor({ max, duration }: { max: number; duration: number }) {
    this.#spaceMs = (PART * duration) / max;
  }

  /**
   * The moment of the next pickup, as BullMQ's `moveToDelayed` takes it: `afterMs` from now at the
   * earliest. `workers`: how many share the part.
   */
  next(afterMs: number, workers = 1): number {
    return (this.#next = Math.max(momentIn(afterMs), this.#next + this.#spaceMs * Math.max(workers, 1)));
  }
}
