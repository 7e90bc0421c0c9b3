/** Operators retry, cancel and erase many jobs: reckoned first, done once, and to their end whatever process dies. */
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { openRedis } from '../support/keys.ts';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { actionsOf, ANA, BOB, operate, OPERATORS } from '../support/operators.ts';
import { isEnd } from '../support/sse.ts';
import { type Serving, type Stack, startStack as startProcesses } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';

const USER = { 'user-id': 'user' };

/** A vendor that refuses each call until it is mended. */
async function startRefusing() {
  let mended = false;
  const openai = await startOpenAI((pen, call, n) => (mended ? answerWith()(pen, call, n) : pen.fail(400, {})));
  return { ...openai, mend: () => (mended = true) };
}

const submitAll = (stack: Stack<Serving>, count: number) =>
  Promise.all(Array.from({ length: count }, (_, n) => stack.submit({ content: `Notes ${n}.`, count: 1 }, USER)));

const statusesOf = async (stack: Stack<Serving>) => (await stack.get('/api/queue/stats'))['counts'] as Record<string, number>;

async function failAll(stack: Stack<Serving>, count: number) {
  const jobs = await submitAll(stack, count);
  await expect.poll(async () => (await statusesOf(stack))['failed']).toBe(count);
  return jobs;
}

test('two operators who start the same run get the same run; each job is bought once; a job that failed anew is left alone', async () => {
  const openai = await startRefusing();
  const stack = await startStack({
    ...OPERATORS,
    JOB_ATTEMPTS: '1',
    PRICES: '{"openai/*":{"perMillionInputTokens":1,"perMillionOutputTokens":2}}',
    ...openai.env,
  });
  const other = await stack.startApi();
  await stack.startWorker();
  const jobs = await failAll(stack, 5);
  const dry = await operate(stack.url, 'POST /admin/jobs/retry', { dryRun: true, code: 'provider_rejected', since: '1h' });
  expect(dry.status).toBe(200);
  expect(dry.body).toMatchObject({
    action: 'retry',
    scope: 'code provider_rejected, since 1h',
    state: 'ready',
    count: 5,
    by: 'ana',
    more: false,
  });
  expect((await statusesOf(stack))['failed']).toBe(5);

  // One of them is retried by its user meanwhile, and fails anew.
  const [first] = jobs;
  const before = openai.calls.length;
  await fetch(`${stack.url}/api/jobs/${first?.['jobId']}/retry`, { method: 'POST', headers: USER });
  await expect.poll(() => openai.calls.length).toBe(before + 1);
  await expect.poll(async () => (await statusesOf(stack))['failed']).toBe(5);
  openai.mend();

  const { runId } = dry.body;
  const start = (url: string, token: string) => operate(url, 'POST /admin/jobs/retry', { runId, rate: 1000 }, token);
  const both = await Promise.all([start(stack.url, ANA), start(other.url, BOB)]);
  expect(both.map(({ status, body }) => [status, body['runId']])).toEqual([
    [202, runId],
    [202, runId],
  ]);
  expect(both.filter(({ body }) => body['result'] === 'started')).toHaveLength(1);
  const read = async () => (await operate(other.url, `GET /admin/runs/${runId}`)).body;
  await expect.poll(read).toMatchObject({ state: 'done', count: 5, processed: 5, done: 4, skipped: 1 });
  await expect.poll(async () => await statusesOf(stack)).toMatchObject({ completed: 4, failed: 1 });
  expect(openai.calls).toHaveLength(before + 1 + 4);
  expect(await start(stack.url, BOB)).toMatchObject({ status: 202, body: { result: 'done', state: 'done' } });
  const told = await actionsOf(stack);
  expect(told.filter((text) => text.endsWith(': started'))).toHaveLength(1);
  expect(told.filter((text) => / retry jobs .*: done$/.test(text)).length).toBeGreaterThanOrEqual(1);
  const { actions } = await stack.get('/admin/actions', { authorization: `Bearer ${ANA}` });
  expect(actions).toContainEqual(expect.objectContaining({ result: 'done', counts: { jobs: 5, done: 4, skipped: 1 } }));
});

test('a run whose API is killed in the middle is taken up by another one, and ends in one state that the log tells', async () => {
  const openai = await startRefusing();
  const stack = await startProcesses({ ...OPERATORS, JOB_ATTEMPTS: '1', ...openai.env });
  await stack.startWorker();
  await failAll(stack, 12);
  openai.mend();
  const before = openai.calls.length;
  const { body } = await operate(stack.url, 'POST /admin/jobs/retry', { dryRun: true });
  await operate(stack.url, 'POST /admin/jobs/retry', { runId: body['runId'], rate: 2 }); // slow enough to be killed in the middle
  const redis = openRedis();
  const { admin } = keysUnder(stack.prefix);
  const key = admin.bulkAction(body['runId']);
  await expect.poll(async () => Number(await redis.hget(key, 'processed'))).toBeGreaterThan(0);
  await stack.api.stop('SIGKILL');
  const seen = Number(await redis.hget(key, 'processed'));
  expect(seen).toBeLessThan(12);
  await redis.hset(key, 'rate', 1000);
  await redis.zadd(admin.bulk, 'XX', 0, body['runId']); // the time of who had it is over
  const other = await stack.startApi();
  const read = async () => (await operate(other.url, `GET /admin/runs/${body['runId']}`)).body;
  await expect.poll(read).toMatchObject({ state: 'done', count: 12, processed: 12, done: 12, skipped: 0 });
  const get = async (path: string, headers = {}) => (await (await fetch(other.url + path, { headers })).json()) as Record<string, any>;
  await expect.poll(async () => (await get('/api/queue/stats'))['counts']).toMatchObject({ completed: 12, failed: 0 });
  expect(openai.calls).toHaveLength(before + 12);
  expect(await actionsOf({ get })).toEqual(['ana: retry jobs all: started', 'ana: retry jobs all: done']);
});

test('jobs are cancelled and erased by the same filter; the user hears of it', async () => {
  const stack = await startStack(OPERATORS);
  const [waiting] = await submitAll(stack, 3);
  const stream = await stack.watch(waiting ?? {});
  const kept = await stack.submit({ content: 'Notes.' }, { 'user-id': 'another' });
  const run = async (what: string, filter: object) => {
    const { body } = await operate(stack.url, `POST /admin/jobs/${what}`, { dryRun: true, ...filter });
    await operate(stack.url, `POST /admin/jobs/${what}`, { runId: body['runId'], reason: 'They were sent by mistake.' });
    await expect.poll(async () => (await operate(stack.url, `GET /admin/runs/${body['runId']}`)).body).toMatchObject({ state: 'done' });
    return (await operate(stack.url, `GET /admin/runs/${body['runId']}`)).body;
  };
  expect(await run('cancel', { user: 'user' })).toMatchObject({ count: 3, done: 3 });
  expect((await stream.until(isEnd)).event).toBe('cancelled');
  expect(await statusesOf(stack)).toMatchObject({ waiting: 1, cancelled: 3 });
  expect(await run('purge', { user: 'user', state: 'cancelled' })).toMatchObject({ count: 3, done: 3 });
  expect(await statusesOf(stack)).toMatchObject({ waiting: 1, cancelled: 0 });
  expect(await stack.get(kept['statusUrl'], { 'user-id': 'another' })).toMatchObject({ status: 'waiting' });
});

test('a run is started as what it was reckoned for, within its time; mistakes are named', async () => {
  const stack = await startStack(OPERATORS);
  await submitAll(stack, 1);
  const { body } = await operate(stack.url, 'POST /admin/jobs/cancel', { dryRun: true });
  expect((await operate(stack.url, 'POST /admin/jobs/purge', { runId: body['runId'] })).status).toBe(404);
  const redis = openRedis();
  expect(await redis.ttl(keysUnder(stack.prefix).admin.bulkAction(body['runId']))).toBeGreaterThan(0);
  await redis.del(keysUnder(stack.prefix).admin.bulkAction(body['runId'])); // its five minutes are over
  expect((await operate(stack.url, 'POST /admin/jobs/cancel', { runId: body['runId'] })).status).toBe(404);
  const pointerOf = async (wrong: object) => (await operate(stack.url, 'POST /admin/jobs/retry', wrong)).body['errors']?.[0].pointer;
  expect(await pointerOf({ dryRun: true, state: 'completed' })).toBe('#/state');
  expect(await pointerOf({ dryRun: true, since: 'long ago' })).toBe('#/since');
  expect(await pointerOf({})).toBe('#/dryRun');
  expect(await pointerOf({ runId: 'x' })).toBe('#/runId');
});
