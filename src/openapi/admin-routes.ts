/** The routes by which operators see what goes on. They change nothing. */
import type { ProblemCode } from '../job/problem.ts';
import { JOB_ID } from './examples.ts';
import { jsonAnswer, type RouteDescription, routesOf } from './operation.ts';

const seen = routesOf('Operate', 'operator');
const PROBLEMS: readonly ProblemCode[] = ['unauthorized', 'rate_limited', 'queue_unavailable'];

const WORKER = {
  id: 'worker-1-7-0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11',
  name: 'worker-1-7',
  version: '0.1.0',
  live: true,
  seenAt: '2026-11-23T21:32:57.440Z',
  concurrency: 12,
  lanes: { 'generate-flashcards': 3 },
  kinds: [{ kind: 'generate-flashcards', available: true, provider: 'openai', model: 'gpt-5-mini' }],
  active: 1,
  jobs: [JOB_ID],
  loopAgeMs: 0,
  lastJob: { jobId: JOB_ID, at: '2026-11-23T21:32:57.440Z' },
  quiet: false,
};

const FOUND = {
  jobId: JOB_ID,
  kind: 'generate-flashcards',
  state: 'active',
  userId: 'ana',
  attempt: 1,
  maxAttempts: 3,
  createdAt: '2026-11-23T21:32:57.440Z',
  since: '2026-11-23T21:32:58.440Z',
  waitMs: 1000,
  startedAt: '2026-11-23T21:32:58.440Z',
  worker: 'worker-1-7',
};

const ERROR = {
  code: 'provider_timeout',
  title: 'The provider took too long',
  kind: 'generate-flashcards',
  provider: 'openai',
  model: 'gpt-5-mini',
  lastFiveMinutes: { failed: 2, retried: 5, putOff: 0 },
  lastHour: { failed: 2, retried: 9, putOff: 1 },
  jobId: JOB_ID,
};

const INSPECTED = {
  ...FOUND,
  requestId: '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11',
  attempts: [{ attempt: 1 }],
  setbacks: { putOffs: 0, lost: 0, givenBack: 0, retries: 0 },
  lockMs: 29_000,
  calls: [{ inputTokens: 200, outputTokens: 40, costUsd: 0.0001 }],
  journal: { rows: 1, shown: [{ seq: 1, type: 'item', attempt: 1, list: 'flashcards', index: 0, percent: 14, bytes: 60 }] },
  deliveries: [],
  followers: 1,
};
const LETTER = {
  id: `job.${JOB_ID}`,
  type: 'job',
  jobId: JOB_ID,
  code: 'provider_timeout',
  at: '2026-11-23T21:32:57.440Z',
  replay: `/admin/dead-letters/job.${JOB_ID}/replay`,
};

/** The descriptions of these routes. */
export const adminReadDescriptions: readonly RouteDescription[] = [
  seen('GET /admin/errors', 'listErrors', {
    summary: 'What goes wrong.',
    description:
      'By code, kind, provider and model: how many jobs have failed, were retried and were put off in the last five minutes and in the last hour, with the id of one of them. What has failed most comes first. It is a second behind.',
    answers: { 200: jsonAnswer('The errors.', 'JobErrors', { errors: [ERROR] }) },
    problems: PROBLEMS,
  }),
  seen('GET /admin/jobs', 'findJobs', {
    summary: 'Jobs of all users.',
    description:
      'What runs, then what waits (the next first), is delayed, has failed or was cancelled, and has completed (the newest first). No input and no result is in it. A page looks at a bounded number of jobs: it can be short, and even empty, while `more` says that there may be others. A job that stays where it is, is in one page exactly.',
    parameters: ['state', 'kind', 'owner', 'failureCode', 'provider', 'since', 'until', 'searchLimit', 'searchCursor'],
    answers: { 200: jsonAnswer('A page of jobs.', 'FoundJobs', { jobs: [FOUND], more: false }) },
    problems: ['invalid_input', ...PROBLEMS],
  }),
  seen('GET /admin/jobs/:jobId', 'inspectJob', {
    summary: 'The whole way of one job.',
    description:
      'How its attempts have ended, what its calls of vendors have used, the rows of its journal without their contents (the newest 1,000), its webhooks and pushes, and what the archive said. Nothing that a user or a model wrote is in it, unless `input=1` asks for the input.',
    parameters: ['withInput'],
    answers: { 200: jsonAnswer('The job.', 'InspectedJob', INSPECTED) },
    problems: ['invalid_input', 'job_not_found', ...PROBLEMS],
  }),
  seen('GET /admin/dead-letters', 'listDeadLetters', {
    summary: 'What went nowhere.',
    description:
      'Webhooks and pushes that have failed for good, rows that the archive has refused, and failed jobs. Each names the address at which it is tried again.',
    parameters: ['letterType', 'searchLimit', 'letterCursor'],
    answers: { 200: jsonAnswer('A page of them.', 'DeadLetters', { letters: [LETTER], more: false }) },
    problems: ['invalid_input', ...PROBLEMS],
  }),
  seen('POST /admin/dead-letters/:letterId/replay', 'replayDeadLetter', {
    summary: 'Tries one again.',
    description:
      'A job is retried, a row is sent to the archive, a webhook or a push is sent: without regard to limits. It is in the log of actions.',
    answers: { 202: jsonAnswer('It is tried again.', 'Replayed', { id: LETTER.id, replayed: true }) },
    problems: ['not_found', ...PROBLEMS],
  }),
  seen('GET /admin/workers', 'listWorkers', {
    summary: 'The workers.',
    description: 'Those that live, and those that lived in the last ten minutes, each as it was at its last heartbeat (every 5 s).',
    answers: { 200: jsonAnswer('The workers.', 'Workers', { workers: [WORKER] }) },
    problems: PROBLEMS,
  }),
];
