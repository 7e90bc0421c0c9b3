/** A cancelled job whose call is billed after its end: what the archive shows of it is what it came to. */
import { expect, test } from 'vitest';
import { ArchiveOutbox } from '../../src/archive/outbox.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { createJournals } from '../../worker/run/journal.ts';
import type { Settlement } from '../../src/ends/outbox.ts';
import { openManualWorker, openQueue, submitTo } from '../support/queue.ts';

const used = (outputTokens: number) => ({ inputTokens: 100, outputTokens });

/** A job that is on its way to the archive and has made a call, and what ends it and archives it. */
async function running() {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const { id } = await submitTo(queue, 'ana');
  const job = await worker.getNextJob('token');
  await redis.zadd(keys.archive.outbox, 0, id);
  const call = await createJournals(store)({
    id,
    tenant: tenantOf('ana', undefined),
    token: 'token',
  }).spending.open(used(0));
  const outbox = new ArchiveOutbox(store, 60);
  const claim = async () => (await outbox.claim()).claims;
  const settle = (claims: Awaited<ReturnType<typeof claim>>, how: Settlement['how'] = { type: 'done' }) =>
    outbox.settle(claims.map((each) => ({ ...each, how })));
  return { queue, redis, keys, id, job, call, claim, settle, waiting: () => redis.zcard(keys.archive.outbox) };
}

test('a bill that comes when the job is archived lets it be archived again, once', async () => {
  const { queue, id, call, claim, settle, waiting } = await running();
  await queue.cancel(id);
  await settle(await claim());
  expect(await waiting()).toBe(0);
  await call.note(used(60));
  const again = await claim();
  expect(again.map((each) => each.id)).toEqual([id]);
  await settle(again);
  expect([await waiting(), await claim()]).toEqual([0, []]);
});

test('a bill that comes while the job is being archived is not missed: what was written may be older', async () => {
  const { queue, id, call, claim, settle, waiting } = await running();
  await queue.cancel(id);
  const first = await claim();
  await call.note(used(60));
  expect(await claim()).toEqual([]); // it is the first one's until that has settled
  await settle(first);
  const second = await claim();
  expect(second.map((each) => each.id)).toEqual([id]);
  await settle(second);
  expect(await waiting()).toBe(0);
});

test('a bill that comes before the job is archived needs nothing more', async () => {
  const { queue, id, call, claim, settle, waiting } = await running();
  await queue.cancel(id);
  await call.note(used(60));
  await settle(await claim());
  expect([await waiting(), await claim()]).toEqual([0, []]);
});

test('a job that was not archived, was erased or has completed is not archived for a late bill', async () => {
  const never = await running();
  await never.redis.del(never.keys.archive.outbox);
  await never.queue.cancel(never.id);
  await never.call.note(used(60));
  expect(await never.waiting()).toBe(0);

  const erased = await running();
  await erased.queue.cancel(erased.id);
  await erased.settle(await erased.claim());
  await erased.queue.erase([erased.id]);
  await erased.call.note(used(60));
  expect([await erased.waiting(), await erased.redis.exists(erased.keys.job(erased.id))]).toEqual([0, 0]);

  const completed = await running();
  await completed.job?.moveToCompleted(undefined, 'token', false);
  await completed.settle(await completed.claim());
  await completed.call.note(used(60));
  expect(await completed.waiting()).toBe(0);
});
