/** Deliveries: what users see of the notifications of their jobs, and how they have them sent again. */
import { ProblemError } from '../job/problem.ts';
import type { Entry, FailedEntry, NotificationQueue } from './notification-queue.ts';
import type { PushRow } from './deliver-push.ts';
import type { WebhookRow } from './deliver-webhook.ts';
import type { Gone } from './gone.ts';
import type { Notification } from './notification.ts';

/** A row of a notification's log. `at`: when the try began, in RFC 3339. */
type Attempt = { at: string } & (WebhookRow | PushRow);

/** A notification of a job's end, as clients see it. Times are in RFC 3339. */
export type Delivery = {
  /** For a webhook its `webhook-id`. */
  id: string;
  channel: 'webhook' | 'push';
  type: string;
  /** The webhook endpoint that gets it; absent for other webhooks, and for a push. */
  endpoint?: string | undefined;
  /** Where it goes; absent for a push, whose token is not shown. */
  url?: string | undefined;
  status: 'waiting' | 'delivered' | 'failed';
  /** Why it failed. */
  code?: string | undefined;
  createdAt: string;
  nextAttemptAt?: string | undefined;
  attempts: Attempt[];
};

/** What users can read and repeat of the notifications of their jobs. */
export class Deliveries {
  readonly #queue: NotificationQueue<Notification>;
  readonly #gone: Gone;
  readonly #maxResent: number;

  /** `maxResent`: how often one webhook is sent again on demand. */
  constructor(queue: NotificationQueue<Notification>, gone: Gone, maxResent: number) {
    this.#queue = queue;
    this.#gone = gone;
    this.#maxResent = maxResent;
  }

  async of(jobId: string): Promise<Delivery[]> {
    return (await this.#queue.of(jobId)).flatMap(present);
  }

  /**
   * Sends the webhooks of a job's newest end again, also if they were delivered, and to a
   * receiver that had said it is gone: one, or one for each endpoint of a Response. Those of ends
   * before it, and pushes, are not sent again: anybody can name any public server, which one
   * request must not call often.
   * @throws ProblemError `rate_limited` if that was just done,
   * `too_many_retries` if it was done too often
   */
  async retry(jobId: string): Promise<Delivery[]> {
    const entries = await this.#queue.of(jobId);
    const webhooks = entries.flatMap(({ id, data, resent }) => (data.type === 'webhook' ? [{ ...data, id, resent }] : []));
    const newest = Math.max(...webhooks.map(({ at }) => at));
    const wanted = webhooks.filter(({ at }) => at === newest);
    if (wanted.length === 0) return entries.flatMap(present);
    if (wanted.some(({ resent }) => resent >= this.#maxResent)) throw sentTooOften(jobId);
    const { afterMs } = await this.#queue.mayResend(jobId);
    if (afterMs > 0) throw justSent(afterMs);
    await Promise.all(
      wanted.map(async ({ id, owner, url }) => {
        await this.#gone.remove({ owner, url });
        await this.#queue.resend({ jobId, id, owner });
      }),
    );
    return this.of(jobId);
  }

  /** Deliveries that have failed for good, of all users, the newest first. */
  async failed(
    limit: number,
    after?: { score: string; id: string },
  ): Promise<{ failed: FailedDelivery[]; next?: { score: string; id: string } | undefined }> {
    const { failed, next } = await this.#queue.failed(limit, after);
    return { failed: failed.flatMap(failedOf), next };
  }

  /**
   * Sends one that has failed again, without regard to how often that was
   * done, and to a receiver that had said it is gone. Resolves with whether there was one.
   */
  async replay(id: string): Promise<boolean> {
    const entry = await this.#queue.failedOne(id);
    if (!entry || entry.data.type === 'receipt') return false;
    const { jobId, data } = entry;
    await this.#gone.remove(data.type === 'webhook' ? { owner: data.owner, url: data.url } : { token: data.token });
    await this.#queue.resend({ jobId, id, owner: data.type === 'webhook' ? data.owner : undefined });
    return true;
  }
}

/** A delivery that has failed for good, of whichever user. `at`: when, in ms since the epoch. */
export type FailedDelivery = { id: string; jobId: string; channel: 'webhook' | 'push'; code: string; at: number };

function failedOf({ id, jobId, data, at, reason }: FailedEntry<Notification>): FailedDelivery[] {
  return data.type === 'receipt' ? [] : [{ id, jobId, channel: data.type, code: reason, at }];
}

function sentTooOften(jobId: string): ProblemError {
  return new ProblemError('too_many_retries', 'The webhook of this job was sent again as often as one may be.', { jobId });
}

function justSent(afterMs: number): ProblemError {
  return new ProblemError('rate_limited', 'The webhook of this job was just sent again; wait as long as Retry-After says.', {
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
      type: `${data.type === 'webhook' && data.response ? 'response' : 'job'}.${data.status}`,
      endpoint: data.type === 'webhook' && data.response ? data.endpoint : undefined,
      url: data.type === 'webhook' ? data.url : undefined,
      status: STATUS[state],
      code: reason,
      createdAt: new Date(createdAt).toISOString(),
      nextAttemptAt: nextAt === undefined ? undefined : new Date(nextAt).toISOString(),
      attempts: rows.filter((row) => row !== undefined) as Attempt[],
    },
  ];
}
