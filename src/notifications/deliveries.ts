/** Deliveries: what users see of the notifications of their jobs, and how they have them sent again. */
import { ProblemError } from '../job/problem.ts';
import type { Entry, NotificationQueue } from '../queue/notification-queue.ts';
import type { PushRow } from './deliver-push.ts';
import type { WebhookRow } from './deliver-webhook.ts';
import type { Gone } from './gone.ts';
import type { Notification } from './notification.ts';

/** A notification of a job's end, as clients see it. Times are in RFC 3339. */
export type Delivery = {
  /** For a webhook its `webhook-id`. */
  id: string;
  channel: 'webhook' | 'push';
  type: string;
  /** Where it goes; absent for a push, whose token is not shown. */
  url?: string | undefined;
  status: 'waiting' | 'delivered' | 'failed';
  /** Why it failed. */
  code?: string | undefined;
  createdAt: string;
  nextAttemptAt?: string | undefined;
  attempts: (WebhookRow | PushRow)[];
};

/** See the file's head. */
export type Deliveries = {
  of(jobId: string): Promise<Delivery[]>;
  /**
   * Sends all webhooks of a job again, also those that were delivered, and to a receiver that had said it is gone. Pushes are not sent again.
   * @throws ProblemError `rate_limited` if that was just done: anybody can name any public server
   */
  retry(jobId: string): Promise<Delivery[]>;
  counts: NotificationQueue<Notification>['counts'];
  /** Erases what is kept of jobs. `owner`: whose they are, where that is known. */
  erase(jobIds: readonly string[], owner?: string): Promise<void>;
  /** Erases what is kept of a user's jobs, those that are forgotten, too. */
  eraseUser(owner: string): Promise<void>;
};

/** Makes them. */
export function createDeliveries(queue: NotificationQueue<Notification>, gone: Pick<Gone, 'remove'>): Deliveries {
  const of = async (jobId: string) => (await queue.of(jobId)).flatMap(present);
  return {
    of,
    async retry(jobId) {
      const webhooks = (await queue.of(jobId)).flatMap(({ id, data }) => (data.type === 'webhook' ? [{ ...data, id }] : []));
      const { afterMs } = webhooks.length === 0 ? { afterMs: 0 } : await queue.mayRetry(jobId);
      if (afterMs > 0) throw justSent(afterMs);
      for (const { id, owner, url } of webhooks) {
        await gone.remove({ owner, url });
        await queue.retry({ jobId, id, owner });
      }
      return of(jobId);
    },
    counts: queue.counts,
    erase: queue.erase,
    eraseUser: queue.eraseUser,
  };
}

function justSent(afterMs: number): ProblemError {
  return new ProblemError('rate_limited', 'The webhooks of this job were just sent again; wait as long as Retry-After says.', {
    retryAfterMs: afterMs,
  });
}

const STATUS = { waiting: 'waiting', done: 'delivered', failed: 'failed' } as const;

function present({ id, data, state, createdAt, reason, nextAt, rows }: Entry<Notification>): Delivery[] {
  if (data.type === 'receipt') return [];
  return [
    {
      id,
      channel: data.type,
      type: `job.${data.status}`,
      url: data.type === 'webhook' ? data.url : undefined,
      status: STATUS[state],
      code: reason,
      createdAt: new Date(createdAt).toISOString(),
      nextAttemptAt: nextAt === undefined ? undefined : new Date(nextAt).toISOString(),
      attempts: rows.filter((row) => row !== undefined) as (WebhookRow | PushRow)[],
    },
  ];
}
