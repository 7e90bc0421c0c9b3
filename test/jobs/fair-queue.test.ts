/** Fair queueing: users take turns, whatever they submit and in whatever order, and nobody waits for ever. */
import { Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { Admission } from '../../src/jobs/admission.ts';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { createFairQueue } from '../../src/jobs/fair-queue.ts';
import { drain, submitMany, openManualWorker, openQueue, waiting, submitTo, storeOver } from '../support/queue.ts';
import { pass } from '../support/waits.ts';

/** The lowest priority that BullMQ takes. */
const MAX_TAG = 2_097_151;

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

test('an empty lane that is looked into does not change the order of another', async () => {
  const names = ['generate-flashcards', 'generate-lesson'];
  const { queue, keyPrefix } = await openQueue(undefined, {}, undefined, undefined, { names, of: async (kind) => kind });
  const [cards, lessons] = await Promise.all(names.map((lane) => openManualWorker(keyPrefix, lane)));
  const ids: string[] = [];
  for (const user of ['ana', 'bob', 'cleo', 'dora']) {
    ids.push((await submitTo(queue, user)).id);
    expect(await lessons!.getNextJob('token', { block: false })).toBeUndefined();
  }
  expect(await drain(cards!, 4)).toEqual(ids);
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
  expect(await redis.zrange(keys.turns(), '0', '-1')).toEqual(['*', 'user:ana']);
  expect(await redis.exists(keys.coming)).toBe(0);
});

test('a burst that comes in drop by drop and is put off does not return before all others', async () => {
  const { store, queue, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const turns = createFairQueue(store, undefined);
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
  const turns = createFairQueue(store, undefined);
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

test('past the last turn there is, jobs go in the order they came', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  await submitMany(queue, 'ana', 1);
  await redis.zadd(keys.turns(), MAX_TAG + 10, '*');
  const late = [...(await submitMany(queue, 'ana', 2)), ...(await submitMany(queue, 'bob', 2))];
  expect((await drain(await openManualWorker(keyPrefix), 5)).slice(1)).toEqual(late);
});

test('two processes that let in for one queue agree on whose turn it is', async () => {
  const { keyPrefix, store, redis, keys } = await openQueue();
  const bounds = { maxDepth: 100, maxJobsPerUser: 100 };
  const [one, two] = [
    new Admission(store, { retentionS: 60, bounds, lanes: [] }),
    new Admission(storeOver(waiting(), keyPrefix), { retentionS: 60, bounds, lanes: [] }),
  ];
  const ask = (admission: typeof one, n: number) =>
    admission.admit({ jobId: `j${n}`, lane: undefined, tenant: tenantOf('ana', undefined) });
  await redis.zadd(keys.of('prioritized'), 2 ** 32, 'somebody'); // so that nothing starts over
  const verdicts = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(n % 2 ? one : two, n)));
  const turns = verdicts.map((verdict) => (verdict.type === 'admitted' ? verdict.priority : 0));
  expect(turns.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n + 2));
});
