/** Dispatch: the ends of jobs become notifications in their queue. */
import type { Clock } from '../store/clock.ts';
import type { JobQueue } from '../jobs/queue.ts';
import type { NotificationQueue } from './notification-queue.ts';
import type { Claim, Outbox, Settlement } from '../ends/outbox.ts';
import { type Notification, notificationsOf } from './notification.ts';

/** What it is made with. */
export type DispatchOptions = {
  pushDelayMs: number;
  clock: Clock;
  outbox: Pick<Outbox, 'settle'>;
  jobs: Pick<JobQueue, 'read' | 'targetsOf' | 'there'>;
  queue: Pick<NotificationQueue<Notification>, 'add' | 'erase'>;
};

/**
 * Makes the function that dispatches claims. It rejects where
 * Redis is away; the claims come again then.
 */
export function createDispatch({ outbox, jobs, queue, clock, pushDelayMs }: DispatchOptions): (claims: readonly Claim[]) => Promise<void> {
  const dispatch = async (claim: Claim): Promise<Settlement> => {
    const [view, targets] = await Promise.all([jobs.read(claim.id), jobs.targetsOf(claim.id)]);
    const entries = view && targets ? notificationsOf(view.snapshot, targets, { pushDelayMs, now: clock.now() }) : [];
    if (entries.length > 0) {
      await queue.add(entries);
      if (!(await jobs.there([claim.id])).has(claim.id)) await queue.erase([claim.id], view?.snapshot.owner); // it was erased meanwhile
    }
    return { ...claim, how: { type: 'done' } };
  };
  return async (claims) => outbox.settle(await Promise.all(claims.map(dispatch)));
}
