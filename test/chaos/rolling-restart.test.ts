/** A deploy: both APIs behind nginx and both workers are replaced, one after the other, under a thousand open streams. */
import { expect, test } from 'vitest';
import { hasNginx, startNginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { type Process, startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { type PacedCall, startModel } from './model.ts';

const JOBS = 100;
const CARDS = 10;
const FOLLOWERS = 10;
const STOPPED_WORKERS = 2;

/** Each call asks for what the journal lacked when its run began, and only a worker that stops hands a job back. */
function expectNothingBoughtTwice(rows: StreamEvent[], calls: PacedCall[]): void {
  const begins = rows.flatMap(({ event }, at) =>
    event === 'progress' ? [rows.slice(0, at).filter((row) => row.event === 'item').length] : [],
  );
  expect(begins).toEqual(expect.arrayContaining(calls.map(({ had }) => had)));
  expect(calls.map(({ had, wanted }) => had + wanted)).toEqual(calls.map(() => CARDS));
  expect(calls.length).toBeLessThanOrEqual(1 + STOPPED_WORKERS);
}

/** What a worker may finish before it hands its jobs back: less than a job takes. An API on a busy machine needs longer to end its streams. */
const BRIEF = { SHUTDOWN_GRACE_MS: '400' };

test.runIf(hasNginx)(
  'a rolling restart of two APIs and two workers: no stream is refused or misses a thing, and no card that arrived is bought again',
  async () => {
    const redis = await ownRedis();
    const model = await startModel({ cardMs: 150 });
    const ports = [await freePort(), await freePort()];
    const limits = { RATE_LIMIT_MAX: '100000', WORKER_CONCURRENCY: '10', DRAIN_MS: '200', LOG_LEVEL: 'info' };
    const stack = await startStack({ REDIS_URL: redis.url, ...model.env, ...limits });
    const startAt = (at: number) => stack.startApi({ PORT: String(ports[at]) });
    const apis = [await startAt(0), await startAt(1)] as [Process, Process];
    const url = await startNginx(
      apis.map((api) => api.url),
      { server: 'max_fails=1 fail_timeout=1s', location: 'proxy_buffering off; proxy_http_version 1.1;' },
    );

    const refused: number[] = [];
    let connections = 0;
    /** Follows to the end, as a browser would: behind nginx, and with the last id after each end of a connection. */
    const follow = async (path: string, headers: Record<string, string>): Promise<StreamEvent[]> => {
      const events: StreamEvent[] = [];
      while (!events.some(isEnd)) {
        const last = lasting(events).at(-1)?.id;
        const stream = await watch(url + path, { ...headers, ...(last !== undefined && { 'last-event-id': last }) });
        connections++;
        if (stream.response.status !== 200) refused.push(stream.response.status);
        await stream.ended;
        events.push(...stream.events);
      }
      return events;
    };
    const following = Array.from({ length: JOBS }, async (_, n) => {
      const headers = { 'content-type': 'application/json', 'user-id': `user-${n}` };
      const body = JSON.stringify({ content: `Notes ${n}.`, count: CARDS });
      const submitted = await fetch(`${url}/api/ai/generate-flashcards`, { method: 'POST', headers, body });
      const job = (await submitted.json()) as Record<string, any>;
      const followed = await Promise.all(Array.from({ length: FOLLOWERS }, () => follow(job['streamUrl'], {})));
      return { job, followed };
    });
    const open = async () => {
      const health = await Promise.all(apis.map(async (api) => (await fetch(`${api.url}/health`)).json() as Promise<Record<string, any>>));
      return health.reduce((sum, { followers }) => sum + followers, 0);
    };
    await expect.poll(open).toBe(JOBS * FOLLOWERS);

    /** Whether nginx gives requests to an API: one of them is noted in its log. */
    const isUsed = async ({ log }: Process) => {
      await fetch(`${url}/api/kinds`);
      return log().some(({ path }) => path === '/api/kinds');
    };

    const workers = await Promise.all([stack.startWorker(BRIEF), stack.startWorker(BRIEF)]);
    for (const at of [0, 1]) {
      await model.hasWritten(150 + 300 * at);
      expect(await apis[at]?.stop('SIGTERM')).toBe(0);
      apis[at] = await startAt(at);
      await expect.poll(() => isUsed(apis[at] as Process)).toBe(true); // as a deploy waits until what it has started is in use
      await model.hasWritten(300 + 300 * at);
      const next = await stack.startWorker(BRIEF);
      expect(await workers[at]?.stop('SIGTERM')).toBe(0);
      workers[at] = next;
    }

    const entries = await Promise.all(following);
    const accounts = await auditAll(url, entries);
    expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(accounts.map(() => ['completed', CARDS]));
    expect(refused).toEqual([]);
    expect(connections).toBeGreaterThan(JOBS * FOLLOWERS);
    accounts.forEach(({ rows }, n) =>
      expectNothingBoughtTwice(
        rows,
        model.calls.filter(({ content }) => content === `Notes ${n}.`),
      ),
    );
    await expectUnharmed([...workers, ...apis, stack.api]);
  },
);
