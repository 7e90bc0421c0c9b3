/** Webhooks, as OpenAPI describes requests that a service makes. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { JOB_ID } from './examples.ts';
import { ref } from './schema.ts';
import type { TagName } from './tags.ts';

const signed = (name: string, description: string): JsonSchema => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
});

const parameters = [
  signed('webhook-id', 'The id of the webhook. It stays the same over retries.'),
  signed('webhook-timestamp', 'When it was sent, in seconds since the epoch.'),
  signed('webhook-signature', 'One signature or several, with spaces between: `v1,` and HMAC-SHA-256 in base64 (Standard Webhooks 1.0.0).'),
];

const responses = {
  '2XX': { description: 'The receiver has it.' },
  410: { description: 'The receiver wants no more for a day.' },
  429: { description: 'The receiver wants it later; `Retry-After` is respected, 12 hours at most.' },
};

const AGAIN =
  '2xx takes it; 410 ends it for this receiver; after anything else, a redirect too, it is sent again: ten times over a day. The same event can come twice, with the same `webhook-id`.';

type Described = { tag: TagName; summary: string; description: string; schema: string; example: object };

const webhook = (operationId: string, { tag, summary, description, schema, example }: Described): JsonSchema => ({
  post: {
    operationId,
    tags: [tag],
    summary,
    description: `${description} ${AGAIN}`,
    security: [],
    parameters,
    requestBody: { required: true, content: { 'application/json': { schema: ref(schema), example } } },
    responses,
  },
});

/** The webhooks, by their names in the document. */
export const webhooks: JsonSchema = {
  jobEnded: webhook('jobEnded', {
    tag: 'Notify',
    summary: 'A job has ended.',
    description: 'Sent to the `callbackUrl` of a submission.',
    schema: 'WebhookEvent',
    example: {
      type: 'job.completed',
      timestamp: '2026-11-24T08:00:12.000Z',
      data: { jobId: JOB_ID, kind: 'generate-flashcards', status: 'completed', statusUrl: `/api/job-status/${JOB_ID}` },
    },
  }),
  responseEnded: webhook('responseEnded', {
    tag: 'Other clients',
    summary: 'A Response has ended.',
    description: "Sent to the `callback_url` in a Response's metadata, and to the webhook endpoints of its user.",
    schema: 'ResponseEvent',
    example: {
      id: 'evt_5d84deedacfeabe35dc56d95ebdbaf36',
      object: 'event',
      created_at: 1_796_060_757,
      type: 'response.completed',
      data: { id: `resp_${JOB_ID}` },
    },
  }),
};
