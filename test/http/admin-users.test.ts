/** Operators block users, and give them a weight and a bound; workers are told to take no more jobs. */
import { expect, test } from 'vitest';
import { answerWith, latch, startOpenAI } from '../support/openai.ts';
import { actionsOf, BOB, operate, OPERATORS } from '../support/operators.ts';
import { openQueue, openManualWorker, drain, submitTo } from '../support/queue.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';
import { submitJson } from '../support/submit.ts';
import { UserTermsBook } from '../../src/jobs/user-terms.ts';

const FLASHCARDS = '/api/ai/generate-flashcards';
const ACTION = { by: 'ana', what: 'set user', scope: 'x' };

test('a blocked user gets 403 with the reason on every process, reads on, and is let in again', async () => {
  const stack = await startStack(OPERATORS);
  const other = await stack.startApi();
  const job = await stack.submit({ content: 'Notes.' }, { 'user-id': 'ana' });
  const blocked = await operate(stack.url, 'PUT /admin/users/ana', { blocked: true, reason: 'A script runs wild.', cancelRunning: true });
  expect(blocked).toMatchObject({ status: 200, body: { userId: 'ana', blocked: true, reason: 'A script runs wild.', by: 'ana' } });
  expect((await operate(other.url, 'GET /admin/users')).body).toEqual({
    users: [{ userId: 'ana', blocked: true, reason: 'A script runs wild.', by: 'ana', since: expect.any(String) }],
  });
  const refused = await submitJson(other, FLASHCARDS, { content: 'More.' });
  expect(refused).toMatchObject({ status: 403, body: { code: 'blocked', retryable: false } });
  expect(refused.body['detail']).toContain('A script runs wild.');
  await expect.poll(async () => (await stack.get(`/api/jobs/${job['jobId']}`, { 'user-id': 'ana' }))['status']).toBe('cancelled');
  expect((await submitJson(stack, FLASHCARDS, { content: 'Mine.' }, 'another')).status).toBe(202);
  expect((await operate(other.url, 'PUT /admin/users/ana', {}, BOB)).body).toMatchObject({ blocked: false, openJobs: 0 });
  expect((await operate(stack.url, 'GET /admin/users')).body).toEqual({ users: [] });
  expect((await submitJson(stack, FLASHCARDS, { content: 'Again.' })).status).toBe(202);
  expect((await operate(stack.url, 'PUT /admin/users/ana', { until: '2020-01-01T00:00:00Z' })).status).toBe(400);
  await expect.poll(() => actionsOf(stack)).toContain('ana: cancel jobs user ana: done');
  expect((await actionsOf(stack)).filter((text) => text.includes('set user'))).toEqual([
    'ana: set user user ana, blocked true: set',
    'bob: set user user ana, blocked false: removed',
  ]);
});

test('weight and bound act in the same step as the admission; terms that are over, or unreadable, count no more', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const users = new UserTermsBook(store);
  await users.set('heavy', { blocked: false, weight: 3 }, ACTION);
  const ids: string[] = [];
  for (const owner of ['heavy', 'heavy', 'heavy', 'light', 'light', 'light']) ids.push((await submitTo(queue, owner)).id);
  const order = (await drain(await openManualWorker(keyPrefix), 6)).map((id) => (ids.indexOf(id) < 3 ? 'heavy' : 'light'));
  expect(order.slice(0, 4).filter((owner) => owner === 'heavy')).toHaveLength(3);

  await users.set('bounded', { blocked: false, maxJobs: 1 }, ACTION);
  await submitTo(queue, 'bounded');
  await expect(submitTo(queue, 'bounded')).rejects.toThrow('too_many');
  await users.set('bounded', { blocked: true }, ACTION, 60_000);
  await expect(submitTo(queue, 'bounded')).rejects.toThrow('blocked');
  const kept = (await redis.hget(keys.admin.users, 'user:bounded')) ?? '';
  await redis.hset(keys.admin.users, 'user:bounded', kept.replace(/^\d+/, '1'));
  await submitTo(queue, 'bounded');
  expect(await users.of('bounded')).toBeUndefined();
  expect((await users.list()).map(([user]) => user)).toEqual(['heavy']);
  await redis.hset(keys.admin.users, 'user:bounded', 'nonsense');
  await submitTo(queue, 'bounded');
  await redis.del(keys.admin.users);
  await redis.set(keys.admin.users, 'x');
  await submitTo(queue, 'bounded');
  expect(await users.list()).toEqual([]);
});

test('a quiet worker finishes what it has and takes no more; told to go on, it does', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n === 1) await go.wait;
    return answerWith()(pen, call, n);
  });
  const stack = await startStack({ ...OPERATORS, ...openai.env });
  const worker = await stack.startWorker();
  const running = await stack.submit({ content: 'Notes.', count: 1 }, { 'user-id': 'ana' });
  await expect.poll(() => openai.calls.length).toBe(1);
  const workers = async () => (await operate(stack.url, 'GET /admin/workers')).body['workers'] as Record<string, any>[];
  const [first] = await workers();
  const quiet = await operate(stack.url, `POST /admin/workers/${first?.['id']}/quiet`, { reason: 'It is looked at.' });
  expect(quiet.body).toEqual({ result: 'quiet', workers: { live: 1, holding: 1 } });
  await expect.poll(workers).toMatchObject([{ quiet: true }]);
  expect(await (await fetch(`${worker.url}/health`)).json()).toMatchObject({ status: 'ok', quiet: true });
  go.open();
  expect((await (await stack.watch(running)).until(isEnd)).event).toBe('completed');
  const waiting = await stack.submit({ content: 'More.', count: 1 }, { 'user-id': 'ana' });
  const second = await stack.startWorker();
  const stream = await stack.watch(waiting);
  expect((await stream.until(isEnd)).event).toBe('completed'); // by the other one
  expect(second.output()).toContain(waiting['jobId']);
  await second.stop();
  const last = await stack.submit({ content: 'Last.', count: 1 }, { 'user-id': 'ana' });
  expect((await operate(stack.url, `POST /admin/workers/${first?.['id']}/unquiet`, {}, BOB)).body).toEqual({ result: 'resumed' });
  expect((await (await stack.watch(last)).until(isEnd)).event).toBe('completed');
  expect((await operate(stack.url, 'POST /admin/workers/none/quiet', {})).status).toBe(404);
  expect((await actionsOf(stack)).map((text) => text.replace(/worker \S+:/, 'W:'))).toEqual([
    'ana: quiet W: quiet',
    'bob: unquiet W: resumed',
  ]);
});
