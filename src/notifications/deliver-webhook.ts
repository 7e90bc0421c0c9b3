/** One try to deliver a webhook: what is sent, and what each answer means. */
import { traceIdOf } from '../job/trace-parent.ts';
import type { Try, TryResult } from './notification-sender.ts';
import type { Gone } from './gone.ts';
import type { Notification } from './notification.ts';
import type { Places } from './places.ts';
import type { PostFailure, PostRequest, PostResult } from './post.ts';
import { pauseAfter } from './try-times.ts';
import type { WebhookEndpoints } from './webhook-endpoints.ts';
import { eventOf, signedHeaders, type Webhook } from './webhook-message.ts';
import type { WebhookSecrets } from './webhook-secrets.ts';

/** A row of the log: how long a try took, and the status that was answered, or why there was no answer. */
export type WebhookRow = { ms: number; status?: number; code?: PostFailure | 'endpoint_gone' };

/** What webhooks are delivered with. */
export type WebhookOptions = {
  /** `timeoutMs`: how long it may take, in ms. */
  post: (request: PostRequest, timeoutMs: number, signal: AbortSignal) => Promise<PostResult>;
  secrets: Pick<WebhookSecrets, 'keysOf'>;
  endpoints: Pick<WebhookEndpoints, 'find' | 'keysOf'>;
  places: Places;
  gone: Pick<Gone, 'has' | 'add'>;
  /** Makes the address at which a job's status is read. */
  statusUrl: (jobId: string) => Promise<string>;
  /** As which program the sender names itself. */
  userAgent: string;
  log: { info(about: object, message: string): void; warn(about: object, message: string): void };
};

/** Who gets a webhook. `keys`: resolves with what signs it, the newest first. */
type Receiver = { owner: string; url: string; keys: () => Promise<Buffer[]> };

/** Makes the function that does one try. */
export function createDeliverWebhook(
  options: WebhookOptions,
): (tried: Try<Notification>, webhook: Webhook) => Promise<TryResult<Notification>> {
  const { post, secrets, endpoints, places, gone, statusUrl, userAgent, log } = options;

  /** Where a webhook goes now, and what signs it. Nowhere if its endpoint was deleted. */
  const findReceiver = async (webhook: Webhook): Promise<Receiver | undefined> => {
    const { owner, url, response } = webhook;
    if (response === undefined || webhook.endpoint === undefined) return { owner, url, keys: () => secrets.keysOf(owner) };
    const endpoint = await endpoints.find(owner, webhook.endpoint);
    return endpoint && { owner, url: endpoint.url, keys: () => endpoints.keysOf(owner, endpoint) };
  };

  const send = async (
    { id, jobId, signal }: Try<Notification>,
    webhook: Webhook,
    { receiver: { url, keys }, timeoutMs }: { receiver: Receiver; timeoutMs: number },
  ): Promise<PostResult> => {
    const body = JSON.stringify(eventOf(jobId, webhook, webhook.response ? '' : await statusUrl(jobId)));
    const headers = signedHeaders(id, body, await keys());
    return post({ url, headers: { ...headers, 'user-agent': userAgent }, body }, timeoutMs, signal);
  };

  return async (tried, webhook) => {
    const { owner, requestId, traceparent } = webhook;
    const { id, jobId, number } = tried;
    const receiver = await findReceiver(webhook);
    if (!receiver) return { type: 'failed', reason: 'endpoint_deleted' };
    const { url } = receiver;
    const { host } = new URL(url);
    if (await gone.has({ owner, url })) return { type: 'failed', reason: 'endpoint_gone' };
    const place = places.enter(receiver);
    if (place.type === 'busy') return { type: 'not_now', afterMs: place.afterMs };
    const begun = performance.now();
    const posted = await send(tried, webhook, { receiver, timeoutMs: place.limitMs }).catch((error: unknown) => {
      place.leave(false);
      throw error;
    });
    place.leave(posted.type === 'answered');
    const ms = Math.round(performance.now() - begun);
    const about = posted.type === 'answered' ? { status: posted.status } : { code: posted.code };
    const verdict = verdictOf(posted, number);
    if (verdict.type === 'failed' && verdict.reason === 'endpoint_gone') await gone.add({ owner, url });
    const line = { jobId, requestId, traceId: traceIdOf(traceparent), webhookId: id, host, number, ms, ...about }; // by host: the rest of a URL may carry a secret of the receiver's
    if (verdict.type === 'done') log.info(line, 'webhook delivered');
    else log.warn(line, 'webhook not delivered');
    if (verdict.type === 'not_now') return verdict; // the process stops: that is no try
    const row: WebhookRow = { ms, ...about };
    return { ...verdict, row };
  };
}

/**
 * What an answer means: 2xx is received, 410 ends it for this receiver,
 * and all else is tried again, redirects too. A private address fails
 * for good: another try would not change it.
 */
function verdictOf(posted: PostResult, number: number): TryResult<Notification> {
  if (posted.type === 'failed') {
    if (posted.code === 'stopped') return { type: 'not_now', afterMs: 0 };
    if (posted.code === 'address_not_public') return { type: 'failed', reason: posted.code };
    return { type: 'again', afterMs: pauseAfter('webhook', number), reason: posted.code };
  }
  const { status, retryAfterMs } = posted;
  if (status >= 200 && status < 300) return { type: 'done' };
  if (status === 410) return { type: 'failed', reason: 'endpoint_gone' };
  return { type: 'again', afterMs: pauseAfter('webhook', number, retryAfterMs), reason: `status_${status}` };
}
