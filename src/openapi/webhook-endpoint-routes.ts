/** The routes of webhook endpoints, which clients of OpenAI call. */
import type { ProblemCode } from '../job/problem.ts';
import type { JsonSchema } from '../kinds/public-schema.ts';
import { jsonAnswer, type RouteDescription, routesOf } from './operation.ts';
import { list, object, ref, text } from './schema.ts';

const EVENT_TYPES = ['response.completed', 'response.failed', 'response.cancelled', 'response.incomplete'];

const endpoint = {
  id: 'whe_5d84deedacfeabe35dc56d95ebdbaf36',
  object: 'webhook_endpoint',
  name: 'My server',
  url: 'https://example.com/hooks/openai',
  event_types: ['response.completed', 'response.failed'],
  created_at: 1_796_060_757,
  updated_at: 1_796_060_757,
  signing_secret_hint: 'whsec_…3vX8',
};
const withSecret = { ...endpoint, signing_secret: 'whsec_CBM2xmDXfDQXFcAmLKHhWTfUTXSkFDo4SNFmLPc3vX8=' };
const page = { object: 'list', data: [endpoint], first_id: endpoint.id, last_id: endpoint.id, has_more: false };

const seconds = (description: string): JsonSchema => ({ type: 'integer', description });
const events: JsonSchema = { type: 'array', minItems: 1, items: { type: 'string', enum: EVENT_TYPES }, description: 'What it hears of.' };

const terms = {
  name: { type: 'string', minLength: 1, maxLength: 256, description: 'A name for people.' },
  url: text('Where webhooks go. The same addresses are allowed as for `callbackUrl`.'),
  event_types: events,
};

const shown = {
  id: text('The id.'),
  object: { const: 'webhook_endpoint' },
  ...terms,
  created_at: seconds('In s since the epoch.'),
  updated_at: seconds('When it was changed, in s since the epoch.'),
  signing_secret_hint: text('The last four signs of its secret.'),
};

/** The schemas of these routes, and that of the events. */
export const webhookEndpointSchemas: Record<string, JsonSchema> = {
  WebhookEndpoint: object(shown, 'An address that hears of the ends of all Responses of a user that run in the background.'),
  WebhookEndpointWithSecret: object({
    ...shown,
    signing_secret: text('Its secret, in the form of Standard Webhooks. It is not shown again.'),
  }),
  WebhookEndpoints: object({
    object: { const: 'list' },
    data: list(ref('WebhookEndpoint')),
    first_id: { type: ['string', 'null'] },
    last_id: { type: ['string', 'null'] },
    has_more: { type: 'boolean' },
  }),
  WebhookEndpointRequest: object(terms),
  WebhookEndpointChange: object({ 'name?': terms.name, 'url?': terms.url, 'event_types?': terms.event_types }),
  WebhookSecretChange: object({
    'keep_old_secret_active_for_24_hours?': { type: 'boolean', description: 'Whether the secret before signs, too, for a day.' },
  }),
  DeletedWebhookEndpoint: object({ id: text('The id.'), object: { const: 'webhook_endpoint.deleted' }, deleted: { const: true } }),
  WebhookEventTypes: object({ object: { const: 'list' }, data: list({ type: 'string', enum: EVENT_TYPES }) }),
  ResponseEvent: object(
    {
      id: text('The id of the event: the same for all who are told of this end.'),
      object: { const: 'event' },
      created_at: seconds('When the Response ended, in s since the epoch.'),
      type: { type: 'string', enum: EVENT_TYPES },
      data: object({ id: text('The id of the Response.') }),
    },
    'What a webhook of a Response says, as OpenAI does: that it has ended, and how.',
  ),
};

const OF_USER: readonly ProblemCode[] = ['unauthorized', 'provider_not_configured', 'queue_unavailable'];
const OF_ONE: readonly ProblemCode[] = [...OF_USER, 'job_not_found'];
const OF_BODY: readonly ProblemCode[] = ['invalid_json', 'invalid_input', 'request_timeout', 'payload_too_large', 'unsupported_media_type'];

const route = routesOf('Other clients', 'user');

const body = (name: string, example: object) => ({
  description: 'As OpenAI has it.',
  required: true,
  content: { 'application/json': { schema: ref(name), example } },
});
const { name, url, event_types } = endpoint;

/** The descriptions of these routes. */
export const webhookEndpointRouteDescriptions: RouteDescription[] = [
  route('GET /v1/webhook_event_types', 'listWebhookEventTypes', {
    summary: 'What endpoints can hear of.',
    description: 'How a Response can end.',
    answers: { 200: jsonAnswer('The types.', 'WebhookEventTypes', { object: 'list', data: EVENT_TYPES }) },
  }),
  route('POST /v1/webhook_endpoints', 'createWebhookEndpoint', {
    summary: 'Makes a webhook endpoint.',
    description:
      'It hears of Responses in the background that are made from now on. A user has ten at most. This answer alone has its secret.',
    body: body('WebhookEndpointRequest', { name, url, event_types }),
    answers: { 200: jsonAnswer('The endpoint, with its secret.', 'WebhookEndpointWithSecret', withSecret) },
    problems: [...OF_USER, ...OF_BODY],
  }),
  route('GET /v1/webhook_endpoints', 'listWebhookEndpoints', {
    summary: 'The webhook endpoints of the caller.',
    description: 'The newest first, without their secrets.',
    parameters: ['itemLimit', 'after'],
    answers: { 200: jsonAnswer('The endpoints.', 'WebhookEndpoints', page) },
    problems: [...OF_USER, 'invalid_input'],
  }),
  route('GET /v1/webhook_endpoints/:endpointId', 'getWebhookEndpoint', {
    summary: 'A webhook endpoint.',
    description: 'Without its secret.',
    answers: { 200: jsonAnswer('The endpoint.', 'WebhookEndpoint', endpoint) },
    problems: OF_ONE,
  }),
  route('POST /v1/webhook_endpoints/:endpointId', 'updateWebhookEndpoint', {
    summary: 'Changes a webhook endpoint.',
    description: 'What is absent stays as it is. What is on its way to it goes to the new address.',
    body: body('WebhookEndpointChange', { url }),
    answers: { 200: jsonAnswer('The endpoint.', 'WebhookEndpoint', endpoint) },
    problems: [...OF_ONE, ...OF_BODY],
  }),
  route('POST /v1/webhook_endpoints/:endpointId/rotate_secret', 'rotateWebhookEndpointSecret', {
    summary: 'Gives a webhook endpoint another secret.',
    description: 'The one before signs no more, or for a day, if that is asked for.',
    body: body('WebhookSecretChange', { keep_old_secret_active_for_24_hours: true }),
    answers: { 200: jsonAnswer('The endpoint, with its new secret.', 'WebhookEndpointWithSecret', withSecret) },
    problems: [...OF_ONE, ...OF_BODY],
  }),
  route('DELETE /v1/webhook_endpoints/:endpointId', 'deleteWebhookEndpoint', {
    summary: 'Removes a webhook endpoint.',
    description: 'What is on its way to it is not sent any more.',
    answers: {
      200: jsonAnswer('It is gone.', 'DeletedWebhookEndpoint', { id: endpoint.id, object: 'webhook_endpoint.deleted', deleted: true }),
    },
    problems: OF_ONE,
  }),
];
