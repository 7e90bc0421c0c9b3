/** Cancelling: in any state, from any process, down to the vendor's socket, and for good. */
import { expect, test } from 'vitest';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { isEnd, lasting } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const cancel = (url: string, job: Record<string, any>, headers: Record<string, string> = ANA) =>
  fetch(url + job['cancelUrl'], { method: 'POST', headers });

/** A model that writes one card and then takes its time. */
async function slow() {
  const openai = await startOpenAI((pen) => pen.text(pieces([card(1)]).open + pieces([card(1)]).cards[0]));
  const stack = await startStack(openai.env);
  return { openai, stack };
}

test('a running job stops down to the socket, keeps its items, and ends its streams on every process', async () => {
  const { openai, stack } = await slow();
  const other = await stack.startApi();
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');

  const answer = await cancel(other.url, job);
  expect([answer.status, await answer.json()]).toEqual([
    202,
    expect.objectContaining({ status: 'cancelled', cancelRequestedAt: expect.any(String), finishedAt: expect.any(String) }),
  ]);
  await openai.calls[0]?.dropped;
  const end = await stream.until(isEnd);
  await stream.ended;
  expect(end).toMatchObject({ event: 'cancelled', id: '3', data: { type: 'cancelled' } });
  expect(stream.retries.at(-1)).toBe(0);
  expect(lasting(stream.events).map(({ id }) => id)).toEqual(['1', '2', '3']);

  const again = await cancel(stack.url, job);
  expect([again.status, await again.json()]).toEqual([200, expect.objectContaining({ status: 'cancelled' })]);
  expect(await stack.get(`/api/jobs/${job['jobId']}?include=items`, ANA)).toMatchObject({
    status: 'cancelled',
    items: { flashcards: [card(1)] },
  });
  expect(await stack.get(job['statusUrl'], ANA)).toMatchObject({ status: 'failed', error: { code: 'cancelled' } });
  expect((await stack.watch(job, { 'last-event-id': '3' })).response.status).toBe(204);
  expect(openai.calls).toHaveLength(1);
});

test('a waiting job never starts, and its place is free', async () => {
  const stack = await startStack();
  const [first, second] = [await stack.submit({ content: 'Hund: dog' }, ANA), await stack.submit({ content: 'Hund: dog' }, ANA)];
  const stream = await stack.watch(first);
  expect((await cancel(stack.url, first)).status).toBe(202);
  expect((await stream.until(isEnd)).event).toBe('cancelled');
  expect(await stack.get(second['statusUrl'], ANA)).toMatchObject({ position: 1 });
  const worker = await stack.startWorker();
  expect((await (await stack.watch(second)).until(isEnd)).event).toBe('completed');
  expect(await (await fetch(`${worker.url}/health`)).json()).toMatchObject({ started: 1 });
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ waiting: 0, active: 0, completed: 1, failed: 0, cancelled: 1 });
  await fetch(`${stack.url}/api/jobs/${first['jobId']}`, { method: 'DELETE', headers: ANA });
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ completed: 1, failed: 0, cancelled: 0 });
});

test('a job between two attempts gets no second one', async () => {
  const openai = await startOpenAI((pen) => pen.fail(503, {}));
  const stack = await startStack({ ...openai.env, JOB_BACKOFF_MS: '60000' });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const stream = await stack.watch(job);
  await stream.until(({ data }) => data['retryAt'] !== undefined);
  expect((await cancel(stack.url, job)).status).toBe(202);
  expect((await stream.until(isEnd)).event).toBe('cancelled');
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ delayed: 0, failed: 0, cancelled: 1 });
  expect(openai.calls).toHaveLength(1);
});

test('a job that has ended stays as it ended; nobody cancels for another', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const job = await stack.submit({ content: 'Hund: dog' }, ANA);
  await (await stack.watch(job)).until(isEnd);
  const late = await cancel(stack.url, job);
  expect([late.status, await late.json()]).toEqual([200, expect.objectContaining({ status: 'completed', result: expect.anything() })]);
  expect((await cancel(stack.url, job, { 'user-id': 'bob' })).status).toBe(404);
  expect((await cancel(stack.url, job, {})).status).toBe(401);
  expect((await cancel(stack.url, { cancelUrl: '/api/jobs/wait/cancel' })).status).toBe(404);
});

const outcome = async (stack: Stack, job: Record<string, any>) => (await (await stack.watch(job)).until(isEnd)).event;

test('cancelling in a race with completing: one end each, and none completes after it was cancelled', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen) => {
    await go.wait;
    const { open, cards, close } = pieces([card(1)]);
    pen.text(open + cards[0] + close);
    pen.finish('stop');
  });
  const stack = await startStack({ ...openai.env, WORKER_CONCURRENCY: '20' });
  await stack.startWorker();
  const jobs = await Promise.all(Array.from({ length: 40 }, () => stack.submit({ content: 'Notes.', count: 1 }, ANA)));
  await expect.poll(() => openai.calls.length).toBe(20);
  go.open();
  const answers = await Promise.all(jobs.map((job) => cancel(stack.url, job)));
  const said = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Record<string, any>)['status']));
  const ends = await Promise.all(jobs.map((job) => outcome(stack, job)));
  expect(ends).toEqual(said);
  expect(await Promise.all(jobs.map((job) => outcome(stack, job)))).toEqual(said); // and it stays so
  expect(said.filter((status) => status === 'cancelled').length).toBeGreaterThan(0);
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ waiting: 0, active: 0 });
});
