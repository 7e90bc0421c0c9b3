/** Admission: no more jobs than there is room for, in the queue and of each user. */
import type { Command } from 'ioredis';
import { UnrecoverableError } from 'bullmq';
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { createJournals } from '../../worker/run/journal.ts';
import { holdDate } from '../support/hold-time.ts';
import { drain, submitMany, openManualWorker, openQueue, submitTo } from '../support/queue.ts';

test('a key that is freed while it is asked for leaves no job outside of turns, bounds and lists', async () => {
  const { queue, redis, keys } = await openQueue();
  for (let n = 0; n < 30; n++) {
    const first = await submitTo(queue, `user ${n}`, { key: ['k', n] });
    await queue.cancel(first.id);
    const [second] = await Promise.all([submitTo(queue, `user ${n}`, { key: ['k', n] }), queue.forget(['k', n], first.id)]);
    expect(Number(await redis.hget(keys.job(second.id), 'priority'))).toBeLessThan(1000);
    expect(await redis.zscore(keys.jobsOf(`user ${n}`), second.id)).not.toBeNull();
  }
});

test('a bound holds for those who come at once, too', async () => {
  const { queue } = await openQueue(undefined, { maxDepth: 3 });
  const submit = (n: number) => {
    const owner = `user ${n}`;
    return queue.add({ kind: 'generate-flashcards', owner, tenant: tenantOf(owner, undefined), requestId: 'r', input: {} });
  };
  const verdicts = await Promise.all(Array.from({ length: 60 }, (_, n) => submit(n)));
  expect(verdicts.filter(({ type }) => type === 'added')).toHaveLength(3);
});

test('retries at once do not get past the bound of unfinished jobs', async () => {
  const { queue, keyPrefix } = await openQueue(undefined, { maxJobsPerUser: 12 });
  const worker = await openManualWorker(keyPrefix);
  const ids = await submitMany(queue, 'ana', 12);
  for (let n = 0; n < 12; n++)
    await (await worker.getNextJob('token'))?.moveToFailed(new UnrecoverableError('provider_refused: no'), 'token', false);
  await submitMany(queue, 'ana', 10);
  const jobs = await Promise.all(ids.map((id) => queue.read(id)));
  const outcomes = await Promise.all(
    jobs.map(async (job) => job && queue.retry({ jobId: job.snapshot.id, tenant: job.snapshot.tenant, bounded: true })),
  );
  expect(outcomes.filter((outcome) => outcome?.type === 'retried')).toHaveLength(2);
});

test('a full queue says by how many jobs; what waits, is delayed or stalled counts, what runs does not', async () => {
  const { queue, keyPrefix } = await openQueue(undefined, { maxDepth: 3 });
  const worker = await openManualWorker(keyPrefix);
  await submitMany(queue, 'ana', 3);
  const payload = { owner: 'bob', tenant: tenantOf('bob', undefined), requestId: 'r', input: {} };
  const order = { kind: 'generate-flashcards', ...payload } as const;
  expect(await queue.add(order)).toEqual({ type: 'full', excess: 1 });
  const job = await worker.getNextJob('token');
  expect(await queue.add(order)).toMatchObject({ type: 'added' });
  await job?.moveToDelayed(Date.now() + 60_000, 'token');
  expect(await queue.add(order)).toEqual({ type: 'full', excess: 2 });
  expect((await queue.jobsOf('bob', { limit: 10 })).jobs).toHaveLength(1); // who was refused is nowhere
});

test('a user has so many jobs that have not ended; ended, cancelled and vanished ones make room', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue(undefined, { maxJobsPerUser: 3 });
  const worker = await openManualWorker(keyPrefix);
  const [first, second, third] = await submitMany(queue, 'ana', 3);
  const refused = { type: 'too_many', open: 3, oldest: expect.toBeOneOf([first, second, third]) as string }; // they may be of one millisecond
  const payload = { owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: {} };
  const order = { kind: 'generate-flashcards', ...payload } as const;
  expect(await queue.add(order)).toEqual(refused);
  await submitTo(queue, 'bob');
  await drain(worker, 1);
  expect((await queue.add(order)).type).toBe('added');
  expect((await queue.add(order)).type).toBe('too_many');
  await queue.cancel(second ?? '');
  expect((await queue.add(order)).type).toBe('added');
  await redis.del(keys.job(third ?? '')); // Redis lost it: it is not counted for longer than a job may take to come
  expect((await queue.add(order)).type).toBe('too_many');
  await redis.zadd(keys.open(payload.tenant), Date.now() - 61_000, third ?? '');
  expect((await queue.add(order)).type).toBe('added');
});

test('of many submissions under one key one takes room, and a repetition needs none', async () => {
  const { queue, redis, keys } = await openQueue(undefined, { maxJobsPerUser: 60 });
  const all = await Promise.all(Array.from({ length: 60 }, () => submitTo(queue, 'ana', { key: ['k'] })));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  const tenant = tenantOf('ana', undefined);
  expect(await redis.zcard(keys.open(tenant))).toBe(1);
  expect(await redis.zcard(keys.jobsOf('ana'))).toBe(1);
  await submitMany(queue, 'ana', 59);
  expect(await submitTo(queue, 'ana', { key: ['k'] })).toMatchObject({ type: 'known', id: all[0]?.id });
});

test("what a user's jobs use counts against the day's budget, once however often it is written", async () => {
  const today = holdDate();
  const { store, queue, redis, keys, keyPrefix } = await openQueue(undefined, { dailyTokensPerUser: 100 });
  const worker = await openManualWorker(keyPrefix);
  const tenant = tenantOf('ana', undefined);
  const { id } = await submitTo(queue, 'ana');
  await worker.getNextJob('token');
  const { spending } = createJournals(store)({ id, tenant, token: 'token' });
  const call = await spending.open({ inputTokens: 50, outputTokens: 9 });
  await call.note({ inputTokens: 50, outputTokens: 9 });
  await call.note({ inputTokens: 80, outputTokens: 19 });
  expect(await redis.get(keys.spent(tenant, today))).toBe('99');
  await submitTo(queue, 'ana');
  await call.note({ inputTokens: 80, outputTokens: 20 });
  expect(await queue.add({ kind: 'generate-flashcards', owner: 'ana', tenant, requestId: 'r', input: {} })).toMatchObject({
    type: 'spent',
    what: 'tokens',
  });
  await submitTo(queue, 'bob');
  expect(await redis.ttl(keys.spent(tenant, today))).toBeGreaterThan(24 * 3600);
});

test('submissions of one moment share one command', async () => {
  const { redis, queue } = await openQueue();
  await submitTo(queue, 'ana'); // the script is loaded now
  const sent: string[] = [];
  const { sendCommand } = redis;
  redis.sendCommand = (command: Command, ...where: unknown[]) => (
    sent.push(command.name),
    sendCommand.call(redis, command, ...(where as []))
  );
  await Promise.all(Array.from({ length: 50 }, (_, n) => submitTo(queue, `user ${n}`)));
  expect(sent.filter((name) => name.startsWith('eval'))).toHaveLength(1);
});

const submitRate = { name: 'submit', max: 3, windowS: 60 };

test("garbage in one tenant's structures is begun anew, and hurts nobody who came at the same moment", async () => {
  const today = holdDate();
  const { queue, redis, keys } = await openQueue(undefined, { submitRate, dailyTokensPerUser: 100 });
  const ana = tenantOf('ana', undefined);
  await redis.set(keys.rate('submit', ana), 'no number');
  await redis.set(keys.open(ana), 'no set');
  await redis.lpush(keys.spent(ana, today), 'no number');
  const all = await Promise.all(['bob', 'ana', 'cleo'].map((owner) => submitTo(queue, owner)));
  expect(all.map(({ type, allowance }) => [type, allowance?.remaining])).toEqual([
    ['added', 2],
    ['added', 2],
    ['added', 2],
  ]);
  expect(await redis.zcard(keys.open(ana))).toBe(1);
  expect(await redis.pttl(keys.rate('submit', ana))).toBeGreaterThan(0);
});

test("a user's list keeps no jobs that are gone, though nobody reads it", async () => {
  const { queue, redis, keys } = await openQueue();
  const longAgo = Date.now() - 9 * 24 * 3600 * 1000;
  await redis.zadd(keys.jobsOf('ana'), longAgo, 'a job of last month', Date.now() - 1000, 'a job of today');
  const { id } = await submitTo(queue, 'ana');
  expect(await redis.zrange(keys.jobsOf('ana'), '0', '-1')).toEqual(['a job of today', id]);
});
