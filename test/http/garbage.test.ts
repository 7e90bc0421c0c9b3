/** Garbage in Redis: whatever is wrong with what is stored of one job costs that job alone. */
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import type { Keys } from '../../src/queue/keys.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { createDice, type Dice } from '../support/dice.ts';
import { openQueue } from '../support/queue.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack.ts';

const ANA = { 'user-id': 'ana' };
const ENV = { ADMIN_TOKEN: 'operator-token', RATE_LIMIT_MAX: '1000', WORKER_STALLED_INTERVAL_MS: '1000', WORKER_LOCK_DURATION_MS: '1000' };

type Harm = (redis: Redis, keys: Keys, id: string) => Promise<unknown>;

/** Makes a field of the record this text. */
const field =
  (name: string, value: string): Harm =>
  (redis, keys, id) =>
    redis.hset(keys.job(id), name, value);
/** Replaces a structure by one of another type. */
const become =
  (keyOf: (keys: Keys, id: string) => string, type: 'string' | 'list' | 'hash'): Harm =>
  async (redis, keys, id) => {
    const key = keyOf(keys, id);
    await redis.del(key);
    if (type === 'string') return redis.set(key, 'garbage');
    if (type === 'list') return redis.rpush(key, 'garbage');
    return redis.hset(key, 'garbage', '1');
  };

/** What can be wrong with a job that waits, and how it ends then; `gone` means that nothing is left to show. */
const harms: [what: string, harm: Harm, end: 'completed' | 'failed' | 'either'][] = [
  ['data that is no JSON', field('data', 'garbage'), 'failed'],
  ['data that is cut off', field('data', '{"owner":"ana","tenant":"user:a'), 'failed'],
  ['no data', (redis, keys, id) => redis.hdel(keys.job(id), 'data'), 'failed'],
  ['data that is null', field('data', 'null'), 'failed'],
  ['data that is a number', field('data', '7'), 'failed'],
  ['data of another shape', field('data', '{"owner":{},"tenant":[],"input":"x"}'), 'failed'],
  ['options that are no JSON', field('opts', '{'), 'failed'],
  ['options that are null', field('opts', 'null'), 'failed'],
  ['no options', (redis, keys, id) => redis.hdel(keys.job(id), 'opts'), 'completed'],
  ['attempts that are no number', field('opts', '{"attempts":{}}'), 'completed'],
  ['no name', (redis, keys, id) => redis.hdel(keys.job(id), 'name'), 'failed'],
  ['an unknown name', field('name', 'generate-nonsense'), 'failed'],
  ['a count of starts that is no number', field('ats', '{}'), 'failed'],
  ['a count of attempts that is no number', field('atm', 'NaN'), 'failed'],
  ['a count of losses that is no number', field('stc', '1e400'), 'either'],
  ['a priority that is no number', field('priority', '{}'), 'completed'],
  ['a time that is no number', field('timestamp', '{}'), 'completed'],
  ['a time that is not finite', field('timestamp', 'inf'), 'completed'],
  ['progress that is no JSON', field('progress', '{'), 'failed'],
  ['an end that is no number', field('ai:end', '{}'), 'completed'],
  ['an end that is not finite', field('ai:end', 'inf'), 'completed'],
  ['a cancellation that is no time', field('ai:cancelled', '{}'), 'completed'],
  ['an attempt that is no number', field('ai:attempt', '{}'), 'completed'],
  ['usage that is no JSON', field('ai:usage', '{'), 'either'],
  ['a journal of garbage', (redis, keys, id) => redis.rpush(keys.logs(id), 'garbage', '{}', 'null', '{"type":"item"}', '[]'), 'completed'],
  ['a journal of another type', become((keys, id) => keys.logs(id), 'string'), 'failed'],
  ['a lock of another type', become((keys, id) => keys.lock(id), 'list'), 'completed'],
  ['a record of another type', become((keys, id) => keys.job(id), 'string'), 'failed'],
  ['a record that is a list', become((keys, id) => keys.job(id), 'list'), 'failed'],
  ['no record', (redis, keys, id) => redis.del(keys.job(id)), 'failed'],
];

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

test('whatever is wrong with a job, it ends, is listed if it failed, and nobody else notices', { timeout: 120_000 }, async () => {
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
    await expect
      .poll(async () => [what, (await stack.get(path))['status']], { timeout: 30_000 })
      .toEqual([what, expect.stringMatching(/completed|failed/)]);
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

test('a job is cancelled by its own call whatever is wrong with it, as long as there is a record', { timeout: 60_000 }, async () => {
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

test('a job that was taken up and can not be read fails, also where its worker is gone', { timeout: 60_000 }, async () => {
  const { stack, redis, keys } = await setUp();
  const id = await submit(stack);
  await field('data', 'garbage')(redis, keys, id);
  // As a worker leaves it that died there: active, its lock run out.
  await redis.zrem(keys.of('prioritized'), id);
  await redis.lpush(keys.of('active'), id);
  await stack.startWorker();
  await expect.poll(async () => (await stack.get(`/api/jobs/${id}`))['error']?.code).toBe('internal_error');
});

test('ended jobs whose records became something else do not keep others from completing', { timeout: 60_000 }, async () => {
  const { stack, redis, keys } = await setUp({ JOB_RETENTION_S: '1' });
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

test('delayed jobs are not lost with one whose record became something else', { timeout: 60_000 }, async () => {
  const { stack, redis, keys } = await setUp();
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await submit(stack));
  const due = Date.now() + 1500;
  for (const [n, id] of ids.entries()) {
    await redis.zrem(keys.of('prioritized'), id);
    await redis.zadd(keys.of('delayed'), due * 0x1000 + n, id);
  }
  const [bad = '', ...good] = ids;
  await become((keys, id) => keys.job(id), 'list')(redis, keys, bad);
  await stack.startWorker();
  for (const id of good) await expect.poll(async () => (await stack.get(`/api/jobs/${id}`, ANA))['status']).toBe('completed');
  expect(await stack.get(`/api/jobs/${bad}`)).toMatchObject({ status: 'failed', error: { code: 'internal_error' } });
});

test('our own structures are made anew where they became something else', { timeout: 60_000 }, async () => {
  const { stack, redis, keys } = await setUp({ STREAM_TOKEN_SECRET: '' });
  await submit(stack);
  const tenant = tenantOf('ana', undefined);
  const types = { [keys.coming]: 'zset', [keys.turns]: 'zset', [keys.open(tenant)]: 'zset', [keys.jobsOf('ana')]: 'zset' };
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
  expect(await worker.stop('SIGTERM')).toBe(0);
});

/** Writes something wild into one of a job's structures. */
async function scribble(dice: Dice, redis: Redis, keys: Keys, id: string): Promise<string> {
  const values = [
    '',
    'garbage',
    '{}',
    '[]',
    'null',
    '-1',
    '1e400',
    'NaN',
    '9'.repeat(30),
    '{"a":',
    '\u0000',
    '"'.repeat(9),
    '{"type":"item","seq":1}',
  ];
  const pick = <T>(list: readonly T[]): T => list[dice(list.length)] as T;
  const value = pick(values);
  const tenant = tenantOf('ana', undefined);
  const names = [
    'name',
    'data',
    'opts',
    'timestamp',
    'delay',
    'priority',
    'atm',
    'ats',
    'stc',
    'processedOn',
    'failedReason',
    'progress',
    'stacktrace',
    'returnvalue',
    'defa',
    'deid',
    'parent',
    'parentKey',
    'ai:end',
    'ai:result',
    'ai:usage',
    'ai:checkpoint',
    'ai:cancelled',
    'ai:attempt',
    'ai:why',
    'ai:putoffs',
    'ai:begun',
    'ai:provider',
    'ai:ready',
  ];
  const places = [keys.job(id), keys.logs(id), keys.lock(id)];
  const actions: [string, () => Promise<unknown>][] = [
    ...names.map((name): [string, () => Promise<unknown>] => [`${name} = ${value}`, () => redis.hset(keys.job(id), name, value)]),
    ...names.slice(0, 9).map((name): [string, () => Promise<unknown>] => [`no ${name}`, () => redis.hdel(keys.job(id), name)]),
    ...places.flatMap((key): [string, () => Promise<unknown>][] => [
      [`${key} = string`, () => redis.set(key, value)],
      [`no ${key}`, () => redis.del(key)],
    ]),
    [`row ${value}`, () => redis.rpush(keys.logs(id), value)],
    ['deadline -inf', () => redis.zadd(keys.deadlines, '-inf', value)],
    ['deadline +inf', () => redis.zadd(keys.deadlines, '+inf', id)],
    ['open +inf', () => redis.zadd(keys.open(tenant), '+inf', id)],
    ['open garbage', () => redis.zadd(keys.open(tenant), dice(100), value)],
    ['index garbage', () => redis.zadd(keys.jobsOf('ana'), 'inf', value)],
    ['index -inf', () => redis.zadd(keys.jobsOf('ana'), '-inf', id)],
    ['coming garbage', () => redis.zadd(keys.coming, 'inf', value)],
    ['turns garbage', () => redis.zadd(keys.turns, '1e300', value)],
  ];
  const [what, act] = pick(actions);
  await act().catch(() => {}); // of another type already
  return what;
}

test('ten others are served and completed while anything is written into the structures of one', { timeout: 120_000 }, async () => {
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
