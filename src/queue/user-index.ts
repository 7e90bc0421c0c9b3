/** The index of a user's jobs: BullMQ knows no owners, so their ids are kept in a sorted set beside it. */
import type { Redis } from 'ioredis';
import type { Snapshot } from '../jobs/event.ts';
import type { Keys } from './keys.ts';
import type { LookAt } from './look.ts';

/** A place in a user's jobs. */
export type Place = { createdAt: number; id: string };

/** Which of a user's jobs, newest first. */
export type Range = {
  /** How many at most. */
  limit: number;
  /** Only those after this place, which an earlier page ended at. */
  before?: Place | undefined;
  wanted?: (job: Snapshot) => boolean;
};

/** A page of jobs, and where the next one begins, if there is one. */
export type Page = { jobs: Snapshot[]; next?: Place | undefined };

/** An entry this old, in ms, without a job is a job that has gone; a younger one may be about to come. */
const SETTLED_MS = 60_000;

/** How much longer than its newest job's retention an index is kept, in s: jobs wait, too. */
export const KEPT_LONGER_S = 7 * 24 * 3600;

/** Makes the function that lists a user's jobs. The index needs no clean-up: entries go when they are found to lead nowhere, a user's set when it is old. */
export function createUserIndex(redis: Redis, look: LookAt, keys: Keys): (owner: string, range: Range) => Promise<Page> {
  /** Places from one on, newest first; equal times in the reverse order of their ids, as Redis sorts them. */
  const readPlaces = async (owner: string, limit: number, before: Place | undefined): Promise<Place[]> => {
    const ties = before ? await redis.zcount(keys.jobsOf(owner), before.createdAt, before.createdAt) : 0;
    const flat = await redis.zrevrangebyscore(
      keys.jobsOf(owner),
      before?.createdAt ?? '+inf',
      '-inf',
      'WITHSCORES',
      'LIMIT',
      0,
      limit + ties,
    );
    const places = flat.flatMap((id, index) => (index % 2 === 0 ? [{ id, createdAt: Number(flat[index + 1]) }] : []));
    return places.filter(({ id, createdAt }) => !before || createdAt < before.createdAt || id < before.id).slice(0, limit);
  };

  return async (owner, { limit, before, wanted = () => true }) => {
    const jobs: Snapshot[] = [];
    for (let from = before; ;) {
      const places = await readPlaces(owner, limit, from);
      const looks = await Promise.all(places.map(({ id }) => look(id)));
      const gone = places.filter(({ createdAt }, index) => !looks[index] && createdAt < Date.now() - SETTLED_MS);
      if (gone.length > 0) await redis.zrem(keys.jobsOf(owner), ...gone.map(({ id }) => id));
      for (const [index, place] of places.entries()) {
        const job = looks[index]?.snapshot;
        if (job && wanted(job)) jobs.push(job);
        if (jobs.length === limit) return { jobs, next: place };
      }
      if (places.length < limit) return { jobs };
      from = places.at(-1);
    }
  };
}
