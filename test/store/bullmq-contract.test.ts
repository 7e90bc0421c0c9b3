/** The contract with BullMQ: after each of our scripts BullMQ itself agrees on state, counts, next pickup and events, in every state. */
import { Job, Queue, QueueEvents, UnrecoverableError } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { createJournals, LockLostError } from '../../worker/run/journal.ts';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { createFairQueue } from '../../src/jobs/fair-queue.ts';
import { jobOptionsOf } from '../../src/jobs/open-queue.ts';
import { openManualWorker, openQueue, RETENTION_S, waiting, submitTo } from '../support/queue.ts';

const KIND = 'generate-flashcards';
const COUNTED = ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed'] as const;
const progress = { percent: 1, stage: 'a', items: 0 };

/** Our queue, and BullMQ's own classes over the same keys. */
async function setUp() {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const bull = new Queue(QUEUE_NAME, { connection: waiting(), prefix: keyPrefix, streams: { events: { maxLen: 50_000 } } });
  const worker = await openManualWorker(keyPrefix);
  const events = new QueueEvents(QUEUE_NAME, { connection: waiting(), prefix: keyPrefix, lastEventId: '0-0' });
  onTestFinished(async () => {
    await Promise.all([bull.close(), events.close()]);
  });
  await Promise.all([bull.waitUntilReady(), events.waitUntilReady()]);
  const heard: string[] = [];
  const hear = (event: string) => (args: { jobId: string }) => void heard.push(`${event} ${args.jobId}`);
  for (const event of ['failed', 'waiting', 'progress', 'completed'] as const) events.on(event, hear(event));

  const stateOf = async (id: string) => (await Job.fromId(bull, id))?.getState();
  const counts = async () => {
    const all = await bull.getJobCounts(...COUNTED);
    return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
  };
  return { store, queue, redis, keys, bull, worker, heard, stateOf, counts };
}

type House = Awaited<ReturnType<typeof setUp>>;

const take = async ({ worker }: House, token = 'token') => {
  const job = await worker.getNextJob(token, { block: false });
  if (!job) throw new Error('there is no job to take');
  return job;
};

/** Brings a new job into a state, by our submission and BullMQ's own steps; resolves with its id. */
const states: Record<string, (house: House) => Promise<string>> = {
  // as the versions before the fair queue added them
  async waiting({ bull }) {
    return (await bull.add(KIND, { tenant: tenantOf('u', undefined), requestId: 'r', input: {} })).id ?? '';
  },
  prioritized: async ({ queue }) => (await submitTo(queue, 'u')).id,
  async delayed(house) {
    const id = await states['prioritized']?.(house);
    await (await take(house)).moveToDelayed(Date.now() + 60_000, 'token');
    return id ?? '';
  },
  async active(house) {
    const id = await states['prioritized']?.(house);
    await take(house);
    return id ?? '';
  },
  async completed(house) {
    const id = await states['prioritized']?.(house);
    await (await take(house)).moveToCompleted(undefined, 'token', false);
    return id ?? '';
  },
  async failed(house) {
    const id = await states['prioritized']?.(house);
    const job = await take(house);
    job.attemptsMade = 2; // its last attempt
    await job.moveToFailed(new Error('provider_timeout: too slow'), 'token', false);
    return id ?? '';
  },
};

test.each(Object.keys(states))('the table itself: a job is %s to BullMQ', async (state) => {
  const house = await setUp();
  const id = (await states[state]?.(house)) ?? '';
  expect(await house.stateOf(id)).toBe(state);
  expect(await house.counts()).toEqual({ [state]: 1 });
});

/** All that adding a job leaves in BullMQ's own keys. */
async function left({ redis, keys }: Pick<House, 'redis' | 'keys'>, id: string, dedup: string) {
  const { opts = '', ...record } = await redis.hgetall(keys.job(id));
  const events = await redis.xrange(keys.of('events'), '-', '+');
  return {
    record: { ...record, opts: JSON.parse(opts) as unknown },
    events: events.map(([, fields]) => fields),
    prioritized: await redis.zrange(keys.of('prioritized'), '0', '-1', 'WITHSCORES'),
    marker: await redis.zrange(keys.of('marker'), '0', '-1', 'WITHSCORES'),
    counters: await redis.mget(keys.of('id'), keys.of('pc')),
    dedup: [await redis.get(keys.dedup(dedup)), (await redis.pttl(keys.dedup(dedup))) > 86_000_000],
  };
}

test.each([
  ['without a key', []],
  ['with a key', [['k']]],
])('a job that is admitted %s has what BullMQ itself would have added', async (_, [key]) => {
  const ours = await setUp();
  const { id } = await submitTo(ours.queue, 'u', { key, input: { text: 'Übung "1"' } });
  const record = await ours.redis.hgetall(ours.keys.job(id));
  const theirs = await setUp();
  const { timestamp, priority } = record;
  await theirs.bull.add(KIND, JSON.parse(record['data'] ?? ''), {
    ...jobOptionsOf({ attempts: 3, retentionS: RETENTION_S }),
    jobId: id,
    timestamp: Number(timestamp),
    priority: Number(priority),
    ...(key && { deduplication: { id: record['deid'] ?? '', ttl: 24 * 3600 * 1000 } }),
  });
  const dedup = record['deid'] ?? '';
  expect(await left(ours, id, dedup)).toEqual(await left(theirs, id, dedup));
});

test('a job that is admitted wakes no worker while the queue is paused, or has as many active jobs as it may', async () => {
  const { queue, bull, redis, keys, worker } = await setUp();
  await bull.pause();
  await submitTo(queue, 'u');
  expect(await redis.exists(keys.of('marker'))).toBe(0);
  await bull.resume();
  await bull.setGlobalConcurrency(1);
  await worker.getNextJob('token', { block: false });
  await redis.del(keys.of('marker'));
  await submitTo(queue, 'u');
  expect(await redis.exists(keys.of('marker'))).toBe(0);
  await bull.removeGlobalConcurrency();
  await submitTo(queue, 'u');
  expect(await redis.exists(keys.of('marker'))).toBe(1);
});

test.each(['waiting', 'prioritized', 'delayed', 'active'])(
  'a job that is cancelled while it is %s has failed, and is not picked up',
  async (state) => {
    const house = await setUp();
    const { queue, worker, heard, stateOf, counts, redis, keys } = house;
    const id = (await states[state]?.(house)) ?? '';
    expect(await queue.cancel(id)).toBe('cancelled');
    expect(await stateOf(id)).toBe('failed');
    expect(await counts()).toEqual({ failed: 1 });
    expect(await redis.exists(keys.lock(id))).toBe(0);
    expect(await worker.getNextJob('other', { block: false })).toBeUndefined();
    await expect.poll(() => heard).toContain(`failed ${id}`);
  },
);

test.each(['completed', 'failed'])('a job that has %s stays so when it is cancelled', async (state) => {
  const house = await setUp();
  const id = (await states[state]?.(house)) ?? '';
  expect(await house.queue.cancel(id)).toBe('ended');
  expect(await house.stateOf(id)).toBe(state);
  expect(await house.counts()).toEqual({ [state]: 1 });
});

test('a job that is cancelled while it runs can not be completed or failed any more', async () => {
  const house = await setUp();
  const id = await submitTo(house.queue, 'u');
  const job = await take(house);
  await house.queue.cancel(id.id);
  await expect(job.moveToCompleted(undefined, 'token', false)).rejects.toThrow('lock');
  await expect(job.moveToFailed(new UnrecoverableError('x'), 'token', false)).rejects.toThrow('lock');
  expect(await house.counts()).toEqual({ failed: 1 });
});

test('a failed job that is retried waits, is picked up next, and may be tried as often again', async () => {
  const house = await setUp();
  const { queue, heard, stateOf, counts } = house;
  const id = (await states['failed']?.(house)) ?? '';
  const job = (await queue.read(id))?.snapshot;
  if (!job) throw new Error('no such job');
  expect(await queue.retry({ jobId: id, tenant: job.tenant, bounded: true })).toMatchObject({ type: 'retried' });
  expect(await stateOf(id)).toBe('prioritized');
  expect(await counts()).toEqual({ prioritized: 1 });
  await expect.poll(() => heard).toContain(`waiting ${id}`);
  const again = await take(house, 'second');
  expect([again.id, again.attemptsMade, again.opts.attempts, again.failedReason, again.finishedOn]).toEqual([
    id,
    1,
    4,
    undefined,
    undefined,
  ]);
  await again.moveToCompleted(undefined, 'second', false);
  expect(await counts()).toEqual({ completed: 1 });
});

test.each(['waiting', 'prioritized', 'delayed', 'active', 'completed'])('a job that is %s is not retried', async (state) => {
  const house = await setUp();
  const { queue, stateOf, counts } = house;
  const id = (await states[state]?.(house)) ?? '';
  const job = (await queue.read(id))?.snapshot;
  if (!job) throw new Error('no such job');
  expect(await queue.retry({ jobId: id, tenant: job.tenant, bounded: true })).toMatchObject({ type: 'not_failed' });
  expect(await stateOf(id)).toBe(state);
  expect(await counts()).toEqual({ [state]: 1 });
});

test('jobs are picked up in the order that admission gave them', async () => {
  const house = await setUp();
  const { queue, counts } = house;
  const burst = [];
  for (let n = 0; n < 4; n++) burst.push((await submitTo(queue, 'burst')).id);
  const { id: single } = await submitTo(queue, 'single');
  expect(await counts()).toEqual({ prioritized: 5 });
  const picked = [];
  for (let n = 0; n < 5; n++) picked.push((await take(house, `t${n}`)).id);
  expect(picked).toEqual([burst[0], burst[1], single, burst[2], burst[3]]); // of equal priorities the first to come is first
  expect(await counts()).toEqual({ active: 5 });
});

test('a job that is put off comes back with the priority it was given meanwhile', async () => {
  const house = await setUp();
  const { store, queue, bull, counts } = house;
  const { id } = await submitTo(queue, 'u');
  const job = await take(house);
  await createFairQueue(store, undefined).requeue(id, tenantOf('u', undefined), 0);
  await job.moveToDelayed(Date.now(), 'token');
  expect((await Job.fromId(bull, id))?.priority).toBe(2);
  const again = await take(house, 'second'); // it promotes what is due
  expect([again.id, again.priority]).toEqual([id, 2]);
  expect(await counts()).toEqual({ active: 1 });
});

test("a fenced write is BullMQ's own log and progress, and moves nothing", async () => {
  const house = await setUp();
  const { store, queue, bull, stateOf, counts, heard } = house;
  const { id } = await submitTo(queue, 'u');
  const job = await take(house);
  const journal = createJournals(store)({ id, tenant: tenantOf('u', undefined), token: 'token' });
  const row = { type: 'progress', attempt: 1, percent: 1, stage: 'a' } as const;
  await journal.append(row, progress);
  expect((await bull.getJobLogs(id)).logs).toEqual([JSON.stringify(row)]);
  expect((await Job.fromId(bull, id))?.progress).toEqual(progress);
  expect(await stateOf(id)).toBe('active');
  expect(await counts()).toEqual({ active: 1 });
  await expect.poll(() => heard).toContain(`progress ${id}`);
  await job.moveToCompleted(undefined, 'token', false);
  expect(await counts()).toEqual({ completed: 1 });
});

test.each(['waiting', 'prioritized', 'delayed', 'completed', 'failed'])('nothing is written to a job that is %s', async (state) => {
  const house = await setUp();
  const { store, bull, stateOf } = house;
  const id = (await states[state]?.(house)) ?? '';
  const journal = createJournals(store)({ id, tenant: tenantOf('u', undefined), token: 'token' });
  await expect(journal.append({ type: 'progress', attempt: 1, percent: 1, stage: 'a' }, progress)).rejects.toThrow(LockLostError);
  expect((await bull.getJobLogs(id)).logs).toEqual([]);
  expect(await stateOf(id)).toBe(state);
});
