/** The journal: what a run writes is there in order, and only the run that holds the job can write. */
import { UnrecoverableError } from 'bullmq';
import { expect, test } from 'vitest';
import { tenantOf } from '../../../src/job/tenant.ts';
import { createJournals, type JournalBound, LockLostError } from '../../../worker/run/journal.ts';
import { FIELDS } from '../../../src/job/record.ts';
import { countCommands } from '../../support/commands.ts';
import { openManualWorker, openQueue, waiting, submitTo, storeOver } from '../../support/queue.ts';

const TENANT = tenantOf(undefined, undefined);
const progress = { percent: 1, stage: 'a', items: 0 };
const row = (percent: number) => ({ type: 'progress', attempt: 1, percent, stage: 'a' }) as const;

test("rows are numbered from one and read back; the summary is the job's progress", async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  const job = await worker.getNextJob('token');
  const journal = createJournals(store)({ id, tenant: TENANT, token: 'token' });

  expect([await journal.append(row(1), progress), await journal.append(row(2), { ...progress, percent: 2 })]).toEqual([1, 2]);
  await redis.hset(keys.job(id), FIELDS.usage, '{"inputTokens":1,"outputTokens":2}');
  expect((await journal.history(false)).rows).toEqual([
    { ...row(1), seq: 1 },
    { ...row(2), seq: 2 },
  ]);

  const seen = await queue.read(id, 1);
  expect(seen?.rows).toEqual([{ ...row(2), seq: 2 }]);
  expect(seen?.snapshot).toMatchObject({ status: 'active', attempt: 1, length: 2, progress: { percent: 2 } });

  await job?.moveToCompleted(undefined, 'token', false);
  const ended = await queue.read(id, 0);
  expect(ended?.snapshot).toMatchObject({
    status: 'completed',
    attempt: 1,
    end: { seq: 3, outcome: { type: 'completed', usage: { inputTokens: 1 } } },
  });
});

test('a run that lost its lock, or whose job has ended, writes nothing more', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  const job = await worker.getNextJob('new');
  const journals = createJournals(store);

  await expect(journals({ id, tenant: TENANT, token: 'old' }).append(row(1), progress)).rejects.toThrow(LockLostError);
  await expect(journals({ id, tenant: TENANT, token: 'old' }).checkLock()).rejects.toThrow(LockLostError);
  await job?.moveToFailed(new UnrecoverableError('cancelled'), '0'); // as a cancel does it, with the lock still there
  await expect(journals({ id, tenant: TENANT, token: 'new' }).append(row(1), progress)).rejects.toThrow(LockLostError);
  await redis.del(keys.job(id));
  await expect(journals({ id, tenant: TENANT, token: 'new' }).checkLock()).rejects.toThrow(LockLostError);
  expect(await redis.exists(keys.job(id), keys.logs(id))).toBe(0);
});

test('the number of the end is fixed by the first look and stays', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  const job = await worker.getNextJob('token');
  await createJournals(store)({ id, tenant: TENANT, token: 'token' }).append(row(1), progress);
  await job?.moveToFailed(new UnrecoverableError('provider_refused: no'), '0');
  const looks = await Promise.all([queue.read(id, 0), queue.read(id, 0), queue.read(id)]);
  await redis.rpush(keys.logs(id), JSON.stringify(row(9))); // somebody's late row
  looks.push(await queue.read(id, 0));
  for (const look of looks) expect(look?.snapshot).toMatchObject({ length: 1, end: { seq: 2 } });
  expect(looks.at(-1)?.rows).toHaveLength(1);
});

test('a row that is not JSON is passed over, and its number stays unused', async () => {
  const { queue, redis, keys } = await openQueue();
  const { id } = await submitTo(queue);
  await redis.rpush(keys.logs(id), JSON.stringify(row(1)), 'not json', JSON.stringify(row(3)));
  expect((await queue.read(id, 0))?.rows.map(({ seq }) => seq)).toEqual([1, 3]);
});

test('places in the queue count from one, in the order of submission', async () => {
  const { queue } = await openQueue();
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push((await submitTo(queue)).id);
  const places = await Promise.all(ids.map(async (id) => (await queue.read(id))?.snapshot.position));
  expect(places).toEqual([1, 2, 3]);
});

test('a row whose reply got lost is written once, however often it is sent', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const sender = waiting();
  const journal = createJournals(storeOver(sender, keyPrefix))({ id, tenant: TENANT, token: 'token' });
  await journal.history(false);
  await journal.append(row(1), progress);

  // The connection sends again what was not answered: here, each time it is cut before the reply.
  sender.on('ready', () => sender.stream.pause());
  sender.stream.pause();
  const appended = journal.append(row(2), progress);
  await expect.poll(() => redis.llen(keys.logs(id))).toBe(2);
  sender.removeAllListeners('ready');
  sender.stream.destroy();
  expect(await appended).toBe(2);
  expect(await journal.append(row(3), progress)).toBe(3);
  expect((await queue.read(id, 0))?.rows.map(({ seq, ...rest }) => [seq, rest])).toEqual([1, 2, 3].map((n) => [n, row(n)]));
});

test("what is no row of ours is nobody's event", async () => {
  const { queue, redis, keys } = await openQueue();
  const { id } = await submitTo(queue);
  await redis.rpush(keys.logs(id), '42', '"hey"', 'null', '{"type":"Warm-Up"}', '{"type":"completed"}', JSON.stringify(row(6)));
  expect((await queue.read(id, 0))?.rows).toEqual([{ ...row(6), seq: 6 }]);
});

/** A run with three rows, of which Redis has lost the last two. */
async function afterLoss() {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const journals = createJournals(store);
  const run = { id, tenant: TENANT, token: 'token' };
  const journal = journals(run);
  for (const n of [1, 2, 3]) await journal.append(row(n), { ...progress, percent: n });
  journal.saveCheckpoint({ answer: 1 }, { provider: 'openai', model: 'm' });
  await journal.checkLock();
  await redis.ltrim(keys.logs(id), 0, 0);
  await redis.hdel(keys.job(id), FIELDS.checkpoint, 'progress');
  const rows = async () => (await queue.read(id, 0))?.rows.map(({ seq, ...rest }) => [seq, rest]);
  return { store, redis, keys, id, run, journal, journals, rows };
}

test('a row is only written at its place: what Redis has lost before it is written again first', async () => {
  const { journal, rows, redis, keys, id } = await afterLoss();
  expect(await journal.append(row(4), { ...progress, percent: 4 })).toBe(4);
  expect(await rows()).toEqual([1, 2, 3, 4].map((n) => [n, row(n)]));
  expect(await redis.hmget(keys.job(id), FIELDS.checkpoint, 'progress')).toEqual(['{"answer":1}', '{"percent":4,"stage":"a","items":0}']);
});

test('rows that are written side by side after a loss each find their place', async () => {
  const { journal, rows } = await afterLoss();
  expect(await Promise.all([4, 5, 6].map((n) => journal.append(row(n), progress)))).toEqual([4, 5, 6]);
  expect(await rows()).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n, row(n)]));
});

test('a run that takes over in the same process starts from what the process remembers', async () => {
  const { run, journals, rows } = await afterLoss();
  const next = journals(run);
  const history = await next.history(true); // BullMQ may have lost, too, that the job was started
  expect(history.rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(history).toMatchObject({ checkpoint: { answer: 1 }, author: { provider: 'openai', model: 'm' } });
  expect(await next.append(row(4), progress)).toBe(4);
  expect(await rows()).toEqual([1, 2, 3, 4].map((n) => [n, row(n)]));
});

test('a run that takes over after another process went on starts from what Redis has', async () => {
  const { store, run, journals, rows } = await afterLoss();
  const elsewhere = createJournals(store)(run);
  expect((await elsewhere.history(false)).rows).toHaveLength(1);
  await elsewhere.append(row(20), progress);
  const history = await journals(run).history(false);
  expect(history.rows.map((known) => known.type === 'progress' && known.percent)).toEqual([1, 20]);
  expect(history.checkpoint).toEqual({});
  expect(await rows()).toEqual([
    [1, row(1)],
    [2, row(20)],
  ]);
});

test("a run whose place another's row has taken is not the job's any more", async () => {
  const { redis, keys, id, journal } = await afterLoss();
  await redis.rpush(keys.logs(id), ...[20, 30, 40].map((n) => JSON.stringify(row(n))));
  await expect(journal.append(row(4), progress)).rejects.toThrow(LockLostError);
});

test('what is written within one tick is one step, in order, and each row is an event', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const journal = createJournals(store)({ id, tenant: TENANT, token: 'token' });
  const count = await countCommands(redis, keys.job(id));
  const { result, commands } = await count(async () => {
    const first = [1, 2].map((n) => journal.append(row(n), { ...progress, percent: n }));
    journal.saveCheckpoint({ answer: 1 }, undefined);
    await Promise.resolve();
    return Promise.all([...first, journal.append(row(3), { ...progress, percent: 3 })]);
  });
  expect(result).toEqual([1, 2, 3]);
  expect(commands.filter((line) => line.includes('"evalsha"') || line.includes('"eval"'))).toHaveLength(1);
  expect((await queue.read(id, 0))?.rows).toEqual([1, 2, 3].map((n) => ({ ...row(n), seq: n })));
  expect(await redis.hmget(keys.job(id), FIELDS.checkpoint, 'progress')).toEqual(['{"answer":1}', '{"percent":3,"stage":"a","items":0}']);
  const events = (await redis.xrange(keys.of('events'), '-', '+')).map(([, fields]) => fields).filter((fields) => fields[1] === 'progress');
  expect(events.map((fields) => JSON.parse(fields[5] ?? ''))).toEqual([1, 2, 3].map((n) => ({ seq: n, ...row(n) })));
});

test('rows that are not waited for are one step if they come together; later ones wait for it, and a failure is told to the next', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const journal = createJournals(store)({ id, tenant: TENANT, token: 'token' });
  const length = () => redis.llen(keys.logs(id));
  for (const n of [1, 2]) await journal.push(row(n), { ...progress, percent: n });
  await new Promise((resolve) => setImmediate(resolve)); // the step has begun
  await journal.push(row(3), { ...progress, percent: 3 });
  expect([await length(), (await queue.read(id))?.snapshot.progress?.percent]).toEqual([3, 3]);
  const events = (await redis.xrange(keys.of('events'), '-', '+')).map(([, fields]) => fields).filter((fields) => fields[1] === 'progress');
  expect(events.map((fields) => JSON.parse(fields[5] ?? ''))).toEqual([1, 2, 3].map((n) => ({ seq: n, ...row(n) })));

  await redis.set(keys.lock(id), 'other');
  await journal.push(row(4), progress);
  await expect(journal.conclude({}, undefined)).rejects.toThrow(LockLostError);
  await expect(journal.push(row(5), progress)).rejects.toThrow(LockLostError);
  expect(await length()).toBe(3);
});

test('several rows whose reply got lost are written once, and so is what follows them', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const sender = waiting();
  const journal = createJournals(storeOver(sender, keyPrefix))({ id, tenant: TENANT, token: 'token' });
  await journal.append(row(1), progress);
  sender.stream.pause();
  const appended = [2, 3].map((n) => journal.append(row(n), progress));
  await expect.poll(() => redis.llen(keys.logs(id))).toBe(3);
  const late = journal.append(row(4), progress);
  sender.stream.destroy();
  expect(await Promise.all([...appended, late])).toEqual([2, 3, 4]);
  expect((await queue.read(id, 0))?.rows.map(({ seq, ...rest }) => [seq, rest])).toEqual([1, 2, 3, 4].map((n) => [n, row(n)]));
});

test("rows that are where a run's first rows were to go keep their places", async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  await redis.rpush(keys.logs(id), 'garbage', 'more');
  const journal = createJournals(store)({ id, tenant: TENANT, token: 'token' });
  expect(await Promise.all([1, 2].map((n) => journal.append(row(n), progress)))).toEqual([3, 4]);
  expect(await journal.append(row(3), progress)).toBe(5);
});

test('the end of a run waits for its rows, and takes along what nobody has sent yet', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const journal = createJournals(store)({ id, tenant: TENANT, token: 'token' });
  void journal.append(row(1), progress);
  expect(await journal.conclude({ a: 1 }, { provider: 'p' })).toEqual({ [FIELDS.result]: '{"a":1}', 'ai:provider': 'p', 'ai:model': '' });
  expect(await redis.llen(keys.logs(id))).toBe(1);
  journal.saveCheckpoint({ answer: 1 }, undefined);
  expect(await journal.conclude({ a: 1 }, undefined)).toEqual({ [FIELDS.checkpoint]: '{"answer":1}', [FIELDS.result]: '{"a":1}' });
  expect(await redis.hexists(keys.job(id), FIELDS.checkpoint)).toBe(0);
});

test('a run with a row that could not be written does not end well, also if nobody waited for the row', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  await redis.set(keys.logs(id), 'garbage');
  const journal = createJournals(store)({ id, tenant: TENANT, token: 'token' });
  journal.append(row(1), progress).catch(() => {});
  await expect(journal.conclude({}, undefined)).rejects.toThrow('WRONGTYPE');
});

test('a full journal takes no row more, keeps what it has, and its run fails by name', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const open = (bound: JournalBound) => createJournals(store, { bound })({ id, tenant: TENANT, token: 'token' });
  const journal = open({ rows: 3, bytes: 1000 });
  for (const n of [1, 2]) await journal.append(row(n), progress);
  const both = [3, 4].map((n) => journal.append(row(n), progress)); // one step, which has no room for both
  for (const refused of both) await expect(refused).rejects.toMatchObject({ code: 'journal_full' });
  await expect(journal.append(row(3), progress)).rejects.toMatchObject({ code: 'journal_full' }); // one would fit, and would be in another's place
  await expect(journal.conclude({}, undefined)).rejects.toMatchObject({ code: 'journal_full' });
  await journal.checkLock(); // the job is still the run's to end

  const next = open({ rows: 10, bytes: 200 });
  expect((await next.history(false)).rows.map(({ seq }) => seq)).toEqual([1, 2]);
  expect(await next.append(row(3), progress)).toBe(3); // over all runs it is 153 bytes with this one
  await expect(next.append(row(4), progress)).rejects.toMatchObject({ code: 'journal_full' });
  expect(await redis.llen(keys.logs(id))).toBe(3);
  expect((await queue.read(id, 0))?.snapshot).toMatchObject({ status: 'active', length: 3 });
});

test('rows whose reply got lost are no more rows, and take no more room', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await openManualWorker(keyPrefix);
  await worker.getNextJob('token');
  const sender = waiting();
  const bound = { rows: 2, bytes: 2 * JSON.stringify(row(1)).length };
  const journal = createJournals(storeOver(sender, keyPrefix), { bound })({ id, tenant: TENANT, token: 'token' });
  await journal.append(row(1), progress);
  sender.stream.pause();
  const second = journal.append(row(2), progress);
  await expect.poll(() => redis.llen(keys.logs(id))).toBe(2);
  sender.stream.destroy();
  expect(await second).toBe(2);
});
