/** The routes for the AI SDK's clients. */
import type { Kind } from '../kinds/kind.ts';
import type { ProblemCode } from '../job/problem.ts';
import { finishedJob, JOB_ID } from './examples.ts';
import { type Content, jsonAnswer, type RouteDescription } from './operation.ts';

const SUBMIT: readonly ProblemCode[] = [
  'not_found',
  'invalid_json',
  'blocked',
  'unauthorized',
  'job_not_found',
  'request_timeout',
  'job_expired',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_key_reused',
  'too_many_jobs',
  'budget_used_up',
  'provider_not_configured',
  'queue_full',
  'storage_full',
  'queue_unavailable',
  'archive_unavailable',
];

const ERRORS = `Errors are \`text/plain\` here, one sentence, with the same status: apps on the AI SDK show the body as it is. Where no user is named,
each different key in \`Authorization: Bearer\` is another user.`;

const START = { type: 'start', messageId: JOB_ID, messageMetadata: { jobId: JOB_ID, kind: 'generate-flashcards' } };
const FINISH = { type: 'finish', finishReason: 'stop' };

const chunks: Record<string, Content> = {
  'text/event-stream': {
    schema: {
      type: 'string',
      description: "A UI message stream of the AI SDK: each event's `data` is a chunk as JSON.",
      contentMediaType: 'text/event-stream',
    },
    example: [START, FINISH].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''),
  },
};

const text: Record<string, Content> = {
  'text/plain': { schema: { type: 'string', description: "The result's JSON, as it grows." }, example: '{"flashcards":[]}' },
};

const MESSAGE = { id: 'm1', role: 'user', parts: [{ type: 'text', text: 'Water boils at 100 degrees Celsius.' }] };

const jsonBody = (description: string, example: object) => ({
  description,
  required: true,
  content: { 'application/json': { schema: { type: 'object' }, example } },
});

/** The routes. `kinds` give the examples. */
export function aiSdkRouteDescriptions(kinds: readonly Kind[]): RouteDescription[] {
  const [first] = kinds;
  const job = (description: string) => jsonAnswer(description, 'Job', first ? finishedJob(first) : {});
  return [
    {
      route: 'POST /api/chat/:kindName',
      operationId: 'submitChat',
      tag: 'Submit',
      summary: 'A chat of the AI SDK submits its last message.',
      description: `For \`DefaultChatTransport\` and \`WorkflowChatTransport\`. The text of the user's last message is the kind's text; other fields come from
its part \`data-input\` and from the body. The same message with the same input is one job; \`regenerate-message\` is new work.

${ERRORS}`,
      access: 'owner',
      limited: true,
      parameters: ['idempotencyKey', 'cancelAfter', 'startWithin'],
      body: jsonBody('What the transport sends. The media type does not matter.', {
        id: 'chat-1',
        messages: [MESSAGE],
        trigger: 'submit-message',
      }),
      answers: { 200: { description: 'The stream of the answer.', headers: ['Location', 'Contract-Version'], content: chunks } },
      problems: SUBMIT,
    },
    {
      route: 'GET /api/chat/:kindName/:chatId/stream',
      operationId: 'resumeChat',
      tag: 'Watch',
      summary: "A chat's newest answer, from its start or from a chunk.",
      description: `While the job runs, and after its end for as long as it is kept. A connection that closes without a \`finish\` is always broken.

${ERRORS}`,
      access: 'owner',
      parameters: ['startIndex'],
      answers: { 200: { description: 'The stream of the answer.', content: chunks }, 204: { description: 'The chat has no answer.' } },
      problems: ['not_found', 'unauthorized', 'job_not_found', 'queue_unavailable'],
    },
    {
      route: 'POST /api/chat/:kindName/:chatId/cancel',
      operationId: 'cancelChat',
      tag: 'Act',
      summary: "Stops a chat's newest answer.",
      description: `The \`cancelUrl\` of a message's metadata. To close a stream stops nothing.\n\n${ERRORS}`,
      access: 'owner',
      answers: { 200: job('The job had ended.'), 202: job('This request has cancelled the job.') },
      problems: ['not_found', 'unauthorized', 'job_not_found', 'queue_unavailable'],
    },
    {
      route: 'POST /api/completion/:kindName',
      operationId: 'submitCompletion',
      tag: 'Submit',
      summary: 'A completion of the AI SDK: `useCompletion`.',
      description: `\`prompt\` is the kind's text, the rest of the body its other fields. The completion is the result's JSON.\n\n${ERRORS}`,
      access: 'owner',
      limited: true,
      parameters: ['idempotencyKey', 'cancelAfter', 'startWithin', 'protocol'],
      body: jsonBody('What the hook sends.', { prompt: 'Water boils at 100 degrees Celsius.', count: 2 }),
      answers: {
        200: { description: 'The completion, as it grows.', headers: ['Location', 'Contract-Version'], content: { ...chunks, ...text } },
      },
      problems: SUBMIT,
    },
    {
      route: 'POST /api/object/:kindName',
      operationId: 'submitObject',
      tag: 'Submit',
      summary: 'An object of the AI SDK: `useObject`.',
      description: `The body is the input of the kind. A connection that breaks means that the job failed or was cancelled.\n\n${ERRORS}`,
      access: 'owner',
      limited: true,
      parameters: ['idempotencyKey', 'cancelAfter', 'startWithin'],
      body: jsonBody('The input.', first?.example.input ?? {}),
      answers: { 200: { description: "The result's JSON, as it grows.", headers: ['Location', 'Contract-Version'], content: text } },
      problems: SUBMIT,
    },
  ];
}
