/** The routes of the operator, and of the database of the project. They need a secret. */
import type { ProblemCode } from '../job/problem.ts';
import { adminReadDescriptions } from './admin-routes.ts';
import { JOB_ID } from './examples.ts';
import { changeRouteDescriptions } from './change-routes.ts';
import { jsonAnswer, type RouteDescription, routesOf } from './operation.ts';
import type { ParameterName } from './parameters.ts';
import { ref } from './schema.ts';

const FAILED = { jobId: JOB_ID, kind: 'generate-flashcards', attempt: 3, createdAt: '2026-11-23T21:32:57.440Z' };
const ACTION = {
  id: '1795469577440-0',
  at: '2026-11-23T21:32:57.440Z',
  by: 'ana',
  what: 'pause',
  scope: 'kind generate-audio',
  reason: 'The vendor is down.',
  result: 'paused',
};
const COUNTS = { jobs: 12, results: 9, files: 4, keys: 30 };

const operated = routesOf('Operate', 'operator');
const FILTER: ParameterName[] = ['failureCode', 'kind', 'owner', 'manyLimit', 'cursor'];
const PROBLEMS: readonly ProblemCode[] = ['unauthorized', 'rate_limited', 'queue_unavailable'];

/** The descriptions of these routes. */
export const operatorRouteDescriptions: readonly RouteDescription[] = [
  operated('GET /admin/failed-jobs', 'listFailedJobs', {
    summary: 'Failed jobs.',
    description: 'The oldest failure first. Go on with `nextCursor` while `more` says so.',
    parameters: FILTER,
    answers: { 200: jsonAnswer('A page of jobs.', 'FailedJobs', { jobs: [FAILED], more: false }) },
    problems: ['invalid_input', ...PROBLEMS],
  }),
  operated('POST /admin/failed-jobs/retry', 'retryFailedJobs', {
    summary: 'Retries failed jobs.',
    description: 'All that the same query of `GET /admin/failed-jobs` lists, without regard to limits.',
    parameters: FILTER,
    answers: { 200: jsonAnswer('They wait again.', 'RetriedJobs', { retried: [JOB_ID], more: false }) },
    problems: ['invalid_input', ...PROBLEMS],
  }),
  operated('GET /admin/archive', 'getArchive', {
    summary: 'How far the archive is.',
    description: 'What is not archived yet, and the rows that the archive has refused.',
    answers: { 200: jsonAnswer('The state of the archive.', 'Archive', { waiting: 0, lagMs: 0, parked: 0, jobs: [] }) },
    problems: ['not_found', ...PROBLEMS],
  }),
  operated('POST /admin/archive/retry', 'retryArchive', {
    summary: 'Tries refused rows again.',
    description: 'All rows that the archive has refused are sent to it once more.',
    answers: { 200: jsonAnswer('How many.', 'RowsRetried', { retried: 3 }) },
    problems: ['not_found', ...PROBLEMS],
  }),
  operated('GET /admin/actions', 'listActions', {
    summary: 'What operators have done.',
    description: 'The last 1,000 changes, newest first: who, what, why, and what came of it. Contents of jobs are never in it.',
    parameters: ['actionsLimit'],
    answers: { 200: jsonAnswer('The actions.', 'Actions', { actions: [ACTION] }) },
    problems: ['invalid_input', ...PROBLEMS],
  }),
  ...adminReadDescriptions,
  ...changeRouteDescriptions,
  operated('GET /metrics', 'getMetrics', {
    summary: 'The metrics of this process.',
    description:
      'In the text format of Prometheus. Where `ADMIN_TOKEN` is not set, development lets anyone read them, and production has no such address.',
    answers: {
      200: { description: 'The metrics.', content: { 'text/plain': { schema: { type: 'string' }, example: 'aijobs_workers_live 2\n' } } },
    },
    problems: ['not_found', 'unauthorized', 'rate_limited'],
  }),
  routesOf('Operate', 'database')('POST /webhooks/supabase', 'userDeleted', {
    summary: 'A user was deleted.',
    description:
      'The database webhook of the project sends it for each row of `auth.users` that is deleted. Everything of that user is erased here. It may be sent twice.',
    body: {
      description: 'What has happened to a row.',
      required: true,
      content: {
        'application/json': {
          schema: ref('DeletedUser'),
          example: { type: 'DELETE', schema: 'auth', table: 'users', old_record: { id: '4b1a2a4e-6a0a-4f0e-9f57-0a4f3f0f3a11' } },
        },
      },
    },
    answers: {
      200: jsonAnswer(
        'How much was erased, or that it was about something else.',
        { anyOf: [ref('ErasedCounts'), ref('Ignored')] },
        COUNTS,
      ),
    },
    problems: [
      'invalid_json',
      'invalid_input',
      'unauthorized',
      'request_timeout',
      'payload_too_large',
      'rate_limited',
      'too_many_open',
      'storage_full',
      'queue_unavailable',
    ],
  }),
];
