/** Jobs in lanes: each kind waits in a queue of its own, and everything that can be done to a job finds it there. */
import { UnrecoverableError, type Worker } from 'bullmq';
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { createAddAdmitted } from '../../src/jobs/add-admitted.ts';
import { Admission } from '../../src/jobs/admission.ts';
import { createCancel } from '../../src/jobs/cancel-job.ts';
import { createChildren } from '../../src/jobs/child-job.ts';
import { createLanes, type Lanes } from '../../src/jobs/lanes.ts';
import { jobOptionsOf } from '../../src/jobs/open-queue.ts';
import { drain, openManualWorker, openQueue, RETENTION_S, storeOver, submitMany, submitTo, waiting } from '../support/queue.ts';

const CARDS = 'generate-flashcards';
const AUDIO = 'generate-audio';

/** Lanes that can be switched on and off while a queue is open. */
function switchable(): Lanes & { on: boolean } {
  const lanes = { on: true, names: [CARDS, AUDIO], of: (kind: string) => Promise.resolve(lanes.on ? kind : undefined) };
  return lanes;
}

test('jobs of each kind wait in their lane, in an order of its own, and are counted together', async () => {
  const { queue, keyPrefix } = await openQueue(undefined, {}, undefined, undefined, switchable());
  await submitMany(queue, 'ana', 5);
  const { id: audio } = await submitTo(queue, 'ana', {}, AUDIO);
  const { id: cards } = await submitTo(queue, 'bob');
  expect((await queue.read(audio))?.snapshot).toMatchObject({ status: 'waiting', position: 1 });
  expect((await queue.read(cards))?.snapshot.position).toBe(3); // before most of Ana's
  const { counts, lanes } = await queue.stats();
  expect(counts).toMatchObject({ waiting: 7, active: 0, delayed: 0 });
  expect([lanes[CARDS]?.waiting, lanes[AUDIO]?.waiting]).toEqual([6, 1]);
  expect(await drain(await openManualWorker(keyPrefix, AUDIO), 1)).toEqual([audio]);
  expect((await queue.read(audio))?.snapshot.status).toBe('completed');
  expect((await queue.stats()).counts).toMatchObject({ waiting: 6, completed: 1 });
});

test("a queue's depth and a user's bound go over all lanes and the queue that all kinds share", async () => {
  const lanes = switchable();
  const { queue } = await openQueue(undefined, { maxDepth: 3, maxJobsPerUser: 2 }, undefined, undefined, lanes);
  await submitTo(queue, 'ana');
  await submitTo(queue, 'ana', {}, AUDIO);
  await expect(submitTo(queue, 'ana')).rejects.toThrow('too_many');
  lanes.on = false;
  await submitTo(queue, 'bob');
  await expect(submitTo(queue, 'bob')).rejects.toThrow('full');
  lanes.on = true;
  await expect(submitTo(queue, 'bob', {}, AUDIO)).rejects.toThrow('full');
});

for (const [where, on] of [
  ['a lane', true],
  ['the queue that all kinds share', false],
] as const) {
  test(`in ${where} a job is cancelled while it waits, runs or is delayed, and nothing of it stays there`, async () => {
    const lanes = { ...switchable(), of: (kind: string) => Promise.resolve(on ? kind : undefined) };
    const { queue, redis, keys, keyPrefix } = await openQueue(undefined, {}, undefined, undefined, lanes);
    const lane = on ? CARDS : undefined;
    const worker = await openManualWorker(keyPrefix, lane);
    const { id: running } = await submitTo(queue, 'ana');
    const { id: delayed } = await submitTo(queue, 'ana');
    const { id: waits } = await submitTo(queue, 'ana');
    await worker.getNextJob('one');
    await (await worker.getNextJob('two'))?.moveToDelayed(Date.now() + 60_000, 'two');
    const states = async () => Promise.all([running, delayed, waits].map(async (id) => (await queue.read(id))?.snapshot));
    expect((await states()).map((one) => one?.status)).toEqual(['active', 'waiting', 'waiting']);
    expect((await states())[1]?.retryAt).toBeDefined();
    const list = await queue.jobsOf('ana', { limit: 10, filter: { status: 'active' } });
    expect(list.jobs.map(({ id }) => id)).toEqual([running]);
    for (const id of [running, delayed, waits]) expect(await queue.cancel(id)).toBe('cancelled');
    expect((await states()).map((one) => one?.end?.outcome.type)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    for (const set of ['prioritized', 'delayed'] as const) expect(await redis.zcard(keys.of(set, lane))).toBe(0);
    expect(await redis.llen(keys.of('active', lane))).toBe(0);
  });
}

test('a failed job waits again where new jobs do, wherever it was before', async () => {
  const lanes = switchable();
  const { queue, keyPrefix } = await openQueue(undefined, {}, undefined, undefined, lanes);
  lanes.on = false;
  const { id } = await submitTo(queue, 'ana');
  const fail = async (worker: Worker) => (await worker.getNextJob('t'))?.moveToFailed(new UnrecoverableError('vendor_error: no'), 't');
  const [shared, inLane] = [await openManualWorker(keyPrefix, undefined), await openManualWorker(keyPrefix, CARDS)];
  await fail(shared);
  lanes.on = true;
  const retry = { jobId: id, tenant: tenantOf('ana', undefined), bounded: true };
  expect((await queue.retry(retry)).type).toBe('retried');
  await fail(inLane);
  expect((await queue.failedJobs({ limit: 10 })).jobs.map((job) => job.id)).toEqual([id]);
  lanes.on = false;
  expect((await queue.retry(retry)).type).toBe('retried');
  expect(await drain(shared, 1)).toEqual([id]);
});

test('a job with files and a child go into their lanes; erasing takes them out', async () => {
  const lanes = switchable();
  const { queue, redis, keys, keyPrefix } = await openQueue(undefined, {}, undefined, undefined, lanes);
  const store = storeOver(waiting(), keyPrefix);
  const children = createChildren(store, {
    admission: new Admission(store, { retentionS: 60, bounds: { maxDepth: 100, maxJobsPerUser: 100 }, lanes: lanes.names }),
    addAdmitted: createAddAdmitted(store, jobOptionsOf({ attempts: 3, retentionS: 60 })),
    lanes,
    cancel: createCancel(store, RETENTION_S),
  });
  const keepFiles = () => Promise.resolve();
  const next = { kind: CARDS, expected: { content: '' } };
  const { id: parent } = await submitTo(queue, 'ana', { keepFiles, next, key: ['k'] }, AUDIO);
  expect(await redis.zrange(keys.of('prioritized', AUDIO), '0', '-1')).toEqual([parent]);
  const child = await children.add({ parent, kind: CARDS, owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: {} });
  expect(await redis.zrange(keys.of('prioritized', CARDS), '0', '-1')).toEqual([child]);
  expect(
    await queue.add({ kind: AUDIO, owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: {}, key: ['k'] }),
  ).toMatchObject({
    type: 'known',
    id: parent,
  });
  await queue.erase([parent]);
  expect(await redis.exists(keys.of('prioritized', AUDIO), keys.of('prioritized', CARDS), keys.job(parent), keys.job(child))).toBe(0);
});

test('lanes are used only where they are allowed and all processes know of them', async () => {
  const kinds = [{ name: CARDS }];
  const agreeing = (agreed: boolean) => ({ agreed: () => Promise.resolve(agreed) });
  expect(await createLanes({ kinds, allowed: true, processes: agreeing(true) }).of(CARDS)).toBe(CARDS);
  expect(await createLanes({ kinds, allowed: true, processes: agreeing(false) }).of(CARDS)).toBeUndefined();
  expect(await createLanes({ kinds, allowed: false, processes: agreeing(true) }).of(CARDS)).toBeUndefined();
});
