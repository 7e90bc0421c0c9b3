/** Cancel-After and Start-Within: a job, or one that has not begun, ends as cancelled past its time; in real processes where the API is killed. */
import { expect, test } from 'vitest';
import { answerWith, card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { endTime } from '../support/pauses.ts';
import { openQueue } from '../support/queue.ts';
import { isEnd } from '../support/sse.ts';
import { startStack as startProcesses } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';
import { parseDuration } from '../../src/http/submission-headers.ts';

test('a waiting job is cancelled at its time, with no worker there', async () => {
  const stack = await startStack();
  const later = await stack.get((await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1h' }))['statusUrl']);
  expect(Date.parse(later['cancelAt'])).toBe(Date.parse(later['createdAt']) + 3_600_000); // it counts from the request
  const job = await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1s' });
  const stream = await stack.watch(job);
  expect((await stream.until(isEnd)).event).toBe('cancelled');
  const after = await stack.get(`/api/jobs/${job['jobId']}`);
  expect(after).toMatchObject({ status: 'cancelled' });
  expect(Date.parse(after['finishedAt'])).toBeGreaterThanOrEqual(Date.parse(job['createdAt']) + 1000);
  expect(after['cancelAt']).toBeUndefined();
});

test('a running job stops down to the socket, by a worker whose API is gone, and keeps its items', async () => {
  const openai = await startOpenAI((pen) => {
    const { open, cards } = pieces([card(1), card(2)]);
    pen.text(open + cards[0]);
  });
  const stack = await startProcesses(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1h' });
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');
  await stack.api.stop('SIGKILL');
  await endTime(stack.prefix, job['jobId']); // once there is an item, however long that took
  await openai.calls[0]?.dropped;
  const other = await stack.startApi();
  const seen = (await (await fetch(`${other.url}/api/jobs/${job['jobId']}?include=items`)).json()) as Record<string, unknown>;
  expect(seen).toMatchObject({ status: 'cancelled', items: { flashcards: [card(1)] } });
});

test('a job past its time when the first worker starts is never begun', async () => {
  const openai = await startOpenAI((pen) => pen.fail(500, {}));
  const stack = await startProcesses(openai.env);
  const job = await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1h' });
  const late = await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1h' });
  await stack.api.stop('SIGKILL');
  await endTime(stack.prefix, job['jobId']);
  await stack.startWorker({ JOB_ATTEMPTS: '1' });
  const api = await stack.startApi();
  const get = async (id: string) => (await (await fetch(`${api.url}/api/jobs/${id}`)).json()) as Record<string, unknown>;
  await expect.poll(async () => (await get(late['jobId']))['attempt']).toBeGreaterThan(0);
  expect(await get(job['jobId'])).toMatchObject({ status: 'cancelled' });
  expect(openai.calls.length).toBeLessThanOrEqual(3); // those of the other one
  expect((await get(job['jobId']))['startedAt']).toBeUndefined();
});

test('a job that ends in time is left as it ended', async () => {
  const openai = await startOpenAI((pen) => {
    pen.text('{"flashcards":[{"front":"a","back":"b"}]}');
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const { redis, keys } = await openQueue(stack.prefix);
  const { jobId, statusUrl, ...job } = await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1h' });
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('completed');
  await redis.zadd(keys.deadlines, 1, jobId); // as if nobody had noticed its end until its time came
  await expect.poll(() => redis.zscore(keys.deadlines, jobId)).toBeNull();
  expect(await stack.get(statusUrl)).toMatchObject({ status: 'completed' });
});

test('a retry has a time of its own, or none; one that is refused changes nothing', async () => {
  const openai = await startOpenAI((pen, _call, n) => (n === 1 ? pen.fail(400, {}) : undefined));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const ana = { 'user-id': 'ana' };
  const job = await stack.submit({ content: 'Notes.' }, { ...ana, 'cancel-after': '1h' });
  await (await stack.watch(job)).until(isEnd);
  const retry = async (headers: Record<string, string> = {}) => {
    const response = await fetch(`${stack.url}/api/jobs/${job['jobId']}/retry`, { method: 'POST', headers: { ...ana, ...headers } });
    return { status: response.status, body: (await response.json()) as Record<string, any> };
  };
  const retried = await retry();
  expect([retried.status, retried.body['cancelAt']]).toEqual([202, undefined]);
  expect((await retry({ 'cancel-after': '1s' })).status).toBe(409);
  expect((await stack.get(job['statusUrl'], ana))['cancelAt']).toBeUndefined();
});

test('what is a time and what is not', async () => {
  const times = { '60s': 60_000, '90': 90_000, '5m': 300_000, '1h30m': 5_400_000, ' 24h ': 86_400_000 };
  for (const [text, ms] of Object.entries(times)) expect(parseDuration('Cancel-After', text)).toBe(ms);
  expect(parseDuration('Cancel-After', undefined)).toBeUndefined();
  for (const text of ['', '0', '0s', '25h', 's', '-5s', '1.5h', '5 minutes', 'Tue, 24 Nov 2026 00:00:00 GMT', '9'.repeat(30)]) {
    expect(() => parseDuration('Cancel-After', text), text).toThrow('Cancel-After must be');
  }
  const stack = await startStack();
  const refused = await stack.submit({ content: 'Notes.' }, { 'cancel-after': 'soon' }).catch((error: Error) => error.message);
  expect(refused).toMatch(/^400 .*invalid_input/);
});

test('a job that ends in time takes its time with it, whether it completed or failed', async () => {
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? pen.fail(400, {}) : answerWith()(pen, call, n)));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const { redis, keys } = await openQueue(stack.prefix);
  for (const end of ['failed', 'completed']) {
    const { jobId } = await stack.submit({ content: 'Notes.' }, { 'cancel-after': '1h' });
    expect([end, await redis.zscore(keys.deadlines, jobId)]).toEqual([end, expect.any(String)]);
    // Nobody looks at the job: it is its worker that takes the time away.
    await expect.poll(() => redis.zscore(keys.of(end as 'failed'), jobId)).not.toBeNull();
    await expect.poll(() => redis.zscore(keys.deadlines, jobId)).toBeNull();
  }
});

test('with Start-Within a job that has not begun ends as cancelled at its time; one that has begun goes on', async () => {
  const done = latch();
  const openai = await startOpenAI(async (pen, ...rest) => {
    await done.wait;
    await answerWith([card(1)])(pen, ...rest);
  });
  const stack = await startStack({ ...openai.env, WORKER_CONCURRENCY: '1' });
  await stack.startWorker();
  const begun = await stack.submit({ content: 'Notes.' }, { 'start-within': '1h' });
  await expect.poll(() => openai.calls.length).toBe(1);
  const waiting = await stack.submit({ content: 'Notes.' }, { 'start-within': '1s', 'cancel-after': '1h' });
  expect((await (await stack.watch(waiting)).until(isEnd)).event).toBe('cancelled');
  const { redis, keys } = await openQueue(stack.prefix);
  await endTime(stack.prefix, begun['jobId']);
  await expect.poll(() => redis.zrange(keys.deadlines, '0', '-1')).toEqual([]);
  expect(await stack.get(begun['statusUrl'])).toMatchObject({ status: 'active' });
  done.open();
  expect((await (await stack.watch(begun)).until(isEnd)).event).toBe('completed');
});

test('with both, a job that has begun in time is cancelled when its whole time is over', async () => {
  const openai = await startOpenAI(() => {});
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, { 'start-within': '1h', 'cancel-after': '1h' });
  await expect.poll(() => openai.calls.length).toBe(1);
  await endTime(stack.prefix, job['jobId']);
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('cancelled');
});

test('a retry can have a time within which it must begin', async () => {
  const openai = await startOpenAI((pen) => pen.fail(400, {}));
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  await (await stack.watch(job)).until(isEnd);
  await worker.stop();
  const path = `${stack.url}/api/jobs/${job['jobId']}/retry`;
  const refused = await fetch(path, { method: 'POST', headers: { 'start-within': 'soon' } });
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    { detail: expect.stringContaining('Start-Within must be') as string },
  ]);
  expect((await fetch(path, { method: 'POST', headers: { 'start-within': '1s' } })).status).toBe(202);
  await expect.poll(() => stack.get(job['statusUrl'])).toMatchObject({ error: { code: 'cancelled' } });
});
