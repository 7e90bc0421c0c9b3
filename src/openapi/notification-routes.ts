/** The routes about webhooks, and the webhook itself, as the document describes them. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import type { ProblemCode } from '../job/problem.ts';
import { JOB_ID } from './examples.ts';
import { json, type RouteDescription } from './operation.ts';
import { count, list, object, ref, text, time } from './schema.ts';

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

/** See the head of the file. */
export const notificationRoutes: readonly RouteDescription[] = [
  {
    route: 'GET /api/webhooks/secret',
    operationId: 'getWebhookSecret',
    tag: 'Notify',
    summary: "The caller's webhook secret.",
    description: 'Webhooks of the jobs of the caller are signed with it, as Standard Webhooks 1.0.0 says. Libraries take it as it is.',
    access: 'user',
    answers: { 200: json('The secret.', 'WebhookSecret', SECRET) },
    problems: OF_SECRETS,
  },
  {
    route: 'POST /api/webhooks/secret/rotate',
    operationId: 'rotateWebhookSecret',
    tag: 'Notify',
    summary: "Changes the caller's webhook secret.",
    description:
      'For a day webhooks are signed with the new secret and with the one before, so that a receiver can change over. One from before that signs no more.',
    access: 'user',
    answers: { 200: json('The new secret.', 'WebhookSecret', ROTATED) },
    problems: OF_SECRETS,
  },
  {
    route: 'GET /api/jobs/:jobId/deliveries',
    operationId: 'listDeliveries',
    tag: 'Notify',
    summary: 'What became of the webhooks and pushes of a job.',
    description: 'Each with the tries that were made. Those that were delivered are listed for two days, and those that failed for seven.',
    access: 'owner',
    answers: { 200: json('The deliveries, the oldest first.', 'Deliveries', { deliveries: [DELIVERY] }) },
    problems: OF_ONE_JOB,
  },
  {
    route: 'POST /api/jobs/:jobId/deliveries/retry',
    operationId: 'retryDeliveries',
    tag: 'Notify',
    summary: 'Sends the webhooks of a job again.',
    description:
      'Also those that were delivered, and to a receiver that had answered 410. The `webhook-id` stays the same. Pushes are not sent again.',
    access: 'owner',
    answers: { 202: json('They are on their way.', 'Deliveries', { deliveries: [DELIVERY] }) },
    problems: [...OF_ONE_JOB, 'no_deliveries'],
  },
];

/** The schemas of webhooks and deliveries. */
export const notificationSchemas: Record<string, JsonSchema> = {
  WebhookSecret: object({
    secret: text('The secret, in the form of Standard Webhooks: `whsec_` and base64.'),
    version: count('How many secrets the user has had.'),
    'previous?': object(
      { secret: text('The secret before.'), validUntil: time('Until when it signs, too.') },
      'There for a day after a change.',
    ),
  }),
  Deliveries: object({ deliveries: list(ref('Delivery')) }),
  Delivery: object({
    id: text('For a webhook its `webhook-id`.'),
    channel: { type: 'string', enum: ['webhook', 'push'] },
    type: text('What is told: `job.completed`, `job.failed` or `job.cancelled`.'),
    'url?': text('Where the webhook goes.'),
    status: { type: 'string', enum: ['waiting', 'delivered', 'failed'] },
    'code?': text('Why it failed.'),
    createdAt: time('When the job had ended.'),
    'nextAttemptAt?': time('When it is tried next.'),
    attempts: list(
      object({
        at: time('When the try began.'),
        'ms?': count('How long it took, in ms.'),
        'status?': { type: 'integer', description: 'The status that the receiver answered.' },
        'code?': text('Why there was no answer; for a push, what came of it.'),
      }),
    ),
  }),
  WebhookEvent: object(
    {
      type: { type: 'string', enum: ['job.completed', 'job.failed', 'job.cancelled'] },
      timestamp: time('When the job ended.'),
      data: object({
        jobId: text('The job.'),
        kind: text('The kind of job.'),
        status: { type: 'string', enum: ['completed', 'failed', 'cancelled'] },
        statusUrl: text('Where the job is as JSON, relative to this origin. Where an identity is needed it has a token.'),
      }),
    },
    'What a webhook says: how a job has ended. The result is read at `statusUrl`.',
  ),
};

const signed = (name: string, description: string): JsonSchema => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

/** The webhooks, as OpenAPI describes requests that this service makes. */
export const webhooks: JsonSchema = {
  jobEnded: {
    post: {
      operationId: 'jobEnded',
      tags: ['Notify'],
      summary: 'A job has ended.',
      description:
        'Sent to the `callbackUrl` of a submission. 2xx takes it; 410 ends it for this receiver; after anything else, a redirect too, it is sent again: ten times over a day. The same event can come twice, with the same `webhook-id`.',
      security: [],
      parameters: [
        signed('webhook-id', 'The id of the event. It stays the same over retries.'),
        signed('webhook-timestamp', 'When it was sent, in seconds since the epoch.'),
        signed(
          'webhook-signature',
          'One signature or several, with spaces between: `v1,` and HMAC-SHA-256 in base64 (Standard Webhooks 1.0.0).',
        ),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: ref('WebhookEvent'),
            example: {
              type: 'job.completed',
              timestamp: '2026-11-24T08:00:12.000Z',
              data: { jobId: JOB_ID, kind: 'generate-flashcards', status: 'completed', statusUrl: `/api/job-status/${JOB_ID}` },
            },
          },
        },
      },
      responses: {
        '2XX': { description: 'The receiver has it.' },
        410: { description: 'The receiver wants no more for a day.' },
        429: { description: 'The receiver wants it later; `Retry-After` is respected, 12 hours at most.' },
      },
    },
  },
};
