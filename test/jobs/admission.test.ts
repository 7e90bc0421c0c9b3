/** Admission: turns among users, and no more than there is room for. */
import { UnrecoverableError, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { createAdmission } from '../../src/jobs/admission.ts';
import { createJournals } from '../../worker/run/journal.ts';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { createFairQueue } from '../../src/jobs/fair-queue.ts';
import type { JobQueue } from '../../src/jobs/queue.ts';
import { holdDate } from '../support/hold-time.ts';
import { openManualWorker, openQueue, waiting, submitTo, storeOver } from '../support/queue.ts';
import { pass } from '../support/waits.ts';

/** The lowest priority that BullMQ takes. */
const MAX_TAG = 2_097_151;

/** Takes so many jobs, ending each at once; resolves with their ids in the order they went. */
async function drain(worker: Worker, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const job = await worker.getNextJob('token');
    ids.push(job?.id ?? 'none');
    await job?.moveToCompleted(undefined, 'token', false);
  }
  return ids;
}

async function submitMany(queue: JobQueue, owner: string, count: number, plan?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push((await submitTo(queue, owner, { plan })).id);
  return ids;
}

test("another user's job starts before 12 more of a burst of 120, whenever it comes, and nobody overtakes himself", async () => {
  for (let trial = 0; trial < 20; trial++) {
    const { queue, keyPrefix } = await openQueue(undefined, { maxJobsPerUser: 1000 });
    const started: string[] = [];
    const burst = await submitMany(queue, 'ana', 120);
    const arrivesAfter = (trial * 7) % 110; // so many of the burst have started by then
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<string>();
    const worker = new Worker(
      QUEUE_NAME,
      async (job) => {
        started.push(job.id ?? '');
        if (started.length === arrivesAfter + 1) arrive((await submitTo(queue, 'bob')).id);
        await pass(1);
      },
      { connection: waiting(), prefix: keyPrefix, concurrency: 3 },
    );
    onTestFinished(() => worker.close(true));
    const single = await arrived;
    const submittedAt = started.length;
    await expect.poll(() => started.length).toBe(121);
    expect(started.indexOf(single) - submittedAt).toBeLessThan(12);
    expect(started.filter((id) => id !== single)).toEqual(burst);
    await worker.close();
  }
});

test('users with bursts take turns, whatever the order they came in', async () => {
  const { queue, keyPrefix } = await openQueue();
  const [ana, bob] = [await submitMany(queue, 'ana', 4), await submitMany(queue, 'bob', 4)];
  const [cleo] = await submitMany(queue, 'cleo', 1);
  const order = await drain(await openManualWorker(keyPrefix), 9);
  expect(order).toEqual([ana[0], ana[1], bob[0], cleo, ana[2], bob[1], ana[3], bob[2], bob[3]]);
});

test('a steady flow of new users does not hold up a burst for ever', async () => {
  const { queue, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const burst = new Set(await submitMany(queue, 'ana', 10));
  for (let n = 0; n < 40 && burst.size > 0; n++) {
    await submitTo(queue, `guest ${n}`);
    for (const id of await drain(worker, 1)) burst.delete(id);
    if (n % 2 === 0) for (const id of await drain(worker, 1)) burst.delete(id);
  }
  expect(burst.size).toBe(0);
});

test('a weight buys a larger share, not the whole', async () => {
  const { queue, keyPrefix } = await openQueue(undefined, {}, { pro: { weight: 3 } });
  const [paid, free] = [await submitMany(queue, 'paid', 12, 'pro'), await submitMany(queue, 'free', 12)];
  const order = await drain(await openManualWorker(keyPrefix), 12);
  const share = order.filter((id) => paid.includes(id)).length;
  expect(share).toBeGreaterThanOrEqual(8);
  expect(order.some((id) => free.includes(id))).toBe(true);
  expect(order.filter((id) => paid.includes(id))).toEqual(paid.slice(0, share));
});

test('a plan has bounds of its own; what it leaves out, and a plan that nobody knows, is as for all', async () => {
  const { queue } = await openQueue(
    undefined,
    { maxJobsPerUser: 1, submitRate: { name: 'submit', max: 5, windowS: 60 } },
    {
      pro: { maxJobs: 3, rateLimitMax: 9 },
      some: {},
    },
  );
  const ask = (owner: string, plan?: string) =>
    queue.add({ kind: 'generate-flashcards', owner, tenant: tenantOf(owner, undefined), requestId: 'r', input: {}, plan });
  const of = async (owner: string, plan: string | undefined, count: number) => {
    const results = [];
    for (let n = 0; n < count; n++) results.push(await ask(owner, plan));
    return results.map(({ type, allowance }) => [type, allowance?.policy.max, allowance?.remaining]);
  };
  expect(await of('ana', 'pro', 4)).toEqual([
    ['added', 9, 8],
    ['added', 9, 7],
    ['added', 9, 6],
    ['too_many', 9, 5],
  ]);
  for (const plan of [undefined, 'some', 'unknown', '__proto__', 'constructor']) {
    expect([plan, await of(`bob ${plan}`, plan, 2)]).toEqual([
      plan,
      [
        ['added', 5, 4],
        ['too_many', 5, 3],
      ],
    ]);
  }
  // Who buys a plan goes on with what is used already.
  expect(await of('bob some', 'pro', 1)).toEqual([['added', 9, 6]]);
});

test('once nothing waits, runs or is put off all start over, and nothing is left behind', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  await submitMany(queue, 'ana', 5);
  await drain(worker, 4);
  const last = await worker.getNextJob('token');
  const turn = async () => redis.hget(keys.job((await submitTo(queue, 'ana')).id), 'priority');
  expect(await turn()).toBe('6'); // one runs still
  await drain(worker, 1);
  await last?.moveToCompleted(undefined, 'token', false);
  expect(await turn()).toBe('1');
  expect(await redis.zrange(keys.turns, '0', '-1')).toEqual(['*', 'user:ana']);
  expect(await redis.exists(keys.coming)).toBe(0);
});

test('a burst that comes in drop by drop and is put off does not return before all others', async () => {
  const { store, queue, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const turns = createFairQueue(store);
  const ana = tenantOf('ana', undefined);
  const burst: string[] = [];
  for (let n = 0; n < 20; n++) {
    burst.push((await submitTo(queue, 'ana')).id);
    const job = await worker.getNextJob('token'); // there is nothing else: it begins at once
    await turns.requeue(job?.id ?? '', ana, 0);
    await job?.moveToDelayed(Date.now() - 1, 'token'); // and is put off, to be back soon
  }
  await drain(worker, 2);
  const { id } = await submitTo(queue, 'bob');
  const order = await drain(worker, 19);
  expect(order.indexOf(id)).toBeLessThan(3);
  expect(new Set(order)).toEqual(new Set([id, ...burst.filter((job) => order.includes(job))]));
});

test('a single retry does not wait behind a burst that came after it', async () => {
  const { store, queue, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const turns = createFairQueue(store);
  await submitMany(queue, 'ana', 30); // the last has a high tag
  await drain(worker, 29);
  const job = await worker.getNextJob('token');
  await turns.served(job?.priority ?? 0);
  await submitMany(queue, 'bob', 20);
  await turns.requeue(job?.id ?? '', tenantOf('ana', undefined), 0);
  await job?.moveToDelayed(Date.now() - 1, 'token');
  const order = await drain(worker, 21);
  expect(order.indexOf(job?.id ?? '')).toBeLessThan(3);
});

test('a burst that comes all at once into an empty queue has as many turns as jobs', async () => {
  const { queue, redis, keys } = await openQueue();
  const burst = await Promise.all(Array.from({ length: 40 }, () => submitTo(queue, 'ana')));
  const turns = await Promise.all(burst.map(({ id }) => redis.hget(keys.job(id), 'priority')));
  expect(turns.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  const { id } = await submitTo(queue, 'bob');
  expect((await queue.read(id))?.snapshot.position).toBeLessThanOrEqual(3);
});

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

test('past the last turn there is, jobs go in the order they came', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  await submitMany(queue, 'ana', 1);
  await redis.zadd(keys.turns, MAX_TAG + 10, '*');
  const late = [...(await submitMany(queue, 'ana', 2)), ...(await submitMany(queue, 'bob', 2))];
  expect((await drain(await openManualWorker(keyPrefix), 5)).slice(1)).toEqual(late);
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

test('two processes that let in for one queue agree on whose turn it is', async () => {
  const { keyPrefix, store, redis, keys } = await openQueue();
  const bounds = { maxDepth: 100, maxJobsPerUser: 100 };
  const [one, two] = [
    createAdmission(store, { retentionS: 60, bounds }),
    createAdmission(storeOver(waiting(), keyPrefix), { retentionS: 60, bounds }),
  ];
  const ask = (admission: typeof one, n: number) => admission.admit({ jobId: `j${n}`, tenant: tenantOf('ana', undefined) });
  await redis.zadd(keys.of('prioritized'), 2 ** 32, 'somebody'); // so that nothing starts over
  const verdicts = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(n % 2 ? one : two, n)));
  const turns = verdicts.map((verdict) => (verdict.type === 'admitted' ? verdict.priority : 0));
  expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 2));
});

test('submissions of one moment share one admission', async () => {
  const { redis, queue } = await openQueue();
  await submitTo(queue, 'ana'); // both scripts are loaded now
  const sent: string[] = [];
  const { sendCommand } = redis;
  redis.sendCommand = (command, stream) => (sent.push(command.name), sendCommand.call(redis, command, stream));
  await Promise.all(Array.from({ length: 50 }, (_, n) => submitTo(queue, `user ${n}`)));
  expect(sent.filter((name) => name.startsWith('eval'))).toHaveLength(51); // one admission, and BullMQ's add for each
});

const submitRate = { name: 'submit', max: 3, windowS: 60 };

test('a rate is kept job by job, also within one call, and a known key takes nothing of it', async () => {
  const { queue } = await openQueue(undefined, { submitRate });
  const request = { kind: 'generate-flashcards', owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: {} };
  const first = await queue.add({ ...request, key: ['k'] });
  expect(first.allowance).toMatchObject({ allowed: true, remaining: 2 });
  const all = await Promise.all(Array.from({ length: 5 }, () => queue.add(request)));
  expect(all.map(({ type }) => type)).toEqual(['added', 'added', 'limited', 'limited', 'limited']);
  const again = await queue.add({ ...request, key: ['k'] });
  expect(again).toMatchObject({ type: 'known', allowance: { remaining: 0 } });
  expect((await submitTo(queue, 'bob')).allowance).toMatchObject({ remaining: 2 });
});

test('of submissions under one key at once only the one that was added counts', async () => {
  const { queue, redis, keys } = await openQueue(undefined, { submitRate: { ...submitRate, max: 60 } });
  await Promise.all(Array.from({ length: 20 }, () => submitTo(queue, 'ana', { key: ['k'] })));
  expect(await redis.get(keys.rate('submit', tenantOf('ana', undefined)))).toBe('1');
});

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
