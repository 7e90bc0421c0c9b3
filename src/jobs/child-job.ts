/**
 * The job that another one leads to: its id follows from its
 * parent's, and it is made once, however often its parent runs.
 */
import { OwnError } from '../job/own-error.ts';
import type { AddAdmitted } from './add-admitted.ts';
import type { Admission } from './admission.ts';
import { childIdOf } from './child-id.ts';
import type { Lanes } from './lanes.ts';
import { FIELDS, type Payload, notifiesOf } from '../job/record.ts';
import type { Store } from '../store/store.ts';

/** A child to be: whose it is, and from which request, is its parent's. */
export type NewChild = Omit<Payload, 'next' | 'nextV' | 'parent' | 'tells'> & { parent: string; kind: string };

/** What workers do about children. */
export type Children = {
  /**
   * Adds a child in the place that was kept for it, and resolves with its id. The same step
   * notes it in its parent's record. So a further call adds nothing, also if the child is gone by
   * then. Where the parent was erased nothing is added. The parent's deadline is the child's, too.
   */
  add(request: NewChild): Promise<string>;
  /**
   * Cancels a child if its parent was cancelled: it can have been added in the moment in
   * which that happened. To be asked before the child is begun. Resolves with whether it was.
   */
  endWithParent(child: { id: string; parent: string }): Promise<boolean>;
};

/** What children are made with. */
export type ChildrenOptions = {
  admission: Pick<Admission, 'admit' | 'withdraw'>;
  addAdmitted: AddAdmitted;
  lanes: Lanes;
  cancel: (jobId: string) => Promise<unknown>;
};

/** See {@link Children}. */
export function createChildren(store: Store, { admission, addAdmitted, lanes, cancel }: ChildrenOptions): Children {
  return {
    async add({ parent, kind, owner, tenant, requestId, targets, reserved, traceparent, v, input }) {
      const notifies = notifiesOf(targets);
      const id = childIdOf(parent, kind);
      const [made, there] = await store.redis.hmget(store.keys.job(parent), FIELDS.child, 'name');
      if (made || !there) return id; // it was made before, or the parent has just been erased
      const lane = await lanes.of(kind);
      const request = { jobId: id, lane, parent, tenant, owner, bounded: false, notifies: notifies !== undefined };
      const admitted = await admission.admit(request);
      if (admitted.type !== 'admitted') throw new OwnError('a child has a place, and no key to be known by');
      const payload: Payload = { owner, tenant, tells: notifies, reserved, traceparent, requestId, targets, parent, v, input };
      const { priority, at } = admitted;
      const added = await addAdmitted({ id, kind, payload, lane, priority, at, parent });
      if (added === undefined) await admission.withdraw(request);
      return id;
    },
    async endWithParent({ id, parent }) {
      if ((await store.redis.hget(store.keys.job(parent), 'failedReason')) !== 'cancelled') return false;
      await cancel(id);
      return true;
    },
  };
}
