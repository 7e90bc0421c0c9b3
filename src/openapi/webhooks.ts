/** The webhook, as OpenAPI describes requests that a service makes. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { JOB_ID } from './examples.ts';
import { ref } from './schema.ts';

const signed = (name: string, description: string): JsonSchema => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

/** The webhook, by its name in the document. */
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
