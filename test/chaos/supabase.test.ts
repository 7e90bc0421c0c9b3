/** Supabase away under load, and API and worker killed meanwhile: nothing is lost, nothing is bought twice, and every row arrives. */
import { expect, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { startStack } from '../support/stack.ts';
import { startSupabase } from '../support/supabase-project.ts';
import { expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';
import { pass } from '../support/waits.ts';

const JOBS = 50;

/** How many jobs run at once, and so how many calls a kill can cut: each may have to be repeated for what had not arrived. */
const AT_ONCE = 8;

test('50 jobs while Supabase is away for 10 s, API and worker killed: all complete for their streams, all rows are there 10 s after its return', async () => {
  const redis = await ownRedis();
  const project = await startSupabase();
  const received = new Map<string, () => StreamEvent[]>();
  const model = await startModel({
    cardMs: 40,
    // The next card is written once its follower has the last one. So a worker that dies has lost one card of each call at most, on any machine.
    async mayGoOn(call) {
      const items = () =>
        received
          .get(call.content)?.()
          .filter(({ event }) => event === 'item').length ?? 0;
      while (!call.broken && items() < call.had + call.written) await pass(10);
    },
  });
  const { id: owner, token } = await project.signUp();
  const headers = { authorization: `Bearer ${token}` };
  const port = await freePort();
  const stack = await startStack({
    ...model.env,
    ...project.env,
    REDIS_URL: redis.url,
    PORT: String(port),
    WORKER_CONCURRENCY: String(AT_ONCE),
    WORKER_STALLED_INTERVAL_MS: '1500',
  });
  const url = `http://127.0.0.1:${port}`;
  const api = await stack.startApi({ PORT: String(port) });
  const first = await stack.startWorker();
  await fetch(`${url}/api/jobs`, { headers }); // the API knows the project's keys

  await project.stop();
  const back = pass(10_000);
  const submit = async (n: number): Promise<Record<string, any>> => {
    const response = await fetch(`${url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ content: `Notes ${n}.`, count: 5 }),
    });
    expect(response.status).toBe(202);
    return (await response.json()) as Record<string, any>;
  };
  const jobs = await Promise.all(Array.from({ length: JOBS }, (_, n) => submit(n)));
  const follow = async (job: Record<string, any>, n: number): Promise<StreamEvent[]> => {
    const events: StreamEvent[] = [];
    let current: StreamEvent[] = [];
    received.set(`Notes ${n}.`, () => [...events, ...current]);
    while (!events.some(isEnd)) {
      const last = lasting(events).at(-1)?.id;
      const stream = await watch(url + job['streamUrl'], last === undefined ? {} : { 'last-event-id': last }).catch(() => undefined);
      current = stream?.events ?? [];
      await stream?.ended.catch(() => {});
      events.push(...current);
      current = [];
      if (!stream) await pass(50); // nobody is there
    }
    return events;
  };
  const following = Promise.all(jobs.map(follow));

  await model.hasWritten(60);
  await Promise.all([stack.api, api, first].map((process) => process.stop('SIGKILL')));
  const apis = [await stack.startApi({ PORT: String(port) })];
  const workers = [await stack.startWorker()];

  const streams = await following;
  await back;
  await project.start();
  await expect.poll(async () => (await project.sql('select count(*)::int as rows from public.jobs'))[0]).toEqual({ rows: JOBS });

  for (const [n, events] of streams.entries()) {
    const rows = lasting(events);
    const ids = rows.map(({ id }) => Number(id));
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    expect(rows.at(-1)?.event).toBe('completed');
    const [row] = await project.sql('select * from public.jobs where id = $1', [jobs[n]?.['jobId']]);
    expect(row).toMatchObject({ user_id: owner, status: 'completed', result: rows.at(-1)?.data['result'] });
  }
  // Nothing was bought twice: a call was repeated only where the worker died under it, and then for the rest.
  expect(model.calls.length).toBeLessThanOrEqual(JOBS + AT_ONCE);
  const bought = model.calls.flatMap(({ content, had, written }) => Array.from({ length: written }, (_, n) => `${content} ${had + n}`));
  expect(bought.length - new Set(bought).size).toBeLessThanOrEqual(AT_ONCE); // the card that was on its way
  await expectUnharmed([...workers, ...apis]);
});
