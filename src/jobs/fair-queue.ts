/**
 * The fair queue: whose job is next among all tenants' waiting jobs. Each job has a tag as its
 * priority, and the lowest is next. A tenant's tags go up by 1 / weight with each of its jobs,
 * from the highest tag that was served. Start-time fair queueing (Goyal, 1996) works like this.
 */
import type { Tenant } from '../job/tenant.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** What a worker tells of the jobs that it takes out of a lane. */
export type FairQueue = {
  /**
   * A job with this tag was served, and is about to end. A job that is only put off
   * was not served. Of jobs that end within some ms only the first is noted: that makes
   * the order less exact by a few jobs. It must not be noted later, because turns begin
   * anew once all jobs have ended, and a tag from before would put new jobs last.
   */
  served(tag: number): Promise<void>;
  /**
   * A job is about to be delayed for so many ms: when it comes back it takes its
   * tenant's next tag, or a burst that is put off would return before all others.
   */
  requeue(jobId: string, tenant: Tenant, afterMs: number): Promise<void>;
};

/** How long no further tag is noted, in ms. */
const REST_MS = 5;

/**
 * Makes the worker's side of the fair queue of a lane; admission has
 * the other (src/store/scripts/include/next_tag.lua).
 */
export function createFairQueue(store: Store, lane: Lane): FairQueue {
  const script = store.script(new URL('scripts/requeue.lua', import.meta.url), {
    keys: ['turns', 'queue', 'coming', 'job'],
    args: ['tenant', 'afterMs'],
  });
  const { keys } = store;
  const shared = { turns: keys.turns(lane), queue: keys.queue(lane), coming: keys.coming };
  let notedAt = -Infinity;

  return {
    async served(tag) {
      const now = performance.now();
      if (now - notedAt < REST_MS) return;
      notedAt = now;
      await store.redis.zadd(shared.turns, 'GT', tag, '*');
    },
    requeue: async (jobId, tenant, afterMs) => void (await script({ ...shared, job: keys.job(jobId), tenant, afterMs })),
  };
}
