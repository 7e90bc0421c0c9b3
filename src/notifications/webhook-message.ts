/** A webhook as it is sent: the body, and the signed headers of Standard Webhooks 1.0.0. */
import { createHmac } from 'node:crypto';
import { type ResponseEnd, responseId } from '../job/response.ts';
import { digestOf } from '../store/digest.ts';
import type { EndStatus, Notification } from './notification.ts';

/** A webhook that is to be sent. */
export type Webhook = Extract<Notification, { type: 'webhook' }>;

/**
 * What a webhook says: how a job has ended, without its
 * result. `timestamp`: when it ended, in RFC 3339.
 */
type WebhookEvent = {
  type: `job.${EndStatus}`;
  timestamp: string;
  data: { jobId: string; kind: string; status: EndStatus; statusUrl: string };
};

/**
 * The same as OpenAI says it of a Response. `id`: the same for all who are told of this end.
 * `created_at`: in s since the epoch.
 */
type ResponseEvent = { id: string; object: 'event'; created_at: number; type: `response.${ResponseEnd}`; data: { id: string } };

/** What a webhook of a job says. `statusUrl`: where the job's status is read. */
export function eventOf(jobId: string, webhook: Webhook, statusUrl: string): WebhookEvent | ResponseEvent {
  const { kind, at } = webhook;
  if (webhook.response) {
    const [id, type] = [`evt_${digestOf([jobId, at])}`, `response.${webhook.status}`] as const;
    return { id, object: 'event', created_at: Math.floor(at / 1000), type, data: { id: responseId(jobId) } };
  }
  const { status } = webhook;
  return { type: `job.${status}`, timestamp: new Date(at).toISOString(), data: { jobId, kind, status, statusUrl } };
}

/**
 * The headers. `id` stays the same for every try; `keys`: the
 * receiver's keys that are valid now, each of which signs.
 */
export function signedHeaders(id: string, body: string, keys: readonly Uint8Array[], now = Date.now()): Record<string, string> {
  const seconds = String(Math.floor(now / 1000));
  const sign = (key: Uint8Array) => `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': keys.map(sign).join(' '),
  };
}
