/** The routes of event streams. */
import type { Kind } from '../kinds/kind.ts';
import { JOB_ID, streamText } from './examples.ts';
import type { HeaderName } from './headers.ts';
import { type RouteDescription, streamContent } from './operation.ts';

const STREAM_HEADERS: HeaderName[] = ['X-Accel-Buffering', 'X-Content-Type-Options', 'Incremental'];

const TROUBLE = `Trouble that passes (Redis is away, a deploy, too many streams that are open) is answered with 200, \`retry\` and a close if the client sends
\`Accept: text/event-stream\`, since EventSource gives up for ever at any other status. Other clients get the 429 or 503.`;

const STATUS = { type: 'status', jobId: JOB_ID, status: 'active', attempt: 1 };
const USER_STREAM = `retry: 2000\n\nevent: status\ndata: ${JSON.stringify(STATUS)}\n\n`;

/** The routes. `kinds` give the examples. */
export function watchRouteDescriptions(kinds: readonly Kind[]): RouteDescription[] {
  return [
    {
      route: 'GET /api/jobs/:jobId/events',
      operationId: 'watchJob',
      tag: 'Watch',
      summary: "A job's stream.",
      description: `Everything that happens to the job, from the start or from the event after \`Last-Event-ID\`. Events with an \`id\` are kept, and are sent
once; the others are hints. \`completed\`, \`failed\` and \`cancelled\` are ends: the server closes the stream, and there is no need to reconnect. If the
stream closes without one of them, reconnect with the last id. After the end the answer is 204, which stops EventSource. To close a
stream does nothing to the job.

${TROUBLE}`,
      access: 'reader',
      parameters: ['lastEventIdHeader', 'lastEventId'],
      answers: {
        200: {
          description: 'The stream.',
          headers: STREAM_HEADERS,
          content: { 'text/event-stream': streamContent('JobEvent', kinds[0] ? streamText(kinds[0]) : 'retry: 2000\n\n') },
        },
        204: { description: 'The client has the end of the job: there is no more.' },
      },
      problems: ['unauthorized', 'job_not_found', 'queue_unavailable', 'archive_unavailable'],
    },
    {
      route: 'GET /api/events',
      operationId: 'watchJobs',
      tag: 'Watch',
      summary: "All of the caller's jobs on one stream.",
      description: `First each job that has not ended, or has ended in the last five minutes; then each status and each end, when it comes. The
events have no ids, and there are no items; after a reconnect the same list comes again.

${TROUBLE}`,
      access: 'user',
      answers: {
        200: {
          description: 'The stream.',
          headers: STREAM_HEADERS,
          content: {
            'text/event-stream': streamContent('UserEvent', USER_STREAM),
          },
        },
      },
      problems: ['unauthorized', 'queue_unavailable'],
    },
  ];
}
