/** A job that leads to another one: its child's place is kept from the submission on, and the child is made once. */
import { UnrecoverableError } from 'bullmq';
import { expect, test } from 'vitest';
import { isJobId, newJobId } from '../../src/job/id.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { Admission, type Bounds } from '../../src/jobs/admission.ts';
import { createCancel } from '../../src/jobs/cancel-job.ts';
import { childIdOf } from '../../src/jobs/child-id.ts';
import { createChildren } from '../../src/jobs/child-job.ts';
import { createAddAdmitted } from '../../src/jobs/add-admitted.ts';
import { jobOptionsOf } from '../../src/jobs/open-queue.ts';
import { noLanes, openManualWorker, openQueue, RETENTION_S, submitTo, waiting, storeOver } from '../support/queue.ts';

const KIND = 'generate-flashcards';
const next = { kind: KIND, expected: { content: '' } };
const ana = { owner: 'ana', tenant: tenantOf('ana', undefined) };
const order = { kind: KIND, ...ana, requestId: 'r', input: {} };

/** A queue with these bounds, and the workers' side of children. */
async function open(limits: Partial<Bounds> = {}) {
  const bounds = { maxDepth: 10_000, maxJobsPerUser: 100, ...limits };
  const opened = await openQueue(undefined, bounds);
  const store = storeOver(waiting(), opened.keyPrefix);
  const admission = new Admission(store, { retentionS: 60, bounds, lanes: [] });
  const children = createChildren(store, {
    admission,
    addAdmitted: createAddAdmitted(store, jobOptionsOf({ attempts: 3, retentionS: 60 })),
    lanes: noLanes,
    cancel: createCancel(store, RETENTION_S),
  });
  return { ...opened, children, makeChild: (parent: string) => children.add({ parent, ...order, input: { content: 'text' } }) };
}

test("a child's id follows from its parent's, and is an id like any other", () => {
  const parents = Array.from({ length: 100 }, () => newJobId('process-image'));
  const ids = parents.map((parent) => childIdOf(parent, KIND));
  expect(ids.every(isJobId)).toBe(true);
  expect(new Set(ids).size).toBe(100);
  expect(childIdOf(parents[0] ?? '', KIND)).toBe(ids[0]);
});

test("a job that leads to another takes two of its user's places, and the second one is the child's alone", async () => {
  const { queue, keyPrefix, makeChild } = await open({ maxJobsPerUser: 3 });
  await submitTo(queue, 'ana');
  const { id: parent } = await submitTo(queue, 'ana', { next });
  expect(await queue.add({ ...order, next })).toMatchObject({ type: 'too_many', open: 3 });
  expect(await queue.add(order)).toMatchObject({ type: 'too_many', open: 3 });
  const child = await makeChild(parent);
  expect(await queue.add(order)).toMatchObject({ type: 'too_many', open: 3 });
  expect((await queue.read(child))?.snapshot).toMatchObject({ id: child, kind: KIND, owner: 'ana', tenant: 'user:ana', status: 'waiting' });
  expect((await queue.jobsOf('ana', { limit: 10 })).jobs.map(({ id }) => id)).toContain(child);
  const worker = await openManualWorker(keyPrefix);
  for (let n = 0; n < 3; n++) await (await worker.getNextJob('token'))?.moveToCompleted(undefined, 'token', false);
  expect((await queue.add({ ...order, next })).type).toBe('added');
});

test('a kept place counts for the queue, and the child is added however full it is', async () => {
  const { queue, redis, keys, makeChild } = await open({ maxDepth: 3 });
  const { id: parent } = await submitTo(queue, 'ana', { next });
  expect(await queue.add({ ...order, next })).toEqual({ type: 'full', excess: 1 });
  await submitTo(queue, 'bob');
  expect(await queue.add(order)).toEqual({ type: 'full', excess: 1 });
  expect((await queue.read(await makeChild(parent)))?.snapshot.status).toBe('waiting');
  expect(await queue.add(order)).toEqual({ type: 'full', excess: 1 });
  expect(await redis.hexists(keys.children, childIdOf(parent, KIND))).toBe(0);
});

test('at the least bounds a child comes after its parent all the same', async () => {
  const { queue } = await open({ maxDepth: 1, maxJobsPerUser: 1 });
  expect((await queue.add({ ...order, next })).type).toBe('added');
  expect((await queue.add(order)).type).toBe('full');
});

test('a parent that has failed, was cancelled or is gone keeps no place', async () => {
  const { queue, redis, keys, keyPrefix } = await open({ maxDepth: 6 });
  const parents = [];
  for (let n = 0; n < 3; n++) parents.push((await submitTo(queue, 'ana', { next })).id);
  const [failed = '', cancelled = '', gone = ''] = parents;
  expect((await queue.add({ ...order, owner: 'bob', tenant: tenantOf('bob', undefined) })).type).toBe('full');
  const worker = await openManualWorker(keyPrefix);
  await (await worker.getNextJob('token'))?.moveToFailed(new UnrecoverableError('content_unusable: no text'), 'token');
  expect((await queue.read(failed))?.snapshot.status).toBe('failed');
  await queue.cancel(cancelled);
  await redis.del(keys.job(gone));
  await redis.zrem(keys.of('prioritized'), gone);
  await redis.hset(keys.children, '*', Date.now() - 2000); // kept places are looked through once a second
  for (let n = 0; n < 3; n++) expect((await queue.add({ ...order, next })).type).toBe('added');
  expect(await redis.hvals(keys.children)).not.toContain(failed);
});

test("a user's kept places are given up when his bound is reached, not before", async () => {
  const { queue, redis, keys } = await open({ maxJobsPerUser: 2 });
  const { id } = await submitTo(queue, 'ana', { next });
  await redis.zadd(keys.open(ana.tenant), Date.now() - 100_000, childIdOf(id, KIND)); // kept for longer than a job takes to come
  await queue.openJobsOf('ana');
  expect((await queue.add(order)).type).toBe('too_many');
  await queue.cancel(id);
  expect((await queue.add(order)).type).toBe('added');
});

test('a child is made once: neither a further run of its parent nor its own end brings another', async () => {
  const { queue, redis, keys, keyPrefix, makeChild } = await open();
  const worker = await openManualWorker(keyPrefix);
  const { id: parent } = await submitTo(queue, 'ana', { next });
  await worker.getNextJob('token');
  const made = await Promise.all([makeChild(parent), makeChild(parent)]);
  made.push(await makeChild(parent));
  expect(new Set(made).size).toBe(1);
  expect(await redis.zcard(keys.of('prioritized'))).toBe(1);
  const [child] = made;
  expect((await worker.getNextJob('token'))?.id).toBe(child);
  await redis.del(keys.job(child)); // erased
  await redis.lrem(keys.of('active'), 1, child);
  await makeChild(parent);
  expect([await redis.exists(keys.job(child)), await redis.zcard(keys.of('prioritized'))]).toEqual([0, 0]);
});

test('a failed parent that is retried has a place for its child again, but not where the child was made before', async () => {
  const { queue, redis, keys, keyPrefix, makeChild } = await open({ maxJobsPerUser: 2 });
  const worker = await openManualWorker(keyPrefix);
  const failNext = async () => (await worker.getNextJob('token'))?.moveToFailed(new UnrecoverableError('content_unusable: x'), 'token');
  const { id: jobId } = await submitTo(queue, 'ana', { next });
  await failNext();
  const { snapshot } = (await queue.read(jobId)) ?? expect.fail();
  expect(snapshot.next).toBe(KIND);
  const retry = { jobId, tenant: snapshot.tenant, next: snapshot.next, bounded: true };
  await submitTo(queue, 'ana');
  expect((await queue.retry(retry)).type).toBe('too_many');
  await (await worker.getNextJob('token'))?.moveToCompleted(undefined, 'token', false);
  expect((await queue.retry(retry)).type).toBe('retried');
  expect((await queue.add(order)).type).toBe('too_many');

  await makeChild(jobId);
  await failNext();
  await (await worker.getNextJob('token'))?.moveToCompleted(undefined, 'token', false); // the child
  expect((await queue.retry(retry)).type).toBe('retried');
  expect(await redis.hlen(keys.children)).toBe(0);
  expect((await queue.add(order)).type).toBe('added');
});

test('a cancelled job takes its child along; a completed one leaves it alone', async () => {
  const { queue, keyPrefix, makeChild } = await open();
  const worker = await openManualWorker(keyPrefix);
  const [first, second] = [await submitTo(queue, 'ana', { next }), await submitTo(queue, 'ana', { next })];
  await worker.getNextJob('token');
  const running = await worker.getNextJob('token');
  const [cancelled, kept] = [await makeChild(first.id), await makeChild(second.id)];
  await running?.moveToCompleted(undefined, 'token', false);
  expect([await queue.cancel(first.id), await queue.cancel(second.id)]).toEqual(['cancelled', 'ended']);
  expect((await queue.read(cancelled))?.snapshot.status).toBe('cancelled');
  expect((await queue.read(kept))?.snapshot.status).toBe('waiting');
});

test('a child that was added in the moment in which its parent was cancelled is cancelled before it is begun', async () => {
  const { queue, keyPrefix, children, makeChild } = await open();
  const worker = await openManualWorker(keyPrefix);
  const { id: parent } = await submitTo(queue, 'ana', { next });
  await worker.getNextJob('token');
  expect(await children.endWithParent({ id: childIdOf(parent, KIND), parent })).toBe(false);
  await queue.cancel(parent);
  const id = await makeChild(parent);
  expect(await children.endWithParent({ id, parent })).toBe(true);
  expect((await queue.read(id))?.snapshot.status).toBe('cancelled');
});

test('a parent that was erased has no child, also if that happens while the child is added', async () => {
  const { queue, redis, keys, makeChild } = await open();
  const [{ id: before }, { id: meanwhile }] = [await submitTo(queue, 'ana', { next }), await submitTo(queue, 'ana', { next })];
  await queue.erase([before]);
  const gone = await makeChild(before);
  const [late] = await Promise.all([makeChild(meanwhile), queue.erase([meanwhile])]);
  await queue.erase([meanwhile]); // what an interrupted one would leave behind
  for (const id of [before, meanwhile, gone, late]) expect([id, await redis.exists(keys.job(id))]).toEqual([id, 0]);
  expect((await queue.jobsOf('ana', { limit: 10 })).jobs).toEqual([]);
  expect(await redis.zrange(keys.open(ana.tenant), '0', '-1')).toEqual([]);
  expect((await redis.hkeys(keys.children)).filter((field) => field !== '*')).toEqual([]);
});

test("the parent's deadline is the child's, too", async () => {
  const { queue, makeChild } = await open();
  const { id } = await submitTo(queue, 'ana', { next, cancelAfterMs: 3_600_000 });
  const { cancelAt } = (await queue.read(id))?.snapshot ?? {};
  expect(cancelAt).toBeGreaterThan(0);
  expect((await queue.read(await makeChild(id)))?.snapshot.cancelAt).toBe(cancelAt);
});

test('of two submissions under one key one keeps a place for a child', async () => {
  const { queue, redis, keys } = await open();
  await Promise.all(Array.from({ length: 20 }, () => submitTo(queue, 'ana', { next, key: ['k'] })));
  expect([await redis.hlen(keys.children), await redis.zcard(keys.open(ana.tenant))]).toEqual([1, 2]);
});

test('garbage in the place of the kept places is begun anew', async () => {
  const { queue, redis, keys } = await open();
  await redis.set(keys.children, 'garbage');
  await submitTo(queue, 'ana', { next });
  expect(await redis.hlen(keys.children)).toBe(1);
});
