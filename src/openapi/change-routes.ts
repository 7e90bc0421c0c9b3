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
];
