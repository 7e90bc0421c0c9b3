/** The journal: what a run writes is there in order, and only the run that holds the job can write. */
import { UnrecoverableError, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../src/jobs/tenant.ts';
import { QUEUE_NAME } from '../../src/queue/keys.ts';
import { createJournals, LockLostError } from '../../src/queue/journal.ts';
import { FIELDS } from '../../src/queue/record.ts';
import { openQueue, patient, submitTo } from '../support/queue.ts';

const TENANT = tenantOf(undefined, undefined);
const progress = { percent: 1, stage: 'a', items: 0 };
const row = (percent: number) => ({ type: 'progress', attempt: 1, percent, stage: 'a' }) as const;

/** A worker whose jobs the test takes and ends by hand. */
async function byHand(keyPrefix: string) {
  const worker = new Worker(QUEUE_NAME, null, { connection: patient(), prefix: keyPrefix, lockDuration: 60_000 });
  onTestFinished(() => worker.close(true));
  await worker.waitUntilReady();
  return worker;
}

test("rows are numbered from one and read back; the summary is the job's progress", async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await byHand(keyPrefix);
  const job = await worker.getNextJob('token');
  const journal = createJournals(redis, keys)({ jobId: id, tenant: TENANT, token: 'token' });

  expect([await journal.append(row(1), progress), await journal.append(row(2), { ...progress, percent: 2 })]).toEqual([1, 2]);
  await journal.keep({ [FIELDS.usage]: '{"inputTokens":1,"outputTokens":2}' });
  expect((await journal.history()).rows).toEqual([
    { ...row(1), seq: 1 },
    { ...row(2), seq: 2 },
  ]);

  const seen = await queue.look(id, 1);
  expect(seen?.rows).toEqual([{ ...row(2), seq: 2 }]);
  expect(seen?.snapshot).toMatchObject({ status: 'active', attempt: 1, length: 2, progress: { percent: 2 } });

  await job?.moveToCompleted(undefined, 'token', false);
  const ended = await queue.look(id, 0);
  expect(ended?.snapshot).toMatchObject({
    status: 'completed',
    attempt: 1,
    end: { seq: 3, outcome: { type: 'completed', usage: { inputTokens: 1 } } },
  });
});

test('a run that lost its lock, or whose job has ended, writes nothing more', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await byHand(keyPrefix);
  const job = await worker.getNextJob('new');
  const journals = createJournals(redis, keys);

  await expect(journals({ jobId: id, tenant: TENANT, token: 'old' }).append(row(1), progress)).rejects.toThrow(LockLostError);
  await expect(journals({ jobId: id, tenant: TENANT, token: 'old' }).keep({ [FIELDS.result]: '{}' })).rejects.toThrow(LockLostError);
  await job?.moveToFailed(new UnrecoverableError('cancelled'), '0'); // as a cancel does it, with the lock still there
  await expect(journals({ jobId: id, tenant: TENANT, token: 'new' }).append(row(1), progress)).rejects.toThrow(LockLostError);
  await redis.del(keys.job(id));
  await expect(journals({ jobId: id, tenant: TENANT, token: 'new' }).keep({ [FIELDS.result]: '{}' })).rejects.toThrow(LockLostError);
  expect(await redis.exists(keys.job(id), keys.logs(id))).toBe(0);
});

test('the number of the end is fixed by the first look and stays', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await byHand(keyPrefix);
  const job = await worker.getNextJob('token');
  await createJournals(redis, keys)({ jobId: id, tenant: TENANT, token: 'token' }).append(row(1), progress);
  await job?.moveToFailed(new UnrecoverableError('provider_refused: no'), '0');
  const looks = await Promise.all([queue.look(id, 0), queue.look(id, 0), queue.look(id)]);
  await redis.rpush(keys.logs(id), JSON.stringify(row(9))); // somebody's late row
  looks.push(await queue.look(id, 0));
  for (const look of looks) expect(look?.snapshot).toMatchObject({ length: 1, end: { seq: 2 } });
  expect(looks.at(-1)?.rows).toHaveLength(1);
});

test('a row that is not JSON is passed over, and its number stays unused', async () => {
  const { queue, redis, keys } = await openQueue();
  const { id } = await submitTo(queue);
  await redis.rpush(keys.logs(id), JSON.stringify(row(1)), 'not json', JSON.stringify(row(3)));
  expect((await queue.look(id, 0))?.rows.map(({ seq }) => seq)).toEqual([1, 3]);
});

test('places in the queue count from one, in the order of submission', async () => {
  const { queue } = await openQueue();
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push((await submitTo(queue)).id);
  const places = await Promise.all(ids.map(async (id) => (await queue.look(id))?.snapshot.position));
  expect(places).toEqual([1, 2, 3]);
});

test('a row whose reply got lost is written once, however often it is sent', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  const worker = await byHand(keyPrefix);
  await worker.getNextJob('token');
  const sender = patient();
  const journal = createJournals(sender, keys)({ jobId: id, tenant: TENANT, token: 'token' });
  await journal.history();
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
  expect((await queue.look(id, 0))?.rows.map(({ seq, ...rest }) => [seq, rest])).toEqual([1, 2, 3].map((n) => [n, row(n)]));
});

test("what is no row of ours is nobody's event", async () => {
  const { queue, redis, keys } = await openQueue();
  const { id } = await submitTo(queue);
  await redis.rpush(keys.logs(id), '42', '"hey"', 'null', '{"type":"Warm-Up"}', '{"type":"completed"}', JSON.stringify(row(6)));
  expect((await queue.look(id, 0))?.rows).toEqual([{ ...row(6), seq: 6 }]);
});
