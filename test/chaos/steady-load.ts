/** Jobs that come at a pace, whatever happens, each followed over every API: what was accepted, when, and what its followers saw. */
import { expect } from 'vitest';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import type { Process } from '../support/stack.ts';
import { pass } from '../support/waits.ts';

/** What a follower saw, over all its connections: `lost` where it was told in the end that there is no such job. */
type Followed = { events: StreamEvent[]; lost: boolean };

/** An accepted job: its notes, when it was accepted and when its first follower knew its end, and what all of them saw. */
export type LoadedJob = { job: Record<string, any>; content: string; acceptedAt: number; endedAt: number; followed: Followed[] };

/** A load that goes on. */
export type Load = {
  /** Resolves once so many more jobs were accepted. */
  accepts(more: number): Promise<void>;
  /** Submits no more; resolves when each accepted job has ended, or is lost, for all that follow it. */
  finish(): Promise<LoadedJob[]>;
};

/** How long a client waits before it asks again, in ms. */
const AGAIN_MS = 250;

/** Starts to submit so many jobs a second, in turns at each API. */
export function startLoad(apis: Process[], perSecond: number): Load {
  const jobs: Promise<LoadedJob>[] = [];
  let accepted = 0;
  const apiAt = (n: number) => (apis[n % apis.length] as Process).url;

  const submit = async (n: number): Promise<LoadedJob> => {
    const content = `Notes ${n}.`;
    const headers = { 'content-type': 'application/json', 'user-id': `user-${n % 20}`, 'idempotency-key': `job-${n}` };
    for (let time = n; ; time++) {
      const body = JSON.stringify({ content });
      const response = await fetch(`${apiAt(time)}/api/ai/generate-flashcards`, { method: 'POST', headers, body });
      const job = (await response.json()) as Record<string, any>;
      if (response.status === 202) {
        accepted++;
        const acceptedAt = performance.now();
        const following = apis.map(({ url }) => follow(url + job['streamUrl']));
        await Promise.race(following);
        const endedAt = performance.now();
        return { job, content, acceptedAt, endedAt, followed: await Promise.all(following) };
      }
      expect(job, 'all that keeps a client out is the outage').toMatchObject({ code: 'queue_unavailable' });
      await pass(AGAIN_MS);
    }
  };
  let next = 0;
  const timer = setInterval(() => {
    const job = submit(next++);
    job.catch(() => {}); // heard when the test waits for them
    jobs.push(job);
  }, 1000 / perSecond);
  return {
    async accepts(more) {
      const wanted = accepted + more;
      await expect.poll(() => accepted).toBeGreaterThanOrEqual(wanted);
    },
    finish() {
      clearInterval(timer);
      return Promise.all(jobs);
    },
  };
}

/** Follows to the end as a browser does, with the last id after each end of a connection. */
async function follow(url: string): Promise<Followed> {
  const events: StreamEvent[] = [];
  for (;;) {
    const last = lasting(events).at(-1)?.id;
    const stream = await watch(url, last === undefined ? {} : { 'last-event-id': last });
    if (stream.response.status === 404) return { events, lost: true };
    await stream.ended;
    events.push(...stream.events);
    if (stream.response.status === 204 || events.some(isEnd)) return { events, lost: false };
    await pass(AGAIN_MS);
  }
}
