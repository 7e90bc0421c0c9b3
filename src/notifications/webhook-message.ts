/** A webhook as it is sent: the body, and the signed headers of Standard Webhooks 1.0.0. */
import { createHmac } from 'node:crypto';
import type { EndStatus } from './notification.ts';

/**
 * What a webhook says: how a job has ended, without its
 * result. `timestamp`: when it ended, in RFC 3339.
 */
export type WebhookEvent = {
  type: `job.${EndStatus}`;
  timestamp: string;
  data: { jobId: string; kind: string; status: EndStatus; statusUrl: string };
};

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
