/** The parameters of requests: of the path, of the query, and headers. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { JOB_ID } from './examples.ts';

type Parameter = {
  in: 'path' | 'query' | 'header';
  name: string;
  required?: true;
  description: string;
  schema: JsonSchema;
  example: unknown;
};

/**
 * Makes the function that describes a parameter at one place of a request. Without a schema it is a
 * text.
 */
const at =
  (place: Parameter['in']) =>
  (name: string, description: string, example: unknown, schema: JsonSchema = { type: 'string' }): Parameter => ({
    in: place,
    name,
    ...(place === 'path' && { required: true }),
    description,
    schema,
    example,
  });

const [inPath, inQuery, inHeader] = [at('path'), at('query'), at('header')];

/** Every parameter, by the name that it has in this document. */
const table = {
  jobId: inPath('jobId', 'The id of the job.', JOB_ID),
  id: inPath('id', 'The id: of the run, the user or the worker.', '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11'),
  n: inPath('n', 'The number of the part, counted from 0.', 0, { type: 'integer', minimum: 0 }),
  code: inPath('code', 'The code of a problem.', 'rate_limited'),
  asset: inPath('asset', 'The name of a file of the page.', 'swagger-ui.css'),
  chapter: inPath('chapter', 'The name of a chapter, as `/llms.txt` has it.', 'events.md'),
  file: inPath('file', 'The name of a file of the page.', 'style.css'),

  kindName: inPath('kindName', 'The name of a kind.', 'generate-flashcards'),
  chatId: inPath('chatId', 'The id of the chat, which is the own one of the app; or the id of its job.', 'chat-1'),
  startIndex: inQuery('startIndex', 'How many chunks the client has.', 4, { type: 'integer', minimum: 0 }),
  protocol: inQuery('protocol', '`text`: plain text instead of a UI message stream.', 'text', { type: 'string', enum: ['text'] }),
  responseId: inPath('responseId', 'The id of the Response.', `resp_${JOB_ID}`),
  model: inPath('model', 'The name of a kind.', 'generate-flashcards'),
  endpointId: inPath('endpointId', 'The id of the webhook endpoint.', 'whe_5d84deedacfeabe35dc56d95ebdbaf36'),
  stream: inQuery('stream', '`true`: the stream.', 'true', { type: 'string', enum: ['true', 'false'] }),
  startingAfter: inQuery('starting_after', 'Only events with a higher number.', 4, { type: 'integer', minimum: 0 }),
  order: inQuery('order', 'In which order the messages come.', 'asc', { type: 'string', enum: ['asc', 'desc'], default: 'desc' }),
  itemLimit: inQuery('limit', 'How many entries at most.', 20, { type: 'integer', minimum: 1, maximum: 100, default: 20 }),
  after: inQuery('after', 'The id of the entry after which to go on.', `msg_${JOB_ID}_0`),

  wait: inQuery(
    'wait',
    'Waits up to so many seconds (25 at most): for the end of the job, or together with `If-None-Match` for the first change. Then the job is answered as it is.',
    25,
    { type: 'number', minimum: 0 },
  ),
  include: inQuery('include', '`items` adds the items that are finished so far.', 'items', { type: 'string', enum: ['items'] }),
  lastEventId: inQuery('lastEventId', 'The same as the header `Last-Event-ID`, for clients that can not send it. The header wins.', '3'),
  status: inQuery('status', 'Only jobs with this status.', 'active', {
    type: 'string',
    enum: ['waiting', 'active', 'completed', 'failed', 'cancelled'],
  }),
  kind: inQuery('kind', 'Only jobs of this kind.', 'generate-flashcards'),
  limit: inQuery('limit', 'How many jobs a page has at most.', 20, { type: 'integer', minimum: 1, maximum: 100, default: 20 }),
  cursor: inQuery('cursor', 'Where the page begins: the `nextCursor` of an earlier answer.', `1795470777440~${JOB_ID}`),
  failureCode: inQuery('code', 'Only jobs that failed with this code.', 'provider_timeout'),
  owner: inQuery('user', 'Only jobs of this user.', 'ana'),
  state: inQuery('state', 'Only jobs that are there. A `delayed` job waits for its time.', 'failed', {
    type: 'string',
    enum: ['active', 'waiting', 'delayed', 'failed', 'cancelled', 'completed'],
  }),
  provider: inQuery('provider', 'Only jobs whose answer is of this provider, or that have failed by it.', 'openai'),
  since: inQuery(
    'since',
    'Only ended jobs that ended then or later, and others that were submitted then or later: a time (RFC 3339), or how long ago that is.',
    '15m',
  ),
  until: inQuery('until', 'The same for what was before.', '2026-11-23T21:32:57Z'),
  searchLimit: inQuery('limit', 'How many jobs a page has at most.', 100, { type: 'integer', minimum: 1, maximum: 500, default: 100 }),
  searchCursor: inQuery(
    'cursor',
    'Where the page begins: the `nextCursor` of an earlier answer to the same filter.',
    `failed~1795470777440~${JOB_ID}`,
  ),
  letterId: inPath('letterId', 'The id of the dead letter.', `job.${JOB_ID}`),
  letterType: inQuery('type', 'Only letters of this type.', 'delivery', { type: 'string', enum: ['delivery', 'archive', 'job'] }),
  letterCursor: inQuery('cursor', 'Where the page begins: the `nextCursor` of an earlier answer.', `job~1795470777440~${JOB_ID}`),
  withInput: inQuery('input', '`1` adds the input. That it was read is in the log of actions, with the name of the operator.', '1', {
    type: 'string',
    enum: ['1', 'true'],
  }),
  actionsLimit: inQuery('limit', 'How many actions at most.', 1000, { type: 'integer', minimum: 1, maximum: 1000, default: 1000 }),
  manyLimit: inQuery('limit', 'How many jobs at most.', 100, { type: 'integer', minimum: 1, maximum: 1000, default: 100 }),

  idempotencyKey: inHeader(
    'Idempotency-Key',
    'Text of the client, such as a UUID, bare or in double quotes: 1 to 255 visible ASCII characters. For 24 hours the same key, user, kind and input give the same job. Another input with the key is 422 `idempotency_key_reused`.',
    '"6f1c7bb8-6f3c-4f55-9b0e-1f3c8f0a2f5d"',
    { type: 'string', minLength: 1 },
  ),
  prefer: inHeader(
    'Prefer',
    '`wait=20` waits up to so many seconds (25 at most) for the end of the job (RFC 7240). If it ends in time, the answer is 200 with the finished Job, else 202.',
    'wait=20',
  ),
  cancelAfter: inHeader(
    'Cancel-After',
    'How long the job may take, waiting included: from `1s` to `24h`, such as `90`, `60s`, `5m` or `1h30m`. After that it ends as `cancelled`.',
    '60s',
  ),
  startWithin: inHeader(
    'Start-Within',
    'Within what time the job must begin, written as for `Cancel-After`. If it has not begun by then it ends as `cancelled`; one that has begun goes on.',
    '30s',
  ),
  lastEventIdHeader: inHeader('Last-Event-ID', 'The id of the last event that the client has. The stream goes on with the next one.', '3'),
  ifNoneMatch: inHeader(
    'If-None-Match',
    'The `ETag` of an earlier answer. If nothing has changed since, the answer is 304 without a body.',
    'W/"active-1-4"',
  ),
  range: inHeader(
    'Range',
    'Which bytes of the file (RFC 9110, section 14). One range is answered with 206; several are answered with the whole file.',
    'bytes=0-1023',
  ),
  ifRange: inHeader(
    'If-Range',
    'The `ETag` that the client has a part of. If the file is another one now, all of it is answered.',
    '"Xr4ilOzQ4PCOq3aQ0qbuaQ"',
  ),
  requestId: inHeader(
    'X-Request-Id',
    'An id for the request: 1 to 255 letters, digits, `_`, `-` and `=`. Without one, or with another text, an id is made.',
    '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11',
  ),
  traceparent: inHeader(
    'traceparent',
    'The span that this request is part of (W3C Trace Context). The job goes on in its trace, and the logs have its id. A malformed one is ignored.',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  ),
};

/** The name that a parameter has in this document. */
export type ParameterName = keyof typeof table;

/** References to parameters, as an operation lists them. */
export function parametersNamed(names: readonly ParameterName[]): JsonSchema[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/**
 * The Parameter Objects. Pages fill in the `example` of a parameter, so one that may be left out
 * has its example in its schema.
 */
export const parameters = Object.fromEntries(Object.entries(table).map(([name, parameter]) => [name, toParameter(parameter)]));

function toParameter({ example, schema, ...rest }: Parameter): JsonSchema {
  return rest.required ? { ...rest, schema, example } : { ...rest, schema: { ...schema, examples: [example] } };
}
