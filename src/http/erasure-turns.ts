/**
 * Erases jobs in turns of users. Erasures that a user asks for meanwhile wait for that user's next
 * turn instead of being refused.
 */
import type { Eraser } from '../archive/eraser.ts';
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import type { Share } from './shares.ts';

/** A job that is to be erased. */
type Job = Parameters<Eraser['job']>[0];

/** How many jobs are erased at once in a turn, and how many in all of it. */
const AT_ONCE = 10;
const IN_A_TURN = 50;

/** How many erasures of one holder may wait. */
const MAX_WAITING = 1000;

/** When to try again what was refused, in ms. */
const RETRY_MS = 2000;

type PendingErasure = { job: Job; done: PromiseWithResolvers<void> };

/** Erases jobs in turns of their holders. */
export class ErasureTurns {
  readonly #eraser: Pick<Eraser, 'job'>;
  readonly #turns: Pick<Share, 'turn'>;
  readonly #waiting = new Map<Tenant, PendingErasure[]>();

  /** `turns`: the share whose turns the holders take. */
  constructor(eraser: Pick<Eraser, 'job'>, turns: Pick<Share, 'turn'>) {
    this.#eraser = eraser;
    this.#turns = turns;
  }

  /**
   * Erases a job. Rejects with what the erasure or the turn rejects with.
   * @throws ProblemError `too_many_open` if too many of the holder's wait already
   */
  erase(holder: Tenant, job: Job): Promise<void> {
    const done = Promise.withResolvers<void>();
    const known = this.#waiting.get(holder);
    if (known && known.length >= MAX_WAITING) {
      const detail = `More than ${MAX_WAITING} of your erasures wait already; go on when Retry-After says.`;
      throw new ProblemError('too_many_open', detail, { retryAfterMs: RETRY_MS });
    }
    const jobs = known ?? [];
    jobs.push({ job, done });
    if (!known) {
      this.#waiting.set(holder, jobs);
      void this.#eraseAll(holder, jobs);
    }
    return done.promise;
  }

  async #eraseAll(holder: Tenant, jobs: PendingErasure[]): Promise<void> {
    try {
      while (jobs.length > 0) await this.#takeTurn(holder, jobs);
    } catch (error) {
      for (const { done } of jobs) done.reject(error); // there was no turn
    } finally {
      this.#waiting.delete(holder);
    }
  }

  async #takeTurn(holder: Tenant, jobs: PendingErasure[]): Promise<void> {
    const release = await this.#turns.turn(holder);
    try {
      for (let left = IN_A_TURN; left > 0 && jobs.length > 0; left -= AT_ONCE) {
        const erase = ({ job, done }: PendingErasure) => this.#eraser.job(job).then(() => done.resolve(), done.reject);
        await Promise.all(jobs.splice(0, Math.min(AT_ONCE, left)).map(erase));
      }
    } finally {
      release();
    }
  }
}
