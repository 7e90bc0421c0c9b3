/** The routes that clients of OpenAI call: Responses over jobs. */
import type { ProblemCode } from '../job/problem.ts';
import { JOB_ID } from './examples.ts';
import type { HeaderName } from './headers.ts';
import { jsonAnswer, type RouteDescription, routesOf } from './operation.ts';
import type { JsonSchema } from '../kinds/public-schema.ts';
import { list, object, ref, text } from './schema.ts';

const ID = `resp_${JOB_ID}`;
const TEXT = '{"flashcards":[{"front":"Hund","back":"dog"}]}';

const response = {
  id: ID,
  object: 'response',
  created_at: 1_796_060_757,
  status: 'completed',
  background: true,
  model: 'generate-flashcards',
  metadata: { count: '1' },
  error: null,
  output: [
    {
      id: `msg_${JOB_ID}`,
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: TEXT, annotations: [], logprobs: [] }],
    },
  ],
};

const modelExample = { id: 'generate-flashcards', object: 'model', created: 0, owned_by: 'ai-jobs' };
const itemExample = {
  id: `msg_${JOB_ID}_0`,
  type: 'message',
  role: 'user',
  status: 'completed',
  content: [{ type: 'input_text', text: 'Hund: dog' }],
};
const queued = { ...response, status: 'queued', output: [] };
const STREAM = `event: response.created\ndata: ${JSON.stringify({ type: 'response.created', sequence_number: 0, response: queued })}\n\n`;

const NAME = { type: ['string', 'null'] };

/** Fields of a Response that say nothing of the job, or what the request said. */
const LIKE_OPENAI = [
  'completed_at',
  'incomplete_details',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt_cache_key',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_p',
  'truncation',
  'usage',
  'user',
  'access_programs',
];

/** The schemas of these routes. All of them are OpenAI's, with the fields that jobs have. */
export const responseSchemas: Record<string, JsonSchema> = {
  Response: object(
    {
      id: text('`resp_` and the id of the job.'),
      object: { const: 'response' },
      created_at: { type: 'integer', description: 'In s since the epoch.' },
      status: { type: 'string', enum: ['queued', 'in_progress', 'completed', 'failed', 'cancelled', 'incomplete'] },
      background: { type: 'boolean' },
      model: text('The kind of the job.'),
      metadata: { type: 'object', additionalProperties: { type: 'string' } },
      error: { description: 'Why a job has failed; `type` is the code of our problem.', type: ['object', 'null'] },
      ...Object.fromEntries(LIKE_OPENAI.map((name) => [`${name}?`, { description: 'As OpenAI has it.' }])),
      output: list(
        { type: 'object' },
        'One message, with the result as JSON in one `output_text`; of `generate-response` what the model has answered.',
      ),
    },
    "A job as OpenAI's Response. It has all fields of that object.",
  ),
  ResponseRequest: object(
    {
      model: text('A kind, or a model that answers any prompt, as `GET /v1/models` names them.'),
      input: {
        description:
          'A text, the fields of the kind as JSON text, or messages, of which the last user counts. For a model of `generate-response`: a text or items, as OpenAI has them.',
        type: ['string', 'array'],
      },
      'background?': { type: 'boolean', description: 'Whether the answer comes at once.' },
      'stream?': { type: 'boolean', description: 'Whether the answer is the stream.' },
      'metadata?': {
        type: 'object',
        additionalProperties: { type: 'string' },
        description: 'Further fields of the kind, as texts; `callback_url` gets a webhook.',
      },
    },
    "OpenAI's request for a Response. For a model of `generate-response` it may have all fields of that kind's input.",
  ),
  InputItems: object({
    object: { const: 'list' },
    data: list({ type: 'object' }),
    has_more: { type: 'boolean' },
    'first_id?': NAME,
    'last_id?': NAME,
  }),
  DeletedResponse: object({ id: text('The id.'), object: { const: 'response' }, deleted: { const: true } }),
  Model: object({
    id: text('The name of a kind, or of a model that answers any prompt.'),
    object: { const: 'model' },
    created: { type: 'integer' },
    owned_by: text('Always `ai-jobs`.'),
  }),
  Models: object({ object: { const: 'list' }, data: list(ref('Model')) }),
  OpenAIError: object({
    error: object({
      message: text('What is wrong, and what to do.'),
      type: text('The class of the error.'),
      param: { type: ['string', 'null'], description: 'The field at fault.' },
      code: { type: ['string', 'null'], description: 'The reason, for programs.' },
    }),
  }),
};

const STORES: readonly ProblemCode[] = ['queue_unavailable', 'archive_unavailable'];
const ONE: readonly ProblemCode[] = ['unauthorized', 'job_not_found', ...STORES];
const SUBMIT: readonly ProblemCode[] = [
  'invalid_json',
  'unauthorized',
  'job_not_found',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'blocked',
  'too_many_jobs',
  'budget_used_up',
  'provider_not_configured',
  'queue_full',
  'storage_full',
  ...STORES,
];

const OF_STREAMS: HeaderName[] = ['openai-poll-after-ms', 'X-Accel-Buffering', 'X-Content-Type-Options', 'Incremental'];

const route = routesOf('Other clients', 'owner');

/** The routes. */
export const responseRouteDescriptions: RouteDescription[] = [
  route('POST /v1/responses', 'createResponse', {
    summary: "Submits a job in OpenAI's words.",
    description:
      'The same submission as on the route of the kind. With `background` the answer comes at once, with `stream` it is the stream. Else it is the finished Response; until then spaces keep the connection alive. To close the connection cancels nothing. A request that the SDK repeats by itself (`X-Stainless-Retry-Count`) is one job.',
    parameters: ['idempotencyKey'],
    limited: true,
    body: {
      description: 'What is asked for.',
      required: true,
      content: {
        'application/json': {
          schema: ref('ResponseRequest'),
          example: { model: 'generate-flashcards', input: 'Hund: dog', background: true },
        },
      },
    },
    answers: {
      200: {
        description: 'The Response, or its stream.',
        headers: ['Location', 'Contract-Version', 'Idempotent-Replayed', ...OF_STREAMS],
        content: {
          'application/json': { schema: ref('Response'), example: queued },
          'text/event-stream': { schema: { type: 'string' }, example: STREAM },
        },
      },
    },
    problems: SUBMIT,
  }),
  route('GET /v1/responses/:responseId', 'getResponse', {
    summary: 'A Response, or its stream.',
    description:
      'With `stream=true` all events, or those after `starting_after`, and then each event when it comes. A connection that ends without `response.completed` or `response.failed` is broken, not closed: go on with the last number.',
    parameters: ['stream', 'startingAfter'],
    answers: {
      200: {
        description: 'The Response, or its stream.',
        headers: OF_STREAMS,
        content: {
          'application/json': { schema: ref('Response'), example: response },
          'text/event-stream': { schema: { type: 'string' }, example: STREAM },
        },
      },
    },
    problems: ONE,
  }),
  route('POST /v1/responses/:responseId/cancel', 'cancelResponse', {
    summary: 'Cancels a Response.',
    description: '200 also for one that is cancelled already; 400 for one that has completed or failed.',
    answers: { 200: jsonAnswer('The cancelled Response.', 'Response', { ...queued, status: 'cancelled' }) },
    problems: ONE,
  }),
  route('DELETE /v1/responses/:responseId', 'deleteResponse', {
    summary: 'Erases a Response.',
    description: 'The job and everything of it. One that runs is cancelled first.',
    answers: { 200: jsonAnswer('It is gone.', 'DeletedResponse', { id: ID, object: 'response', deleted: true }) },
    problems: ONE,
  }),
  route('GET /v1/responses/:responseId/input_items', 'listInputItems', {
    summary: 'What a Response was asked with.',
    description: 'The messages as they were sent, without files; the last one first, unless `order` is `asc`.',
    parameters: ['order', 'itemLimit', 'after'],
    answers: { 200: jsonAnswer('The messages.', 'InputItems', { object: 'list', data: [itemExample], has_more: false }) },
    problems: ONE,
  }),
  route('GET /v1/models', 'listModels', {
    summary: 'The kinds that a worker can do, as models, and the models that answer any prompt.',
    description: 'Each is a `model` of `POST /v1/responses`.',
    answers: { 200: jsonAnswer('The models.', 'Models', { object: 'list', data: [modelExample] }) },
    problems: ['queue_unavailable'],
  }),
  route('GET /v1/models/:model', 'getModel', {
    summary: 'A kind as a model.',
    description: '400 `model_not_found` where no worker can do it, or there is no such kind.',
    answers: { 200: jsonAnswer('The model.', 'Model', modelExample) },
    problems: ['queue_unavailable'],
  }),
];
