/** The routes by which operators change what happens. What is changed is written to the log of actions. */
import type { ProblemCode } from '../job/problem.ts';
import { jsonAnswer, type RouteDescription, routesOf } from './operation.ts';
import { ref } from './schema.ts';

const operated = routesOf('Operate', 'operator');

/** What a body of JSON may be refused for. */
const PROBLEMS: readonly ProblemCode[] = [
  'invalid_json',
  'invalid_input',
  'unauthorized',
  'request_timeout',
  'payload_too_large',
  'rate_limited',
  'too_many_open',
  'storage_full',
  'queue_unavailable',
];

const bodyOf = (description: string, schema: string, example: unknown) => ({
  description,
  required: true,
  content: { 'application/json': { schema: ref(schema), example } },
});

const PAUSE = { scope: 'kind', name: 'generate-audio', reason: 'The voices are down until noon.', until: '2026-11-24T12:00:00.000Z' };
const PAUSED = { ...PAUSE, since: '2026-11-23T21:32:57.440Z' };

const RUN_ID = '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11';
const STARTED = {
  runId: RUN_ID,
  action: 'retry',
  scope: 'code provider_timeout, since 1h',
  count: 214,
  processed: 0,
  done: 0,
  price: { usd: 1.93, known: true },
  by: 'ana',
};
const RUN = { ...STARTED, state: 'ready', expiresAt: '2026-11-23T21:37:57.440Z', more: false };
const FOUND = { dryRun: true, code: 'provider_timeout', since: '1h' };
const SET = { userId: 'ana', blocked: true, reason: 'A script runs wild.', by: 'bob', since: '2026-11-23T21:32:57.440Z' };
const USER = { ...SET, openJobs: 3 };

const bulk = (what: 'retry' | 'cancel' | 'purge', summary: string, description: string) =>
  operated(`POST /admin/jobs/${what}`, `${what}Jobs`, {
    summary,
    description: `${description} First with \`dryRun\` and the filter of \`GET /admin/jobs\`: 200 with the number of jobs, what they cost and a \`runId\`. Then, within five minutes, with that \`runId\`: 202, and any API process does it in the background, to just these jobs. Who starts the same run once more gets the same run.`,
    body: bodyOf('What it is about, or which run to start.', 'BulkRequest', FOUND),
    answers: {
      200: jsonAnswer('What it would do.', 'BulkRun', RUN),
      202: jsonAnswer('It goes on: `GET /admin/runs/:id` tells how far it is.', 'BulkRun', {
        ...STARTED,
        result: 'started',
        state: 'running',
        startedBy: 'ana',
        rate: 50,
        startedAt: '2026-11-23T21:33:57.440Z',
      }),
    },
    problems: ['not_found', ...PROBLEMS],
  });
const READ_PROBLEMS: readonly ProblemCode[] = ['unauthorized', 'rate_limited', 'queue_unavailable'];
const quiet = (what: 'quiet' | 'unquiet', summary: string, description: string, result: string) =>
  operated(`POST /admin/workers/:id/${what}`, `${what}Worker`, {
    summary,
    description,
    body: bodyOf('Why.', 'QuietRequest', { reason: 'It is looked at.' }),
    answers: { 200: jsonAnswer('What came of it.', 'Quiet', { result }) },
    problems: ['not_found', ...PROBLEMS],
  });

/** The descriptions of these routes. */
export const changeRouteDescriptions: readonly RouteDescription[] = [
  operated('POST /admin/pause', 'pause', {
    summary: 'Pauses all jobs, a kind or a provider.',
    description:
      'Jobs are accepted and wait; their status says why. Those that run come to their end, but a job does not call a paused provider once more. The answer comes once all live workers hold it, so that no job begins after it; where one does not say so within 3 s, `workers` tells. `until` resumes by itself. A further pause of the same scope replaces reason and `until`.',
    body: bodyOf('What to pause, and why. Users are shown the reason.', 'PauseRequest', PAUSE),
    answers: {
      200: jsonAnswer('All that is paused now.', 'Pauses', { result: 'paused', workers: { live: 2, holding: 2 }, pauses: [PAUSED] }),
    },
    problems: PROBLEMS,
  }),
  operated('POST /admin/resume', 'resume', {
    summary: 'Ends a pause.',
    description: 'Jobs begin within a second. Where nothing was paused, `result` says so.',
    body: bodyOf('What to resume.', 'PauseRequest', { scope: 'kind', name: 'generate-audio' }),
    answers: { 200: jsonAnswer('All that is still paused.', 'Pauses', { result: 'resumed', pauses: [] }) },
    problems: PROBLEMS,
  }),
  bulk(
    'retry',
    'Retries many failed jobs.',
    'What they have finished is kept. A job that has failed anew since the dry run is left alone.',
  ),
  bulk('cancel', 'Cancels many jobs.', 'Those that wait or run.'),
  bulk('purge', 'Erases many jobs.', 'With everything of them; those that run are cancelled first. The price is 0.'),
  operated('GET /admin/runs/:id', 'getBulkRun', {
    summary: 'How far a run is.',
    description: 'It is kept for a week after its start.',
    answers: { 200: jsonAnswer('The run.', 'BulkRun', RUN) },
    problems: ['not_found', ...READ_PROBLEMS],
  }),
  operated('GET /admin/users', 'listUserTerms', {
    summary: 'All users for whom operators have set something.',
    description: 'Those who are blocked, or have a weight or a bound of their own, by id.',
    answers: { 200: jsonAnswer('The users.', 'UsersTerms', { users: [SET] }) },
    problems: READ_PROBLEMS,
  }),
  operated('GET /admin/users/:id', 'getUserTerms', {
    summary: 'What operators have set for a user.',
    description: 'Also how many jobs of the user have not ended (500 at most).',
    answers: { 200: jsonAnswer('The terms.', 'UserTerms', USER) },
    problems: READ_PROBLEMS,
  }),
  operated('PUT /admin/users/:id', 'setUserTerms', {
    summary: 'Blocks a user, or sets a weight and a bound.',
    description:
      'In place of what was set before; an empty object takes all back. Submissions and retries of a blocked user are 403 `blocked`. `cancelRunning` also cancels what the user has under way, and `runId` tells how far that is.',
    body: bodyOf('The terms.', 'UserTermsRequest', { blocked: true, reason: 'A script runs wild.', cancelRunning: true }),
    answers: { 200: jsonAnswer('The terms.', 'UserTerms', { ...USER, runId: RUN_ID }) },
    problems: PROBLEMS,
  }),
  quiet(
    'quiet',
    'Tells a worker to take no more jobs.',
    'It finishes what it has. The answer comes once the worker has said that it holds.',
    'quiet',
  ),
  quiet('unquiet', 'Lets a quiet worker go on.', 'It takes jobs again within a second.', 'resumed'),
];
