/** The routes about webhooks: secrets, deliveries. */
import type { ProblemCode } from '../job/problem.ts';
import { jsonAnswer, type RouteDescription, routesOf } from './operation.ts';

const DELIVERY = {
  id: 'msg_5d84deedacfeabe35dc56d95ebdbaf36',
  channel: 'webhook',
  type: 'job.completed',
  url: 'https://example.com/hooks/ai-jobs',
  status: 'waiting',
  createdAt: '2026-11-24T08:00:12.000Z',
  nextAttemptAt: '2026-11-24T08:00:17.400Z',
  attempts: [{ at: '2026-11-24T08:00:12.020Z', ms: 48, status: 503 }],
};

const OF_ONE_JOB: readonly ProblemCode[] = ['unauthorized', 'job_not_found', 'queue_unavailable', 'archive_unavailable'];
const OF_SECRETS: readonly ProblemCode[] = ['unauthorized', 'provider_not_configured', 'queue_unavailable'];

const SECRET = { secret: 'whsec_CBM2xmDXfDQXFcAmLKHhWTfUTXSkFDo4SNFmLPc3vX8=', version: 1 };
const ROTATED = {
  secret: 'whsec_PqGkVmgD5LcpTW9Rj+uUSbfSGwZ0CqSmGmfRNcaH5Y0=',
  version: 2,
  previous: { secret: SECRET.secret, validUntil: '2026-11-25T08:00:00.000Z' },
};

const ofUser = routesOf('Notify', 'user');
const ofJob = routesOf('Notify', 'owner');

/** The descriptions of these routes. */
export const notificationRouteDescriptions: readonly RouteDescription[] = [
  ofUser('GET /api/webhooks/secret', 'getWebhookSecret', {
    summary: "The caller's webhook secret.",
    description: 'Webhooks of the jobs of the caller are signed with it, as Standard Webhooks 1.0.0 says. Libraries take it as it is.',
    answers: { 200: jsonAnswer('The secret.', 'WebhookSecret', SECRET) },
    problems: OF_SECRETS,
  }),
  ofUser('POST /api/webhooks/secret/rotate', 'rotateWebhookSecret', {
    summary: "Changes the caller's webhook secret.",
    description:
      'For a day webhooks are signed with the new secret and with the one before, so that a receiver can change over. One from before that signs no more.',
    answers: { 200: jsonAnswer('The new secret.', 'WebhookSecret', ROTATED) },
    problems: OF_SECRETS,
  }),
  ofJob('GET /api/jobs/:jobId/deliveries', 'listDeliveries', {
    summary: 'What became of the webhooks and pushes of a job.',
    description: 'Each with the tries that were made. Those that were delivered are listed for two days, and those that failed for seven.',
    answers: { 200: jsonAnswer('The deliveries, the oldest first.', 'Deliveries', { deliveries: [DELIVERY] }) },
    problems: OF_ONE_JOB,
  }),
  ofJob('POST /api/jobs/:jobId/deliveries/retry', 'retryDeliveries', {
    summary: 'Sends the webhook of a job again.',
    description:
      'The one of its newest end, also if it was delivered, and to a receiver that had answered 410; of a Response those to all its receivers. The `webhook-id` stays the same. Pushes are not sent again.',
    limited: true,
    answers: { 202: jsonAnswer('It is on its way.', 'Deliveries', { deliveries: [DELIVERY] }) },
    problems: [...OF_ONE_JOB, 'no_deliveries', 'too_many_retries'],
  }),
];
