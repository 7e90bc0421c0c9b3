/** Promises about submitting: the 202, idempotency keys, and the two other forms that an answer can have. */
import { type Check, must, notJudged, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import type { Answer } from '../http.ts';
import { type Jobs, type Keyed } from '../jobs.ts';
import { ENDS, misfit, submittedJob } from '../shapes.ts';
import { showEvents } from '../stream.ts';
import { mustBeProblem } from './problems.ts';

const STRIPPED_KEY = 'a proxy strips the header Idempotency-Key, so that a client that tries again pays twice';

/** The checks of this group. */
export const submission: Check<Deployment>[] = [
  {
    id: 'submit',
    promise: 'A submission is 202 with the Job, its Location, and when to ask for it.',
    async run({ jobs }) {
      const { answer } = await jobs.first();
      const { status, headers, json, text } = answer;
      must(status === 202, {
        expected: '202',
        seen: `${status}, ${show(text)}`,
        cause: 'see the detail; a proxy may also change the status',
      });
      const wrong = misfit(submittedJob, json);
      must(wrong === undefined, { expected: 'the Job', seen: `${wrong}; ${show(text)}`, cause: 'a proxy rewrites bodies or addresses' });
      const location = headers.get('location');
      must(location?.endsWith(`/api/jobs/${String(json['jobId'])}`) ?? false, {
        expected: `Location: /api/jobs/${String(json['jobId'])}`,
        seen: location ?? 'no Location',
        cause: 'a proxy strips or rewrites the header Location',
      });
      must(isSeconds(headers.get('retry-after')), { expected: 'Retry-After in seconds', seen: show(headers.get('retry-after')) });
      return `202, ${String(json['jobId'])}`;
    },
  },
  {
    id: 'idempotency-concurrent',
    promise: 'Two submissions at once under one Idempotency-Key are one job.',
    async run({ jobs }) {
      const { answers, first } = await jobs.keyed();
      mustBeOneJob(answers, first.jobId);
      const replayed = answers.filter(isReplay).length;
      must(replayed === 1, { expected: 'Idempotent-Replayed: true on one of the two', seen: `on ${replayed}`, cause: 'a proxy strips it' });
      return 'one job';
    },
  },
  {
    id: 'idempotency-replay',
    promise: 'A submission that is repeated under its Idempotency-Key gives the same job, and says so by Idempotent-Replayed: true.',
    async run({ jobs }) {
      const { key, input, first } = await proven(jobs);
      const answer = await jobs.submit(input, { headers: { 'idempotency-key': key } });
      mustBeOneJob([answer], first.jobId);
      must(isReplay(answer), { expected: 'Idempotent-Replayed: true', seen: 'another value or none', cause: 'a proxy strips this header' });
      return 'the same job';
    },
  },
  {
    id: 'idempotency-reused',
    promise: 'Another input under a used Idempotency-Key is 422 idempotency_key_reused.',
    async run({ jobs }) {
      const { key } = await proven(jobs);
      const answer = await jobs.submit(jobs.input(1), { headers: { 'idempotency-key': key } });
      mustBeProblem(answer, 422, 'idempotency_key_reused');
      return '422';
    },
  },
  {
    id: 'prefer-wait',
    promise: 'With Prefer: wait a submission waits for the end: 200 with the finished Job, or 202 when the time is over.',
    async run({ jobs, http }) {
      const { key, input, first } = await proven(jobs);
      const waitS = Math.min(20, Math.floor(http.patienceMs / 2000));
      const answer = await jobs.submit(input, { headers: { 'idempotency-key': key, prefer: `wait=${waitS}` } });
      const { status, headers, json, text, ms } = answer;
      const cause = 'a proxy strips the header Prefer, or its time limit is shorter than the wait';
      if (status === 202) {
        must(ms > 1000 * waitS - 1000, {
          expected: `an answer after ${waitS} s, or the end`,
          seen: `202 after ${Math.round(ms)} ms`,
          cause,
        });
        return `202 after ${Math.round(ms)} ms`;
      }
      must(status === 200 && ENDS.includes(String(json['status'])), {
        expected: '200 with the finished Job',
        seen: `${status}, ${show(text)}`,
        cause,
      });
      const [place, applied] = [headers.get('content-location'), headers.get('preference-applied')];
      must(place?.endsWith(`/api/jobs/${first.jobId}`) ?? false, { expected: 'Content-Location with the job', seen: show(place), cause });
      must(applied === `wait=${waitS}`, { expected: `Preference-Applied: wait=${waitS}`, seen: show(applied), cause });
      return `200, ${String(json['status'])}`;
    },
  },
  {
    id: 'submit-stream',
    promise: 'A submission that accepts text/event-stream is answered with the stream of the job; its first frame has the id 0.',
    async run({ jobs, http }) {
      const { key, input, first } = await proven(jobs);
      const stream = await jobs.submitStream(input, { headers: { 'idempotency-key': key } });
      await stream.until(() => stream.events().length > 0, http.patienceMs);
      stream.leave();
      const { status, headers } = stream;
      const type = headers.get('content-type') ?? 'no Content-Type';
      const cause = 'a proxy strips or replaces the header Accept';
      must(status === 200 && type.startsWith('text/event-stream'), {
        expected: '200 with text/event-stream',
        seen: `${status}, ${type}`,
        cause,
      });
      must(headers.get('location')?.endsWith(first.jobId) ?? false, {
        expected: 'the Location of the job',
        seen: show(headers.get('location')),
      });
      const [event] = stream.events();
      must(event?.id === '0', {
        expected: 'a first frame with id: 0',
        seen: showEvents(event ? [event] : []),
        cause: 'a proxy changes frames',
      });
      return `${event.event} ${event.id}`;
    },
  },
  {
    id: 'submit-reconnect',
    promise: 'A POST that comes back with Last-Event-ID and without a key starts no second job: 409 resume_with_get.',
    async run({ jobs }) {
      const headers = { accept: 'text/event-stream', 'last-event-id': '1' };
      const answer = await jobs.submit(jobs.input(1), { headers });
      must(answer.status !== 200 && answer.status !== 202, {
        expected: '409 resume_with_get',
        seen: `${answer.status}: a second job was started`,
        cause: 'a proxy strips the header Last-Event-ID; let it pass',
      });
      mustBeProblem(answer, 409, 'resume_with_get');
      return '409';
    },
  },
];

/** The keyed job, once it is sure that its key is honoured: without that, each further check would buy another job. */
async function proven(jobs: Jobs): Promise<Keyed> {
  const keyed = await jobs.keyed();
  const same = keyed.answers.every(({ json }) => json['jobId'] === keyed.first.jobId);
  return same ? keyed : notJudged('the Idempotency-Key is not honoured, so this would start another job: see idempotency-concurrent');
}

function mustBeOneJob(answers: readonly Answer[], jobId: string): void {
  for (const { status, json, text } of answers) {
    must(status === 202, { expected: '202 with the job', seen: `${status}, ${show(text)}` });
    must(json['jobId'] === jobId, { expected: `the job ${jobId}`, seen: `another job, ${show(json['jobId'])}`, cause: STRIPPED_KEY });
  }
}

function isReplay({ headers }: Answer): boolean {
  return headers.get('idempotent-replayed') === 'true';
}

/** Whether a header is a time in whole seconds. */
export function isSeconds(value: string | null): boolean {
  return value !== null && /^\d+$/.test(value);
}
