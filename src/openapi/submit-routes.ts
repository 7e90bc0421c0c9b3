/** The routes that submit: one for each kind. */
import type { Kind } from '../kinds/kind.ts';
import type { ProblemCode } from '../job/problem.ts';
import { finishedJob, queuedJob, streamText } from './examples.ts';
import { headOf } from './kind-schemas.ts';
import { type BodyContent, type Content, type RouteDescription, streamContent } from './operation.ts';
import { ref } from './schema.ts';

const PROBLEMS: readonly ProblemCode[] = [
  'invalid_json',
  'unauthorized',
  'job_not_found',
  'request_timeout',
  'resume_with_get',
  'job_expired',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'too_many_jobs',
  'blocked',
  'budget_used_up',
  'provider_not_configured',
  'queue_full',
  'storage_full',
  'queue_unavailable',
  'archive_unavailable',
];

const HOW = `
The answer comes at once: 202 with the job's addresses. A client that sends \`Accept: text/event-stream\` gets the job's stream instead, and
one that sends \`Prefer: wait=20\` the finished Job, if it ends in time.

With an \`Idempotency-Key\` the same request is one job, however often it is sent. A client that opens the stream with POST and repeats the POST
to reconnect must send one: without it the second POST is 409 \`resume_with_get\`.`;

const FILES = `

The file comes as a part of a form, or as base64 in JSON. Its type is told by its content.`;

/** The route of a kind. */
export function submitRouteDescription(kind: Kind): RouteDescription {
  const head = headOf(kind);
  const job: Content = { schema: ref(`${head}Job`) };
  return {
    route: `POST ${kind.path}`,
    operationId: `submit${head}`,
    tag: 'Submit',
    summary: kind.summary,
    description: `Submits a \`${kind.name}\` job.${kind.files ? FILES : ''}\n${HOW}`,
    access: 'owner',
    parameters: ['idempotencyKey', 'prefer', 'cancelAfter', 'startWithin', 'lastEventIdHeader', 'traceparent'],
    limited: true,
    body: {
      description: 'What the job works with.',
      required: true,
      content: { 'application/json': { schema: ref(`${head}Input`), example: kind.example.input }, ...formContent(kind) },
    },
    answers: {
      200: {
        description: 'The finished Job, however it ended (`Prefer: wait`), or the stream of the job (`Accept: text/event-stream`).',
        headers: [
          'Location',
          'Contract-Version',
          'Content-Location',
          'Preference-Applied',
          'Idempotent-Replayed',
          'Job-Reused',
          'X-Accel-Buffering',
          'X-Content-Type-Options',
          'Incremental',
        ],
        content: {
          'application/json': { ...job, example: finishedJob(kind) },
          'text/event-stream': streamContent(`${head}Event`, streamText(kind)),
        },
      },
      202: {
        description:
          'The job is accepted. It was there before if `Idempotent-Replayed` or `Job-Reused` says so; then its status is that of now.',
        headers: ['Location', 'Contract-Version', 'Retry-After', 'Idempotent-Replayed', 'Job-Reused'],
        content: { 'application/json': { ...job, example: queuedJob(kind) } },
      },
      204: {
        description: 'The stream was resumed with `Last-Event-ID` after the end of the job: there is no more.',
        headers: ['Location', 'Contract-Version', 'Idempotent-Replayed'],
      },
    },
    problems: PROBLEMS,
  };
}

/**
 * A kind with files takes a form. In it a list is a field that is repeated, and an object is JSON
 * text.
 */
function formContent(kind: Kind): BodyContent {
  const { files, example } = kind;
  if (!files) return {};
  const encoding = Object.fromEntries(Object.entries(files).map(([field, { types }]) => [field, { contentType: types.join(', ') }]));
  const bytes = Object.fromEntries(Object.keys(files).map((field) => [field, '(the bytes of the file)']));
  return { 'multipart/form-data': { schema: ref(`${headOf(kind)}Form`), encoding, example: { ...example.input, ...bytes } } };
}
