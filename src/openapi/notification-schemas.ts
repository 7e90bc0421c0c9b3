/** The schemas of webhooks and deliveries. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { count, list, object, ref, text, time } from './schema.ts';

/** The schemas, by their names in the document. */
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
    type: text('What is told: `job.completed`, `job.failed` or `job.cancelled`; of a Response `response.` and how it has ended.'),
    'endpoint?': text('The webhook endpoint that gets it.'),
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
