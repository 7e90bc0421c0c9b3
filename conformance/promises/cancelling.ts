/** Promises about ending a job: it is cancelled once, for everybody, and erased without a trace. */
import { type Check, must, notJudged, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { submittedOf } from '../jobs.ts';
import type { Submitted } from '../shapes.ts';
import { isEnd, readStream, showEvents } from '../stream.ts';

/** How many jobs are tried: one that is quick ends before it can be cancelled. */
const TRIES = 3;

/** The check of this group. It is one, because each part needs the one before it. */
export const cancelling: Check<Deployment>[] = [
  {
    id: 'cancel',
    promise:
      'A job can be cancelled: 202, then 200; its stream ends with cancelled, and its status reads cancelled, or failed for the first clients.',
    async run({ jobs, http }) {
      for (let n = 0; n < TRIES; n++) {
        const job = submittedOf(await jobs.submit(jobs.input(1)));
        if (!job) return notJudged('no job could be submitted: see submit');
        const { status, json, text } = await http.ask(job.cancelUrl, { method: 'POST' });
        must(status === 202 || status === 200, { expected: '202, or 200 if it has ended', seen: `${status}, ${show(text)}` });
        if (status === 200 && json['status'] !== 'cancelled') continue; // it was quicker
        must(status === 202, {
          expected: '202 the first time',
          seen: '200',
          cause: 'a proxy changes the status 202, or sends requests twice',
        });
        await mustBeCancelled({ http }, job);
        return '202, 200, cancelled';
      }
      return notJudged(`${TRIES} jobs ended before they could be cancelled`);
    },
  },
  {
    id: 'erase',
    promise: 'An erased job is gone: DELETE is 204, and then the job is 404 for reading, watching and erasing.',
    async run({ jobs, http }) {
      const { first } = await jobs.keyed();
      const path = `/api/jobs/${first.jobId}`;
      const erased = await http.ask(path, { method: 'DELETE' });
      must(erased.status === 204 && erased.text === '', {
        expected: '204 without a body',
        seen: `${erased.status}, ${show(erased.text)}`,
        cause: 'a proxy refuses DELETE, or changes the status 204',
      });
      const [read, watched, again] = [
        await http.ask(path),
        await http.ask(first.streamUrl, { headers: { accept: 'text/event-stream' } }),
        await http.ask(path, { method: 'DELETE' }),
      ].map(({ status }) => status);
      must(read === 404 && watched === 404 && again === 404, {
        expected: '404, 404, 404',
        seen: `${read}, ${watched}, ${again}`,
        cause: 'a proxy stores answers',
      });
      return '204, then 404';
    },
  },
];

async function mustBeCancelled({ http }: Pick<Deployment, 'http'>, job: Submitted): Promise<void> {
  const again = await http.ask(job.cancelUrl, { method: 'POST' });
  must(again.status === 200, { expected: '200 the second time', seen: `${again.status}, ${show(again.text)}` });
  const end = (await readStream(http, job.streamUrl)).events().filter(isEnd);
  must(end.length === 1 && end[0]?.event === 'cancelled', { expected: 'cancelled, once', seen: showEvents(end) });
  const { usage } = end[0].data;
  must(usage === undefined, { expected: 'cancelled without usage, which only the status has', seen: show(usage) });
  const [read, legacy] = [await http.ask(`/api/jobs/${job.jobId}`), await http.ask(job.statusUrl, { anonymous: true })];
  must(read.json['status'] === 'cancelled', { expected: 'cancelled', seen: show(read.json['status']) });
  if (legacy.status !== 200) return; // that is judged by poll-first-clients
  const { code } = (legacy.json['error'] ?? {}) as { code?: unknown };
  must(legacy.json['status'] === 'failed' && code === 'cancelled', {
    expected: 'failed with the code cancelled, for the first clients',
    seen: `${show(legacy.json['status'])} with ${show(code)}`,
  });
}
