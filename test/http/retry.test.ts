/** A failed job again, in real processes where a worker is killed: its items kept, its numbers going on, one end after the other. */
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { openRedis } from '../support/keys.ts';
import { answerWith, card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { isEnd, lasting } from '../support/sse.ts';
import { startStack as startProcesses } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const OPERATOR = 'an-operator-of-sixteen';
const retry = (url: string, jobId: string, headers: Record<string, string> = ANA) =>
  fetch(`${url}/api/jobs/${jobId}/retry`, { method: 'POST', headers });

/** A vendor that writes two cards and refuses to go on, until it is mended. */
async function startStubborn() {
  let mended = false;
  const openai = await startOpenAI((pen, call, n) => {
    if (mended) return answerWith()(pen, call, n);
    const { open, cards } = pieces([card(1), card(2)]);
    pen.text(open + cards.join(''));
    pen.finish('content_filter');
  });
  return { ...openai, mend: () => (mended = true) };
}

test('a retried job keeps its items, asks for the rest alone, and its ids go on past the old end', async () => {
  const openai = await startStubborn();
  const stack = await startStack({ JOB_ATTEMPTS: '3', ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 5 }, ANA);
  const jobId = job['jobId'] as string;
  const failed = await (await stack.watch(job)).until(isEnd);
  expect(failed).toMatchObject({ id: '4', event: 'failed', data: { error: { code: 'provider_refused' } } });

  openai.mend();
  const answer = await retry(stack.url, jobId);
  expect(answer.status).toBe(202);
  const body = (await answer.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ jobId, attempt: 2, maxAttempts: 4 });
  expect(['waiting', 'active']).toContain(body['status']);
  expect(body['error']).toBeUndefined();

  // Who saw the end comes back after it, another reads all of it.
  const after = await stack.watch(job, { 'last-event-id': '4' });
  const whole = await stack.watch(job);
  const end = await after.until(isEnd);
  await whole.until(isEnd);
  expect(end.data['result'].flashcards).toEqual([1, 2, 3, 4, 5].map(card));
  expect(lasting(after.events).map(({ id, event }) => `${id} ${event}`)).toEqual([
    '5 attempt',
    '6 progress',
    '7 item',
    '8 item',
    '9 item',
    '10 completed',
  ]);
  expect(after.events.find(({ event }) => event === 'attempt')?.data).toEqual({
    type: 'attempt',
    jobId,
    seq: 5,
    attempt: 2,
    itemsKept: 2,
    code: 'provider_refused',
  });
  expect(lasting(whole.events).map(({ id }) => Number(id))).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10]);
  expect(openai.calls.map(({ material }) => material['count'])).toEqual([5, 3]);
});

test('it may be tried as often again, and can fail again', async () => {
  const openai = await startOpenAI((pen) => pen.fail(500, {}));
  const stack = await startStack({ JOB_ATTEMPTS: '2', ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const first = await (await stack.watch(job)).until(isEnd);
  expect((await retry(stack.url, job['jobId'])).status).toBe(202);
  const stream = await stack.watch(job, { 'last-event-id': first.id ?? '' });
  const second = await stream.until(isEnd);
  expect(second.event).toBe('failed');
  expect(openai.calls).toHaveLength(4);
  expect(stream.events.filter(({ event }) => event === 'attempt').map(({ data }) => data['attempt'])).toEqual([3, 4]);
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'failed', attempt: 4, maxAttempts: 4 });
});

test('one retry at a time, of failed jobs, by their owner', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen, _call, n) => {
    if (n === 1) return pen.fail(400, {});
    await go.wait;
    pen.fail(400, {});
  });
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const jobId = job['jobId'] as string;
  await (await stack.watch(job)).until(isEnd);
  expect((await retry(stack.url, jobId, { 'user-id': 'bob' })).status).toBe(404);
  expect((await retry(stack.url, jobId, {})).status).toBe(401);
  expect((await retry(stack.url, 'wait')).status).toBe(404);

  const statuses = (await Promise.all(Array.from({ length: 10 }, () => retry(stack.url, jobId)))).map(({ status }) => status);
  expect(statuses.toSorted((a, b) => a - b)).toEqual([202, ...Array.from({ length: 9 }, () => 409)]);
  expect(await (await retry(stack.url, jobId)).json()).toMatchObject({ code: 'job_not_failed', jobId, retryable: false });
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: ANA });
  expect((await retry(stack.url, jobId)).status).toBe(409); // cancelling is final
  go.open();
  await worker.stop();
});

test('a job is retried MAX_JOB_RETRIES times, however fast it is asked for; after that the operator alone can', async () => {
  const openai = await startOpenAI((pen) => pen.fail(400, {}));
  const stack = await startStack({ MAX_JOB_RETRIES: '3', ADMIN_TOKEN: OPERATOR, ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const jobId = job['jobId'] as string;
  const state = async () => [openai.calls.length, (await stack.get(`/api/jobs/${jobId}`, ANA))['status']];
  const failed = async (calls: number) => {
    await expect.poll(state).toEqual([calls, 'failed']);
  };
  const codes: string[] = [];
  for (let calls = 1; calls <= 6; calls++) {
    await failed(Math.min(calls, 4));
    const answers = await Promise.all(Array.from({ length: 3 }, () => retry(stack.url, jobId)));
    for (const answer of answers) codes.push(answer.status === 202 ? 'retried' : String(((await answer.json()) as any).code));
  }
  expect(codes.filter((code) => code === 'retried')).toHaveLength(3);
  expect(codes.slice(-6)).toEqual(Array.from({ length: 6 }, () => 'too_many_retries'));

  const refused = await retry(stack.url, jobId);
  expect([refused.status, refused.headers.get('ratelimit')]).toEqual([409, null]); // it is no submission
  const headers = { authorization: `Bearer ${OPERATOR}` };
  expect(await (await fetch(`${stack.url}/admin/failed-jobs/retry`, { method: 'POST', headers })).json()).toMatchObject({
    retried: [jobId],
  });
  await failed(5);
  expect((await retry(stack.url, jobId)).status).toBe(409);
});

test('a job whose journal is full fails by name with what it has, and is retried by nobody', async () => {
  const stack = await startStack({ ADMIN_TOKEN: OPERATOR });
  const redis = openRedis();
  const job = await stack.submit({ content: 'Hund: dog' }, ANA);
  const logs = keysUnder(stack.prefix).logs(job['jobId']);
  const item = { type: 'item', attempt: 1, list: 'flashcards', index: 0, value: { front: 'a', back: 'b' }, percent: 20 };
  await redis.rpush(logs, JSON.stringify(item), ...Array.from({ length: 9999 }, () => '{}'));
  await redis.hset(keysUnder(stack.prefix).job(job['jobId']), 'ats', 1); // as a run before has left it
  await stack.startWorker();
  await expect
    .poll(() => stack.get(`/api/jobs/${job['jobId']}?include=items`, ANA))
    .toMatchObject({
      status: 'failed',
      attempt: 1,
      error: { code: 'journal_full', retryable: false },
      items: { flashcards: [{ front: 'a' }] },
    });
  expect(await (await retry(stack.url, job['jobId'])).json()).toMatchObject({ code: 'too_many_retries' });
  const headers = { authorization: `Bearer ${OPERATOR}` };
  expect(await (await fetch(`${stack.url}/admin/failed-jobs/retry`, { method: 'POST', headers })).json()).toMatchObject({ retried: [] });
  expect(await redis.llen(logs)).toBe(10_000);
});

test('a job whose workers were lost starts with a clean slate', async () => {
  const stalls = { WORKER_STALLED_INTERVAL_MS: '400', WORKER_MAX_STALLED_COUNT: '0' };
  const called = [latch(), latch()];
  const openai = await startOpenAI((pen, call, n) => {
    called[n - 1]?.open();
    if (n > 1) answerWith()(pen, call, n);
  });
  const stack = await startProcesses({ ...stalls, ...openai.env });
  const job = await stack.submit({ content: 'Notes.', count: 2 }, ANA);
  const worker = await stack.startWorker();
  await called[0]?.wait;
  await worker.stop('SIGKILL');
  await stack.startWorker();
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end.data['error'].code).toBe('worker_lost');
  expect((await retry(stack.url, job['jobId'])).status).toBe(202);
  const stream = await stack.watch(job, { 'last-event-id': end.id ?? '' });
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(stream.events.find(({ event }) => event === 'attempt')?.data).toMatchObject({ attempt: 2, code: 'worker_lost' });
});

test('an operator lists failed jobs and retries them, those he means and no cancelled one', async () => {
  const token = 'an operator knows it';
  const openai = await startStubborn();
  const stack = await startStack({ ADMIN_TOKEN: 'operator-token', ...openai.env });
  await stack.startWorker();
  const jobs = await Promise.all(['ana', 'bob', 'cleo'].map((user) => stack.submit({ content: 'Notes.', count: 3 }, { 'user-id': user })));
  for (const job of jobs) await (await stack.watch(job)).until(isEnd);
  const admin = (path: string, method = 'GET', authorization = 'Bearer operator-token') =>
    fetch(`${stack.url}/admin/failed-jobs${path}`, { method, headers: { authorization } });
  expect((await admin('', 'GET', `Bearer ${token}`)).status).toBe(401);
  expect((await admin('/retry', 'POST', '')).headers.get('www-authenticate')).toBe('Bearer');

  const listed = (await (await admin('')).json()) as { jobs: Record<string, unknown>[]; more: boolean };
  expect(listed).toMatchObject({ more: false, jobs: [{ error: { code: 'provider_refused' } }, {}, {}] });
  expect(new Set(listed.jobs.map(({ userId }) => userId))).toEqual(new Set(['ana', 'bob', 'cleo']));
  expect(await (await admin('?limit=2')).json()).toMatchObject({ more: true, jobs: [{}, {}] });
  expect((await admin('?limit=0')).status).toBe(400);

  openai.mend();
  expect(await (await admin('/retry?code=worker_lost', 'POST')).json()).toEqual({ retried: [], more: false });
  const bobs = jobs[1]?.['jobId'];
  expect(await (await admin('/retry?user=bob', 'POST')).json()).toEqual({ retried: [bobs], more: false });
  await expect.poll(async () => (await stack.get(`/api/jobs/${bobs}`))['status']).toBe('completed');
  const rest = (await (await admin('/retry?kind=generate-flashcards', 'POST')).json()) as { retried: string[] };
  expect(new Set(rest.retried)).toEqual(new Set([jobs[0]?.['jobId'], jobs[2]?.['jobId']]));
  for (const id of rest.retried) await expect.poll(async () => (await stack.get(`/api/jobs/${id}`))['status']).toBe('completed');
});

test('without ADMIN_TOKEN nobody is the operator', async () => {
  const stack = await startStack();
  const answer = await fetch(`${stack.url}/admin/failed-jobs`, { headers: { authorization: 'Bearer undefined' } });
  expect(answer.status).toBe(401);
  expect(((await answer.json()) as { detail: string }).detail).toContain('ADMIN_TOKEN');
});
