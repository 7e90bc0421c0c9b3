/** The routes of jobs that exist: routes that read them, and routes that act on them. */
import type { ProblemCode } from '../job/problem.ts';
import type { Kind } from '../kinds/kind.ts';
import { activeJob, finishedJob, JOB_ID } from './examples.ts';
import type { HeaderName } from './headers.ts';
import { type AnswerDescription, jsonAnswer, type RouteDescription, routesOf } from './operation.ts';
import { ref } from './schema.ts';

const STORES: readonly ProblemCode[] = ['queue_unavailable', 'archive_unavailable'];
const OF_ONE_JOB: readonly ProblemCode[] = ['unauthorized', 'job_not_found', ...STORES];

const UNKNOWN = 'A job of another user is answered exactly like one that does not exist: 404.';

const act = routesOf('Act', 'owner');

/** The routes. `kinds` give the examples. */
export function jobRouteDescriptions(kinds: readonly Kind[]): RouteDescription[] {
  const active = activeJob(kinds[0] ?? { name: 'job' });
  const finished = kinds[0] && finishedJob(kinds[0]);
  return [...readRoutes(active), ...fileRoutes(), ...changeRoutes(active, finished), ...eraseRoutes()];
}

function readRoutes(active: object): RouteDescription[] {
  const status = (schema: string): Pick<RouteDescription, 'tag' | 'parameters' | 'answers' | 'problems'> => ({
    tag: 'Look',
    parameters: ['wait', 'include', 'ifNoneMatch'],
    answers: {
      200: {
        ...jsonAnswer('The job. While it has not ended, `Retry-After` says when to ask again.', schema, active),
        headers: ['ETag', 'Retry-After'],
      },
      304: { description: 'Nothing has changed.', headers: ['ETag', 'Retry-After'] },
    },
    problems: OF_ONE_JOB,
  });
  return [
    {
      route: 'GET /api/jobs/:jobId',
      operationId: 'getJob',
      summary: 'A job.',
      description: `The job as it is now. With \`wait\` the answer comes when the job has ended, or with \`If-None-Match\` when it has changed. ${UNKNOWN}`,
      access: 'owner',
      ...status('AnyJob'),
    },
    {
      route: 'GET /api/job-status/:jobId',
      operationId: 'getJobStatus',
      summary: 'A job, in the words of the first clients.',
      description: `The same as \`GET /api/jobs/{jobId}\` for clients that know four statuses: \`waiting\`, \`active\`, \`completed\` and \`failed\`. It is the \`statusUrl\` of a Job, and can be read with the token in it. ${UNKNOWN}`,
      access: 'reader',
      ...status('LegacyJob'),
    },
    {
      route: 'GET /api/jobs',
      operationId: 'listJobs',
      tag: 'Look',
      summary: "The caller's jobs.",
      description:
        'Newest first, without results. Go on with `nextCursor` until an answer has none: a page can have few jobs, or none, and still have one. A list is no poll: it has a limit of its own (`list`), 10 a second by default.',
      access: 'user',
      parameters: ['status', 'kind', 'limit', 'cursor'],
      answers: { 200: jsonAnswer('A page of jobs.', 'JobList', { jobs: [active], nextCursor: `1795470777440~${JOB_ID}` }) },
      problems: ['unauthorized', ...STORES],
    },
  ];
}

function fileRoutes(): RouteDescription[] {
  const headers: HeaderName[] = ['ETag', 'Accept-Ranges', 'Content-Length', 'X-Content-Type-Options'];
  const content = { '*/*': { schema: { type: 'string', format: 'binary', description: 'The bytes of the file.' } } };
  const file = (what: string): Pick<RouteDescription, 'tag' | 'access' | 'parameters' | 'answers' | 'problems'> => ({
    tag: 'Look',
    access: 'reader',
    parameters: ['range', 'ifRange', 'ifNoneMatch'],
    answers: {
      200: { description: `${what}.`, headers, content },
      206: { description: `The bytes that were asked for.`, headers: [...headers, 'Content-Range'], content },
      304: { description: 'The client has the file.', headers: ['ETag', 'Accept-Ranges', 'X-Content-Type-Options'] },
    },
    problems: [...OF_ONE_JOB, 'not_found', 'range_not_satisfiable'],
  });
  return [
    {
      route: 'GET /api/jobs/:jobId/output',
      operationId: 'getOutput',
      summary: "A finished job's file.",
      description: 'Read it at the `outputUrl` of a result. Only some kinds make files.',
      ...file('The file'),
    },
    {
      route: 'GET /api/jobs/:jobId/output/:n',
      operationId: 'getOutputPart',
      summary: "A part of a job's file.",
      description: 'A part is there as soon as its item has come. Read it at the `outputUrl` of the item.',
      ...file('The part'),
    },
  ];
}

function changeRoutes(active: object, finished: object | undefined): RouteDescription[] {
  const job = (description: string): AnswerDescription => jsonAnswer(description, 'AnyJob', active);
  const ended = { schema: ref('AnyJob'), ...(finished && { example: finished }) };
  return [
    act('POST /api/jobs/:jobId/cancel', 'cancelJob', {
      summary: 'Cancels a job.',
      description: `A job that runs stops within a second, and never completes after that. To cancel a job twice does no harm. ${UNKNOWN}`,
      answers: {
        200: { description: 'The job had ended already.', content: { 'application/json': ended } },
        202: job('The job is being cancelled.'),
      },
      problems: OF_ONE_JOB,
    }),
    act('POST /api/jobs/:jobId/retry', 'retryJob', {
      summary: 'Runs a failed job again.',
      description: `The items that were finished are kept, and the job gets as many attempts as before. It counts as a submission. ${UNKNOWN}`,
      parameters: ['cancelAfter', 'startWithin'],
      limited: true,
      answers: { 202: { ...job('The job waits again.'), headers: ['Retry-After'] } },
      problems: [
        ...OF_ONE_JOB,
        'job_not_failed',
        'too_many_retries',
        'job_expired',
        'input_gone',
        'too_many_jobs',
        'blocked',
        'budget_used_up',
        'queue_full',
      ],
    }),
  ];
}

function eraseRoutes(): RouteDescription[] {
  return [
    act('DELETE /api/jobs/:jobId', 'eraseJob', {
      summary: 'Erases a job.',
      description: `The job, its result, its files and the jobs that it has led to are gone everywhere. A job that has not ended is cancelled first. ${UNKNOWN}`,
      answers: { 204: { description: 'It is gone.' } },
      problems: OF_ONE_JOB,
    }),
    {
      route: 'DELETE /api/me/data',
      operationId: 'eraseMyData',
      tag: 'Act',
      summary: "Erases everything of the caller's.",
      description: 'All jobs of the caller, with their results, files and keys. Jobs that have not ended are cancelled first.',
      access: 'user',
      answers: { 200: jsonAnswer('How much was erased.', 'ErasedCounts', { jobs: 12, results: 9, files: 4, keys: 30 }) },
      problems: ['unauthorized', 'queue_unavailable'],
    },
  ];
}
