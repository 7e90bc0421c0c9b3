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

const text = { type: 'string' };

/** Every parameter, by the name that it has in this document. */
const table = {
  jobId: { in: 'path', name: 'jobId', required: true, description: 'The id of the job.', schema: text, example: JOB_ID },
  n: {
    in: 'path',
    name: 'n',
    required: true,
    description: 'The number of the part, counted from 0.',
    schema: { type: 'integer', minimum: 0 },
    example: 0,
  },
  code: { in: 'path', name: 'code', required: true, description: 'The code of a problem.', schema: text, example: 'rate_limited' },
  asset: {
    in: 'path',
    name: 'asset',
    required: true,
    description: 'The name of a file of the page.',
    schema: text,
    example: 'swagger-ui.css',
  },

  file: { in: 'path', name: 'file', required: true, description: 'The name of a file of the page.', schema: text, example: 'style.css' },
  folder: { in: 'path', name: 'folder', required: true, description: 'The folder of that.', schema: text, example: 'eventsource-parser' },

  wait: {
    in: 'query',
    name: 'wait',
    description:
      'Waits up to so many seconds (25 at most): for the end of the job, or together with `If-None-Match` for the first change. Then the job is answered as it is.',
    schema: { type: 'number', minimum: 0 },
    example: 25,
  },
  include: {
    in: 'query',
    name: 'include',
    description: '`items` adds the items that are finished so far.',
    schema: { type: 'string', enum: ['items'] },
    example: 'items',
  },
  lastEventId: {
    in: 'query',
    name: 'lastEventId',
    description: 'The same as the header `Last-Event-ID`, for clients that can not send it. The header wins.',
    schema: text,
    example: '3',
  },
  status: {
    in: 'query',
    name: 'status',
    description: 'Only jobs with this status.',
    schema: { type: 'string', enum: ['waiting', 'active', 'completed', 'failed', 'cancelled'] },
    example: 'active',
  },
  kind: { in: 'query', name: 'kind', description: 'Only jobs of this kind.', schema: text, example: 'generate-flashcards' },
  limit: {
    in: 'query',
    name: 'limit',
    description: 'How many jobs a page has at most.',
    schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    example: 20,
  },
  cursor: {
    in: 'query',
    name: 'cursor',
    description: 'Where the page begins: the `nextCursor` of an earlier answer.',
    schema: text,
    example: `1795470777440~${JOB_ID}`,
  },
  failureCode: {
    in: 'query',
    name: 'code',
    description: 'Only jobs that failed with this code.',
    schema: text,
    example: 'provider_timeout',
  },
  owner: { in: 'query', name: 'user', description: 'Only jobs of this user.', schema: text, example: 'ana' },
  manyLimit: {
    in: 'query',
    name: 'limit',
    description: 'How many jobs at most.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
    example: 100,
  },

  idempotencyKey: {
    in: 'header',
    name: 'Idempotency-Key',
    description:
      'Text of the client, such as a UUID, bare or in double quotes: 1 to 255 visible ASCII characters. For 24 hours the same key, user, kind and input give the same job. Another input with the key is 422 `idempotency_key_reused`.',
    schema: { type: 'string', minLength: 1 },
    example: '"6f1c7bb8-6f3c-4f55-9b0e-1f3c8f0a2f5d"',
  },
  prefer: {
    in: 'header',
    name: 'Prefer',
    description:
      '`wait=20` waits up to so many seconds (25 at most) for the end of the job (RFC 7240). If it ends in time, the answer is 200 with the finished Job, else 202.',
    schema: text,
    example: 'wait=20',
  },
  cancelAfter: {
    in: 'header',
    name: 'Cancel-After',
    description:
      'How long the job may take, waiting included: from `1s` to `24h`, such as `90`, `60s`, `5m` or `1h30m`. After that it ends as `cancelled`.',
    schema: text,
    example: '60s',
  },
  startWithin: {
    in: 'header',
    name: 'Start-Within',
    description:
      'Within what time the job must begin, written as for `Cancel-After`. If it has not begun by then it ends as `cancelled`; one that has begun goes on.',
    schema: text,
    example: '30s',
  },
  lastEventIdHeader: {
    in: 'header',
    name: 'Last-Event-ID',
    description: 'The id of the last event that the client has. The stream goes on with the next one.',
    schema: text,
    example: '3',
  },
  ifNoneMatch: {
    in: 'header',
    name: 'If-None-Match',
    description: 'The `ETag` of an earlier answer. If nothing has changed since, the answer is 304 without a body.',
    schema: text,
    example: 'W/"active-1-4"',
  },
  range: {
    in: 'header',
    name: 'Range',
    description:
      'Which bytes of the file (RFC 9110, section 14). One range is answered with 206; several are answered with the whole file.',
    schema: text,
    example: 'bytes=0-1023',
  },
  ifRange: {
    in: 'header',
    name: 'If-Range',
    description: 'The `ETag` that the client has a part of. If the file is another one now, all of it is answered.',
    schema: text,
    example: '"Xr4ilOzQ4PCOq3aQ0qbuaQ"',
  },
  requestId: {
    in: 'header',
    name: 'X-Request-Id',
    description: 'An id for the request: 1 to 255 letters, digits, `_`, `-` and `=`. Without one, or with another text, an id is made.',
    schema: text,
    example: '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11',
  },
} as const satisfies Record<string, Parameter>;

/** The name that a parameter has in this document. */
export type ParameterName = keyof typeof table;

/** References to parameters, as an operation lists them. */
export function parametersNamed(names: readonly ParameterName[]): JsonSchema[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** The Parameter Objects. Pages fill in the `example` of a parameter, so one that may be left out has its example in its schema. */
export const parameters = Object.fromEntries(Object.entries<Parameter>(table).map(([name, parameter]) => [name, toParameter(parameter)]));

function toParameter({ example, schema, ...rest }: Parameter): JsonSchema {
  return rest.required ? { ...rest, schema, example } : { ...rest, schema: { ...schema, examples: [example] } };
}
