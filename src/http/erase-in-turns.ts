/** Erases jobs for users who take turns: what one user asks for meanwhile is done in that user's next turn, and nobody is refused for it. */
import type { Erasure } from '../archive/erasure.ts';
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import type { Share } from './shares.ts';

/** A job that is to be erased. */
type Job = Parameters<Erasure['job']>[0];

/** Erases a job in a turn of its holder's. Rejects with what the erasure or the turn rejects with. */
export type EraseInTurns = (holder: Tenant, job: Job) => Promise<void>;

/** How many jobs are erased at once in a turn, and how many in all of it. */
const AT_ONCE = 10;
const IN_A_TURN = 50;

/** How many of a holder's may wait. */
const MAX_WAITING = 1000;

/** When to try again what was refused, in ms. */
const RETRY_MS = 2000;

type Waiting = { job: Job; done: PromiseWithResolvers<void> };

/** Makes the function. `turns`: what holders take turns for. */
export function createEraseInTurns(erasure: Pick<Erasure, 'job'>, turns: Pick<Share, 'turn'>): EraseInTurns {
  const waiting = new Map<Tenant, Waiting[]>();

  const takeTurn = async (holder: Tenant, jobs: Waiting[]): Promise<void> => {
    const release = await turns.turn(holder);
    try {
      for (let left = IN_A_TURN; left > 0 && jobs.length > 0; left -= AT_ONCE) {
        const erase = ({ job, done }: Waiting) => erasure.job(job).then(() => done.resolve(), done.reject);
        await Promise.all(jobs.splice(0, Math.min(AT_ONCE, left)).map(erase));
      }
    } finally {
      release();
    }
  };

  const eraseAll = async (holder: Tenant, jobs: Waiting[]): Promise<void> => {
    try {
      while (jobs.length > 0) await takeTurn(holder, jobs);
    } catch (error) {
      for (const { done } of jobs) done.reject(error); // there was no turn
    } finally {
      waiting.delete(holder);
    }
  };

  return (holder, job) => {
    const done = Promise.withResolvers<void>();
    const known = waiting.get(holder);
    if (known && known.length >= MAX_WAITING) {
      const detail = `More than ${MAX_WAITING} of your erasures wait already; go on when Retry-After says.`;
      throw new ProblemError('too_many_open', detail, { retryAfterMs: RETRY_MS });
    }
    const jobs = known ?? [];
    jobs.push({ job, done });
    if (!known) {
      waiting.set(holder, jobs);
      void eraseAll(holder, jobs);
    }
    return done.promise;
  };
}
