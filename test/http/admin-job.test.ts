/** One job's whole way, as operators see it: without what users and models wrote, but for the input on demand, which leaves a trace. */
import { expect, test } from 'vitest';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const OPERATOR = { authorization: 'Bearer anas-own-secret' };
const SECRET = 'A secret of Ana';

test('a job that lost an attempt, and failed: attempts, calls, cost, journal and deliveries, and nothing that was written', async () => {
  const openai = await startOpenAI((pen, _call, n) => {
    if (n === 1) return pen.fail(500, { error: { message: SECRET } });
    const { open, cards } = pieces([{ ...card(1), back: SECRET }]);
    pen.text(open + cards.join(''));
    pen.finish('content_filter');
  });
  const stack = await startStack({ ADMIN_TOKENS: 'ana:anas-own-secret', JOB_BACKOFF_MS: '1', WORKER_RATE_MAX: '1000', ...openai.env });
  await stack.startWorker();
  const sent = { content: `${SECRET}.`, count: 3, pushToken: 'ExponentPushToken[secret-of-a-phone]' };
  const job = await stack.submit(sent, { 'user-id': 'ana', 'x-request-id': 'of-the-submission' });
  const path = `/admin/jobs/${job['jobId']}`;
  const read = async (query = '') => (await fetch(`${stack.url}${path}${query}`, { headers: OPERATOR })).text();
  await (await stack.watch(job)).until(isEnd);

  const text = await read();
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain('secret-of-a-phone');
  const seen = JSON.parse(text) as Record<string, any>;
  expect(seen).toMatchObject({
    jobId: job['jobId'],
    state: 'failed',
    userId: 'ana',
    requestId: 'of-the-submission',
    notifies: 'push',
    error: { code: 'provider_refused' },
    attempts: [
      { attempt: 1, endedBy: 'provider_unavailable' },
      { attempt: 2, endedBy: 'provider_refused' },
    ],
    setbacks: { putOffs: 0, lost: 0, givenBack: 0, retries: 0 },
    worker: expect.any(String),
    provider: 'openai',
    followers: 0,
  });
  expect(seen).not.toHaveProperty('input');
  expect(seen['lockMs']).toBeUndefined();
  expect(seen['calls'].length).toBeGreaterThan(0);
  const { rows, shown } = seen['journal'] as { rows: number; shown: Record<string, unknown>[] };
  expect(rows).toBe(shown.length);
  expect(shown.filter(({ type }) => type === 'item')).toEqual([
    {
      seq: expect.any(Number),
      type: 'item',
      attempt: 2,
      list: 'flashcards',
      index: 0,
      percent: expect.any(Number),
      bytes: expect.any(Number),
    },
  ]);

  const actions = async () =>
    ((await (await fetch(`${stack.url}/admin/actions`, { headers: OPERATOR })).json()) as { actions: Record<string, unknown>[] }).actions;
  expect(await actions()).toEqual([]);
  expect(JSON.parse(await read('?input=1'))).toMatchObject({ input: { content: `${SECRET}.`, count: 3 } });
  expect(await actions()).toEqual([
    expect.objectContaining({ by: 'ana', what: 'read input', scope: `job ${job['jobId']}`, result: 'done' }),
  ]);
  await expect.poll(async () => JSON.parse(await read()).deliveries).toEqual([expect.objectContaining({ channel: 'push' })]);
});

test('a job that runs has a lock and is followed; what is none is 404', async () => {
  const held = latch();
  const openai = await startOpenAI(async () => held.wait);
  const stack = await startStack({ ADMIN_TOKENS: 'ana:anas-own-secret', ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  const follower = await stack.watch(job);
  await follower.until(({ event }) => event === 'progress');
  const answer = await fetch(`${stack.url}/admin/jobs/${job['jobId']}`, { headers: OPERATOR });
  expect(await answer.json()).toMatchObject({ state: 'active', lockMs: expect.any(Number), followers: 1, attempts: [{ attempt: 1 }] });
  for (const id of ['x', `generate-flashcards-${'A'.repeat(32)}`]) {
    const none = await fetch(`${stack.url}/admin/jobs/${id}`, { headers: OPERATOR });
    expect([id, none.status, await none.json()]).toEqual([id, 404, expect.objectContaining({ code: 'job_not_found' })]);
  }
  held.open();
});
