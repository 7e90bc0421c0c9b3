/** What bulk actions do to each job, put together over queue, eraser and notifications. */
import type { Eraser } from './archive/eraser.ts';
import type { AppDeps, Notifications } from './http/app-deps.ts';
import { ProblemError } from './job/problem.ts';
import { BulkActions, type BulkKind } from './jobs/bulk-actions.ts';
import { BulkLoop, type BulkStep } from './jobs/bulk-loop.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { Parts } from './process.ts';
import type { ProcessStore } from './store/store.ts';

/** What the steps need. */
export type BulkParts = {
  queue: Pick<JobQueue, 'read' | 'retry' | 'cancel'>;
  eraser: Pick<Eraser, 'job'>;
  notifications: Pick<Notifications, 'handOn' | 'accepted'>;
  onError: (error: unknown) => void;
};

/**
 * Makes the steps. Each can be done again where a process died in the middle: a job that has failed
 * anew since is not retried, and one that is cancelled or gone stays so.
 */
export function createBulkSteps({ queue, eraser, notifications, onError }: BulkParts): Record<BulkKind, BulkStep> {
  const steps: Record<BulkKind, BulkStep> = {
    async retry({ id: jobId, endedAt: failedAt }, bulk) {
      const job = (await queue.read(jobId))?.snapshot;
      if (job?.end?.outcome.type !== 'failed' || job.finishedAt !== failedAt) return false;
      const { tenant, next, notifies, reserved } = job;
      if (notifies !== undefined) await notifications.handOn(jobId);
      const terms = { tenant, next, reserved, notifies: notifies !== undefined, bounded: false };
      const { type } = await queue.retry({ jobId, ...terms, bulk: { id: bulk, failedAt } });
      if (type === 'retried' && notifies !== undefined) notifications.accepted(jobId, next);
      return type === 'retried';
    },
    async cancel({ id }) {
      const outcome = await queue.cancel(id);
      // One that was cancelled by this action, before its process died, counts.
      return outcome === 'cancelled' || (outcome === 'ended' && (await queue.read(id))?.snapshot.status === 'cancelled');
    },
    async purge({ id }) {
      const job = (await queue.read(id))?.snapshot;
      if (job) await eraser.job(job);
      return true;
    },
  };
  return { retry: notStopping(steps.retry, onError), cancel: notStopping(steps.cancel, onError), purge: notStopping(steps.purge, onError) };
}

/**
 * A job that can't be changed must not stop the action for all others; only where Redis is
 * away it waits.
 */
function notStopping(step: BulkStep, onError: (error: unknown) => void): BulkStep {
  return async (job, bulk) => {
    try {
      return await step(job, bulk);
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'queue_unavailable') throw error;
      onError(error);
      return false;
    }
  };
}

/** Opens bulk actions and the loop that does them in this process. */
export function openBulk(
  { store, ...parts }: Omit<BulkParts, 'onError'> & { store: ProcessStore },
  closing: Pick<Parts, 'add'>,
): AppDeps['bulk'] {
  const onError = store.onError('bulk actions');
  const actions = new BulkActions(store);
  const loop = closing.add(new BulkLoop({ actions, steps: createBulkSteps({ ...parts, onError }), onError }));
  return { actions, look: () => loop.look() };
}
