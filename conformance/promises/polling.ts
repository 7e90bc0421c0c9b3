/** Promises to clients that ask instead of watching. */
import { type Check, must, notJudged, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { ENDS, job as jobShape, misfit } from '../shapes.ts';
import { isEnd } from '../stream.ts';
import { isSeconds } from './submission.ts';

/** The statuses that the first clients know. */
const LEGACY = ['waiting', 'active', 'completed', 'failed'];

/** The checks of this group. */
export const polling: Check<Deployment>[] = [
  {
    id: 'poll-job',
    promise: 'A job can be read at /api/jobs/:id at any time, as a Job.',
    async run({ jobs }) {
      const { stream, polls, polled, ended } = await jobs.watched();
      const end = (await polled) ? undefined : stream.events().find(isEnd);
      must(end === undefined, {
        expected: `${end?.event}, as the stream had it`,
        seen: show(polls.at(-1)?.answer.json['status']),
        cause: 'a proxy stores answers, in spite of no-cache, and gives old ones',
      });
      await ended();
      for (const { answer } of polls) {
        must(answer.status === 200, { expected: '200', seen: `${answer.status}, ${show(answer.text)}` });
        const wrong = misfit(jobShape, answer.json);
        must(wrong === undefined, { expected: 'a Job', seen: `${wrong}; ${show(answer.text)}`, cause: 'a proxy changes bodies' });
      }
      return `${polls.length} times, ${show(polls.at(-1)?.answer.json['status'])} at last`;
    },
  },
  {
    id: 'poll-unchanged',
    promise: 'A client whose If-None-Match names the present state gets 304 without a body.',
    async run({ jobs, http }) {
      const { job, ended } = await jobs.watched();
      await ended();
      const { headers } = await http.ask(`/api/jobs/${job.jobId}`);
      const etag = headers.get('etag');
      must(etag !== null, { expected: 'an ETag', seen: 'none', cause: 'a proxy strips the header ETag; some do when they compress' });
      const again = await http.ask(`/api/jobs/${job.jobId}`, { headers: { 'if-none-match': etag } });
      must(again.status === 304 && again.text === '', {
        expected: '304 without a body',
        seen: `${again.status}, ${show(again.text)}`,
        cause: 'a proxy strips the header If-None-Match, or changes the status 304',
      });
      return `304 for ${etag}`;
    },
  },
  {
    id: 'poll-pause',
    promise: 'While a job is unfinished, Retry-After says when to ask again.',
    async run({ jobs }) {
      const { polls, ended } = await jobs.watched();
      await ended();
      const unended = polls.filter((poll) => !poll.ended);
      if (unended.length === 0) notJudged('the job had ended before it was asked for');
      const pauses = unended.map(({ answer }) => answer.headers.get('retry-after'));
      must(pauses.every(isSeconds), {
        expected: 'Retry-After in seconds',
        seen: show(pauses),
        cause: 'a proxy strips the header Retry-After',
      });
      return show([...new Set(pauses)].join(', '));
    },
  },
  {
    id: 'poll-wait',
    promise: 'With ?wait= the answer comes at the end of the job, or when the time is over.',
    async run({ jobs }) {
      const { polls, longPoll, ended } = await jobs.watched();
      await ended();
      const { waitS, answer } = await longPoll;
      const status = String(answer.json['status']);
      must(answer.status === 200, {
        expected: `200 within ${waitS} s`,
        seen: `${answer.status}, ${show(answer.text)}`,
        cause: 'the time limit of a proxy is shorter than the wait; it must be 30 s at least',
      });
      if (polls[0]?.ended) notJudged('the job had ended before it could be waited for');
      must(ENDS.includes(status) || answer.ms > 1000 * waitS - 1000, {
        expected: `the end, or ${waitS} s`,
        seen: `${status} after ${Math.round(answer.ms)} ms`,
        cause: 'a proxy strips the query',
      });
      return `${status} after ${Math.round(answer.ms)} ms`;
    },
  },
  {
    id: 'poll-first-clients',
    promise: 'statusUrl gives the Job to the first clients, without an identity, in the four words that they know.',
    async run({ jobs, http }) {
      const { job, ended } = await jobs.watched();
      const { status: known } = await ended();
      const { status, json, text } = await http.ask(job.statusUrl, { anonymous: true });
      must(status === 200, {
        expected: '200',
        seen: `${status}, ${show(text)}`,
        cause: 'a gateway wants an identity for /api/job-status/…, or strips the query with its token',
      });
      must(LEGACY.includes(String(json['status'])) && json['jobId'] === job.jobId, {
        expected: `one of ${LEGACY.join(', ')} (the job is ${known})`,
        seen: show(json['status']),
      });
      return String(json['status']);
    },
  },
];
