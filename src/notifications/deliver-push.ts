/**
 * Push notifications: one is sent if nobody was there at the job's
 * end, and its receipt tells later whether the phone still wants any.
 */
import type { Clock } from '../store/clock.ts';
import type { NewEntry } from './notification-sender.ts';
import type { Try, TryResult } from './notification-sender.ts';
import type { PushService } from './expo.ts';
import type { Gone } from './gone.ts';
import type { Bulkheads } from './bulkheads.ts';
import type { SeenEnds } from './seen-ends.ts';
import type { Notification } from './notification.ts';
import { pauseAfter, TRIES } from './try-times.ts';

/** A push that is to be sent. */
export type Push = Extract<Notification, { type: 'push' }>;

/** A receipt that is to be read. */
export type Receipt = Extract<Notification, { type: 'receipt' }>;

/** A row of the log: what came of a try, as a code. */
export type PushRow = { code: string };

/** What pushes are sent with. */
export type PushOptions = {
  service: PushService;
  seenEnds: Pick<SeenEnds, 'has'>;
  bulkheads: Bulkheads;
  gone: Pick<Gone, 'has' | 'add'>;
  clock: Clock;
  /** What a phone shows of a job's end. */
  textOf: (kind: string, status: Push['status']) => string;
  log: { info(about: object, message: string): void; warn(about: object, message: string): void };
};

/** How soon a push is stale, in s: the phone's maker keeps it as long if the phone is off. */
const TTL_S = 24 * 3600;

/** How long Expo's service takes at most until there is a receipt, in ms. */
const RECEIPT_MS = 30 * 60_000;

/** The code by which Expo's service says that a token is dead. */
const DEAD = 'DeviceNotRegistered';

/**
 * How many pushes are being handed to the service at once in
 * one process, and for how many receipts it is asked.
 */
const ROOM = { push: 16, receipt: 16 };

/** How soon to look again whether a client has acknowledged the end, in ms. */
const MAYBE_MS = 500;

/**
 * Makes the function that sends a push. A process that is killed while
 * it sends one leaves it at that: one push too few is better than two.
 */
export function createDeliverPush(options: PushOptions): (tried: Try<Notification>, push: Push) => Promise<TryResult<Notification>> {
  const { service, seenEnds, gone, bulkheads, clock, textOf, log } = options;

  const send = async ({ number, jobId, signal, update }: Try<Notification>, push: Push): Promise<TryResult<Notification>> => {
    const { token, kind, status } = push;
    await update({ ...push, sentAt: clock.now() });
    const message = { to: token, body: textOf(kind, status), data: { jobId, kind, status }, ttlS: TTL_S };
    const answer = await service.send(message, signal);
    switch (answer.type) {
      case 'taken':
        if (answer.ticket !== undefined) await update({ ...push, sentAt: clock.now(), ticket: answer.ticket });
        return sent(jobId, push, answer.ticket);
      case 'refused':
        if (answer.code === DEAD) await gone.add({ token });
        return { type: 'failed', reason: answer.code, row: { code: answer.code } };
      case 'not_taken': {
        await update(push);
        const { code, retryAfterMs } = answer;
        return { type: 'again', afterMs: pauseAfter('push', number, retryAfterMs), reason: code, row: { code } };
      }
      case 'unknown':
        return { type: 'failed', reason: 'answer_lost', row: { code: 'answer_lost' } };
    }
  };

  /** What is known before anything is sent; undefined if it is to be sent. */
  const decide = async ({ jobId }: Try<Notification>, push: Push): Promise<TryResult<Notification> | undefined> => {
    const { token, at, sentAt, ticket } = push;
    if (ticket !== undefined) return sent(jobId, push, ticket); // by a try that came no further
    if (sentAt !== undefined) return { type: 'failed', reason: 'answer_lost' }; // by a try that was cut off
    const seen = await seenEnds.has(jobId, at);
    if (seen === 'maybe') return { type: 'not_now', afterMs: MAYBE_MS };
    if (seen === 'yes') return { type: 'done', row: { code: 'somebody_listened' } };
    return (await gone.has({ token })) ? { type: 'failed', reason: DEAD } : undefined;
  };

  return async (tried, push) => {
    const place = bulkheads.enter([{ name: 'push', room: ROOM.push }]);
    if (place.type === 'busy') return { type: 'not_now', afterMs: place.afterMs };
    const outcome = await (async () => (await decide(tried, push)) ?? send(tried, push))().finally(place.leave);
    const about = { jobId: tried.jobId, requestId: push.requestId, number: tried.number };
    if (outcome.type === 'done') log.info({ ...about, ...outcome.row }, 'push notification done');
    else if (outcome.type !== 'not_now') log.warn({ ...about, code: outcome.reason }, 'push notification not sent');
    return outcome;
  };
}

/** The service has it. Its receipt is read later, if there is a ticket to ask by. */
function sent(jobId: string, { token, requestId }: Push, ticket: string | undefined): TryResult<Notification> {
  const done = { type: 'done', row: { code: 'sent' } } as const;
  if (ticket === undefined) return done;
  const id = `receipt_${ticket.replaceAll(/\W/g, '_')}`;
  const next: NewEntry<Notification> = {
    id,
    jobId,
    data: { type: 'receipt', token, ticket, requestId },
    delayMs: RECEIPT_MS,
    tries: TRIES.receipt,
  };
  return { ...done, next };
}

/** Makes the function that reads a receipt. */
export function createReadReceipt({
  service,
  gone,
  bulkheads,
  log,
}: Pick<PushOptions, 'service' | 'gone' | 'bulkheads' | 'log'>): (
  tried: Try<Notification>,
  receipt: Receipt,
) => Promise<TryResult<Notification>> {
  return async ({ jobId, number, signal }, { token, ticket, requestId }) => {
    const again = (reason: string): TryResult<Notification> => ({ type: 'again', afterMs: pauseAfter('receipt', number), reason });
    const place = bulkheads.enter([{ name: 'receipt', room: ROOM.receipt }]);
    if (place.type === 'busy') return { type: 'not_now', afterMs: place.afterMs };
    const receipt = await service
      .receipt(ticket, signal)
      .catch(() => undefined)
      .finally(place.leave);
    if (!receipt) return signal.aborted ? { type: 'not_now', afterMs: 0 } : again('service_unreachable');
    if (receipt.type === 'not_yet') return again('not_yet');
    if (receipt.type === 'ok') return { type: 'done' };
    if (receipt.code === DEAD) await gone.add({ token });
    log.warn({ jobId, requestId, code: receipt.code }, 'push notification did not reach the phone');
    return { type: 'failed', reason: receipt.code };
  };
}
