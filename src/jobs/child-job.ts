/**
 * The job that another one leads to: its id follows from its
 * parent's, and it is made once, however often its parent runs.
 */
import { createIORedisClient, type IRedisClient, Job, type Queue } from 'bullmq';
import { OwnError } from '../job/own-error.ts';
import type { Admission } from './admission.ts';
import { childIdOf } from './child-id.ts';
import { JobEraser } from './erase-jobs.ts';
import { FIELDS, type Payload, notifiesOf } from '../job/record.ts';
import type { Store } from '../store/store.ts';

/** A child to be: whose it is, and from which request, is its parent's. */
export type NewChild = Omit<Payload, 'next' | 'nextV' | 'parent' | 'tells'> & { parent: string; kind: string };

/** What workers do about children. */
export type Children = {
  /**
   * Adds a child in the place that was kept for it, and resolves with its id. The same transaction
   * notes it in its parent's record. So a further call adds nothing, also if the child is gone by
   * then. Where the parent was erased nothing stays. The parent's deadline is the child's, too.
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
  queue: Queue<Payload>;
  admission: Pick<Admission, 'admit' | 'added'>;
  cancel: (jobId: string) => Promise<unknown>;
};

/** See {@link Children}. */
export function createChildren(store: Store, { queue, admission, cancel }: ChildrenOptions): Children {
  const client: IRedisClient = createIORedisClient(store.redis);
  const eraser = new JobEraser(store, queue, cancel);

  return {
    async add({ parent, kind, owner, tenant, requestId, targets, reserved, v, input }) {
      const notifies = notifiesOf(targets);
      const jobId = childIdOf(parent, kind);
      const parentRecord = store.keys.job(parent);
      const [made, there] = await store.redis.hmget(parentRecord, FIELDS.child, 'name');
      if (made || !there) return jobId; // it was made before, or the parent has just been erased
      const admitted = await admission.admit({ jobId, parent, tenant, owner, bounded: false, notifies: notifies !== undefined });
      if (admitted.type !== 'admitted') throw new OwnError('a child has a place, and no key to be known by');
      const payload: Payload = { owner, tenant, tells: notifies, reserved, requestId, targets, parent, v, input };
      const { priority, at: timestamp } = admitted;
      await queue.waitUntilReady(); // its scripts are known to the connection then
      const transaction = client.multi();
      transaction.runCommand('hexists', [parentRecord, 'name']);
      transaction.hset(parentRecord, { [FIELDS.child]: jobId });
      await new Job(queue, kind, payload, { ...queue.defaultJobOptions, jobId, priority, timestamp }, jobId).addJob(transaction);
      const replies = (await transaction.exec()) ?? [];
      admission.added(jobId);
      for (const [error] of replies) if (error) throw error;
      if (replies[0]?.[1] === 0) {
        // The parent was erased after it was looked at, so the child
        // must not stay. The parent's record has only our note now.
        await Promise.all([store.redis.del(parentRecord), eraser.erase([jobId])]);
      }
      return jobId;
    },
    async endWithParent({ id, parent }) {
      if ((await store.redis.hget(store.keys.job(parent), 'failedReason')) !== 'cancelled') return false;
      await cancel(id);
      return true;
    },
  };
}
