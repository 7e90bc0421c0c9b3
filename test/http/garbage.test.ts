/** Garbage in Redis: whatever is wrong with what is stored of one job costs that job alone. */
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { createDice } from '../support/dice.ts';
import { become, field, harms, scribble } from '../support/garbage.ts';
import { openQueue } from '../support/queue.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
/** Where the jobs of these tests wait and run. */
const LANE = 'generate-flashcards';
const ENV = { ADMIN_TOKEN: 'operator-token', RATE_LIMIT_MAX: '1000', WORKER_STALLED_INTERVAL_MS: '1000', WORKER_LOCK_DURATION_MS: '1000' };

async function setUp(env: Record<string, string> = {}) {
  const stack = await startStack({ ...ENV, ...env });
  return { stack, ...(await openQueue(stack.prefix)) };
}

const submit = async (stack: Stack) => (await stack.submit({ content: 'Hund: dog' }, ANA))['jobId'] as string;

/** Everything that others see: all of it must be answered, whatever is wrong with one job. */
async function expectServed(stack: Stack): Promise<void> {
  for (const [path, headers] of [
    ['/api/jobs?limit=100', ANA],
    ['/api/jobs?status=failed', ANA],
    ['/api/queue/stats', {}],
    ['/admin/failed-jobs?limit=1000', { authorization: 'Bearer operator-token' }],
  ] as const) {
    const response = await fetch(stack.url + path, { headers });
    expect([path, response.status, response.status === 200 ? '' : await response.text()]).toEqual([path, 200, '']);
  }
}

test('whatever is wrong with a job, it ends, is listed if it failed, and nobody else notices', async () => {
  const { stack, redis, keys } = await setUp({ JOB_ATTEMPTS: '1' });
  const bad: string[] = [];
  for (const [, harm] of harms) {
    const id = await submit(stack);
    await harm(redis, keys, id);
    bad.push(id);
    await expectServed(stack);
  }
  const good = await Promise.all(Array.from({ length: 5 }, () => submit(stack)));
  await stack.startWorker();
  for (const id of good) await expect.poll(async () => (await stack.get(`/api/jobs/${id}`, ANA))['status']).toBe('completed');

  const ends: string[][] = [];
  for (const [n, [what, , end]] of harms.entries()) {
    const path = `/api/jobs/${bad[n]}`;
    await expect.poll(async () => [what, (await stack.get(path))['status']]).toEqual([what, expect.stringMatching(/completed|failed/)]);
    const status = (await stack.get(path))['status'] as string;
    ends.push([what, end === 'either' ? end : status]);
  }
  expect(ends).toEqual(harms.map(([what, , end]) => [what, end]));
  await expectServed(stack);

  const listed = await stack.get('/admin/failed-jobs?limit=1000', { authorization: 'Bearer operator-token' });
  const codes = new Map(listed['jobs'].map(({ jobId, error }: Record<string, any>) => [jobId, error.code]));
  for (const [n, [what, , end]] of harms.entries()) {
    const code = what === 'an unknown name' ? 'provider_not_configured' : 'internal_error';
    if (end === 'failed') expect([what, codes.get(bad[n])]).toEqual([what, code]);
  }
});

test('a job is cancelled by its own call whatever is wrong with it, as long as there is a record', async () => {
  const { stack, redis, keys } = await setUp();
  for (const [what, harm] of harms) {
    if (/^(no record|a record)/.test(what)) continue;
    const id = await submit(stack);
    await harm(redis, keys, id);
    const response = await fetch(`${stack.url}/api/jobs/${id}/cancel`, { method: 'POST', headers: ANA });
    expect([what, response.status, await response.json()]).toEqual([what, 202, expect.objectContaining({ status: 'cancelled' })]);
    const stream = await watch(`${stack.url}/api/jobs/${id}/events`, ANA);
    expect([what, (await stream.until(isEnd)).event]).toEqual([what, 'cancelled']);
  }
});

test('a job that was taken up and can not be read fails, also where its worker is gone', async () => {
  const { stack, redis, keys } = await setUp();
  const id = await submit(stack);
  await field('data', 'garbage')(redis, keys, id);
  // As a worker leaves it that died there: active, its lock run out.
  await redis.zrem(keys.of('prioritized', LANE), id);
  await redis.lpush(keys.of('active', LANE), id);
  await stack.startWorker();
  await expect.poll(async () => (await stack.get(`/api/jobs/${id}`))['error']?.code).toBe('internal_error');
});

test('ended jobs whose records became something else do not keep others from completing', async () => {
  const { stack, redis, keys } = await setUp();
  for (const set of ['completed', 'failed'] as const) {
    const id = `generate-flashcards-${'x'.repeat(31)}${set[0]}`;
    await redis.zadd(keys.of(set), 1000, id);
    await redis.set(keys.job(id), 'garbage');
  }
  await stack.startWorker();
  const id = await submit(stack);
  const stream = await watch(`${stack.url}/api/jobs/${id}/events`, ANA);
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(await redis.zrange(keys.of('completed'), '0', '-1')).toEqual([id]);
});

test('delayed jobs are not lost with one whose record became something else', async () => {
  const { stack, redis, keys } = await setUp();
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await submit(stack));
  const due = Date.now() + 1500;
  for (const [n, id] of ids.entries()) {
    await redis.zrem(keys.of('prioritized', LANE), id);
    await redis.zadd(keys.of('delayed', LANE), due * 0x1000 + n, id);
  }
  const [bad = '', ...good] = ids;
  await become((keys, id) => keys.job(id), 'list')(redis, keys, bad);
  await stack.startWorker();
  for (const id of good) await expect.poll(async () => (await stack.get(`/api/jobs/${id}`, ANA))['status']).toBe('completed');
  expect(await stack.get(`/api/jobs/${bad}`)).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
});

test('our own structures are made anew where they became something else', async () => {
  const { stack, redis, keys } = await setUp({ STREAM_TOKEN_SECRET: '' });
  await submit(stack);
  const tenant = tenantOf('ana', undefined);
  const types = { [keys.coming]: 'zset', [keys.turns(LANE)]: 'zset', [keys.open(tenant)]: 'zset', [keys.jobsOf('ana')]: 'zset' };
  for (const key of Object.keys(types)) {
    await redis.del(key);
    await redis.rpush(key, 'garbage');
  }
  await redis.del(keys.deadlines);
  await redis.set(keys.deadlines, 'garbage');
  await expectServed(stack);
  const stream = await watch(`${stack.url}/api/events`, ANA);
  const worker = await stack.startWorker();
  const id = await submit(stack);
  await expect.poll(async () => (await stack.get(`/api/jobs/${id}`, ANA))['status']).toBe('completed');
  for (const [key, type] of Object.entries(types))
    expect([key, await redis.type(key)]).toEqual([key, expect.stringMatching(`${type}|none`)]);
  await expect.poll(() => redis.type(keys.deadlines)).toBe('none');
  expect((await stack.get('/api/jobs', ANA))['jobs'].map(({ jobId }: { jobId: string }) => jobId)).toEqual([id]);
  stream.leave();
  await worker.stop();
});

test('ten others are served and completed while anything is written into the structures of one', async () => {
  const { stack, redis, keys } = await setUp();
  await stack.startWorker();
  for (let round = 0; round < 8; round++) {
    const dice = createDice(1000 + round);
    const others: string[] = [];
    const bad = await submit(stack);
    const written: string[] = [];
    for (let n = 0; n < 10; n++) {
      written.push(await scribble(dice, redis, keys, bad).catch(() => ''));
      others.push(await submit(stack));
    }
    const streams = await Promise.all(others.map((id) => watch(`${stack.url}/api/jobs/${id}/events`, ANA)));
    written.push(await scribble(dice, redis, keys, bad));
    try {
      for (const stream of streams) expect((await stream.until(isEnd)).event).toBe('completed');
      for (const id of others) expect((await stack.get(`/api/jobs/${id}`, ANA))['status']).toBe('completed');
      await expectServed(stack);
      const { jobs } = await stack.get('/api/jobs?limit=100', ANA);
      expect(jobs.map(({ jobId }: { jobId: string }) => jobId)).toEqual(expect.arrayContaining(others));
    } catch (error) {
      throw new Error(`round ${round}: ${written.join(' | ')}`, { cause: error });
    }
  }
});
