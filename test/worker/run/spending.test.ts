/** What calls use: counted once each, whoever comes and goes, for the day they began on. */
import { expect, test, vi } from 'vitest';
import { tenantOf } from '../../../src/job/tenant.ts';
import { createJournals, LockLostError } from '../../../worker/run/journal.ts';
import { FIELDS } from '../../../src/job/record.ts';
import { holdDate } from '../../support/hold-time.ts';
import { openManualWorker, openQueue, submitTo } from '../../support/queue.ts';

const tenant = tenantOf('ana', undefined);
const used = (inputTokens: number, outputTokens: number, more: object = {}) => ({ inputTokens, outputTokens, ...more });

/** A job that runs under the lock `token`, and what a test wants to see of it. */
async function running() {
  const today = holdDate();
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const { id } = await submitTo(queue, 'ana');
  const job = await worker.getNextJob('token');
  if (!job) throw new Error('no job');
  return {
    today,
    id,
    job,
    queue,
    redis,
    keys,
    books: (token = 'token') => createJournals(store)({ id, tenant, token }).spending,
    usage: async () => JSON.parse((await redis.hget(keys.job(id), FIELDS.usage)) ?? 'null') as unknown,
    spent: async (now = today) => Number(await redis.get(keys.spent(tenant, now))),
  };
}

test('a call is counted from before it is made, then by what it came to; calls add up, and estimates are told', async () => {
  const { books, usage, spent } = await running();
  const first = await books().open(used(100, 0, { estimated: true }));
  expect([await usage(), await spent()]).toEqual([used(100, 0, { estimated: true }), 100]);
  await first.note(used(100, 40, { estimated: true }));
  await first.note(used(90, 50, { costUsd: 0.1 }));
  await first.note(used(90, 50, { costUsd: 0.1 }));
  expect([await usage(), await spent()]).toEqual([used(90, 50, { costUsd: 0.1 }), 140]);
  const second = await books().open(used(10, 0, { estimated: true }));
  await second.note(used(10, 5, { estimated: true, costUsd: 0.2, characters: 7 }));
  expect([await usage(), await spent()]).toEqual([used(100, 55, { costUsd: 0.3, characters: 7, estimated: true }), 155]);
  await second.note(undefined); // it never began
  expect([await usage(), await spent()]).toEqual([used(90, 50, { costUsd: 0.1 }), 140]);
  await first.note(undefined);
  expect([await usage(), await spent()]).toEqual([null, 0]);
});

test('what a run that is gone has noted stays, beside what the next one uses; what it learns late counts too', async () => {
  const { books, usage, spent, redis, keys, id } = await running();
  const lost = await books().open(used(100, 7, { estimated: true }));
  await redis.set(keys.lock(id), 'other');
  const next = await books('other').open(used(50, 0));
  await next.note(used(50, 20));
  expect([await usage(), await spent()]).toEqual([used(150, 27, { estimated: true }), 177]);
  await lost.note(used(100, 30));
  expect([await usage(), await spent()]).toEqual([used(150, 50), 200]);
});

test('nobody pays for a job that is not his any more', async () => {
  const { books, spent, queue, id } = await running();
  await expect(books('other').open(used(1, 1))).rejects.toThrow(LockLostError);
  await queue.cancel(id);
  await expect(books().open(used(1, 1))).rejects.toThrow(LockLostError);
  expect(await spent()).toBe(0);
});

test('a cancelled job goes on to show what its call came to; one that another run has completed keeps its usage; both are counted', async () => {
  const cancelled = await running();
  const call = await cancelled.books().open(used(100, 0, { estimated: true }));
  await cancelled.queue.cancel(cancelled.id);
  await call.note(used(100, 60, { estimated: true }));
  expect((await cancelled.queue.read(cancelled.id))?.snapshot.end?.outcome).toEqual({
    type: 'cancelled',
    usage: used(100, 60, { estimated: true }),
  });
  expect(await cancelled.spent()).toBe(160);

  const completed = await running();
  const stale = await completed.books().open(used(100, 0));
  await completed.job.moveToCompleted(undefined, 'token', false);
  await stale.note(used(100, 60));
  await stale.note(used(100, 60));
  expect([await completed.usage(), await completed.spent()]).toEqual([used(100, 0), 160]);
});

test('a job whose record is gone is not brought back, and its call is counted', async () => {
  const { books, spent, redis, keys, id } = await running();
  const call = await books().open(used(100, 0));
  await redis.del(keys.job(id));
  await call.note(used(100, 60));
  await call.note(used(100, 70));
  expect([await spent(), await redis.exists(keys.job(id))]).toEqual([170, 0]);
});

test('a call counts for the day it began on, whenever it ends', async () => {
  const { books, spent } = await running();
  const [before, after] = [Date.parse('2030-01-01T23:59:59Z'), Date.parse('2030-01-02T00:00:01Z')];
  vi.setSystemTime(before);
  const call = await books().open(used(100, 0));
  vi.setSystemTime(after);
  await call.note(used(100, 60));
  expect([await spent(before), await spent(after)]).toEqual([160, 0]);
});

test('a job costs what its calls cost, if all of that is known; a day counts what is known of it', async () => {
  const { today, books, usage, redis, keys, id } = await running();
  const day = async () => Number((await redis.get(keys.spentUsd(tenant, today))) ?? 0) / 1e9;
  const first = await books().open(used(1000, 0, { costUsd: 0.1 }));
  await first.note(used(1000, 10, { costUsd: 0.25 }));
  const second = await books().open(used(0, 0, { characters: 5, costUsd: 0.000_000_08 }));
  expect([await usage(), await day()]).toEqual([used(1000, 10, { characters: 5, costUsd: 0.250_000_08 }), 0.250_000_08]);
  await second.note(undefined);
  expect([await usage(), await day()]).toEqual([used(1000, 10, { costUsd: 0.25 }), 0.25]);
  await books().open(used(1, 0));
  expect([await usage(), await day()]).toEqual([used(1001, 10), 0.25]);
  await redis.del(keys.job(id)); // its record is gone, and what its call has cost is not
  await first.note(used(1000, 20, { costUsd: 0.5 }));
  expect(await day()).toBe(0.5);
  expect(await redis.ttl(keys.spentUsd(tenant, today))).toBeGreaterThan(24 * 3600);
});

test('what was used before calls were told apart is kept, and what is no record of calls is passed over', async () => {
  const { books, usage, spent, redis, keys, id } = await running();
  await redis.hset(keys.job(id), FIELDS.usage, JSON.stringify(used(5, 6, { costUsd: 0 })));
  await (await books().open(used(1, 0))).note(used(1, 2));
  expect([await usage(), await spent()]).toEqual([used(6, 8), 3]);
  for (const garbage of ['', 'null', '[', '7']) {
    await redis.hset(keys.job(id), FIELDS.calls, garbage, FIELDS.usage, garbage);
    await (await books().open(used(1, 0))).note(used(1, 2));
    expect(await usage()).toEqual(used(1, 2));
  }
});
