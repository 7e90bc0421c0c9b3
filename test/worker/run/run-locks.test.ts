/** The locks of runs: one that has expired is taken back, wherever the job is by then, unless another run has begun it. */
import { QueueEvents } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../../src/job/tenant.ts';
import { createJournals, LockLostError } from '../../../worker/run/journal.ts';
import { QUEUE_NAME } from '../../../src/store/keys.ts';
import { RunLocks } from '../../../worker/run/run-locks.ts';
import { createNoteWrites } from '../../../worker/run/write-watch.ts';
import { openManualWorker, openQueue, submitTo, waiting } from '../../support/queue.ts';

/** A job that runs under the lock `token`, and what happens to it. */
async function running(stalls = 0) {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const { id } = await submitTo(queue, 'ana');
  if (stalls > 0) await redis.hset(keys.job(id), 'stc', stalls);
  const job = await worker.getNextJob('token');
  const locks = new RunLocks(store, store, 60_000);
  locks.hold(id, { lane: undefined, token: 'token', started: job?.attemptsStarted ?? 0, stalls: job?.stalledCounter ?? 0 });
  const expire = () => redis.del(keys.lock(id));
  /** BullMQ's check marks the job as perhaps stalled, and the next check moves it. */
  const stall = async (): Promise<void> => {
    for (let n = 0; n < 2; n++) {
      await redis.del(keys.of('stalled-check'));
      await worker.getBackend().moveStalledJobsToWait();
    }
  };
  const where = async () => ({
    lock: await redis.get(keys.lock(id)),
    active: await redis.lrange(keys.of('active'), 0, -1),
    wait: await redis.lrange(keys.of('wait'), 0, -1),
    stalled: await redis.smembers(keys.of('stalled')),
    stalls: Number(await redis.hget(keys.job(id), 'stc')),
  });
  return { store, queue, redis, keys, keyPrefix, worker, id, job, locks, expire, stall, where };
}

const held = (id: string, stalls = 0) => ({ lock: 'token', active: [id], wait: [], stalled: [], stalls });

test('a lock that has expired is taken back, also after BullMQ has put the job back to the waiting ones; that stall does not count', async () => {
  const { id, locks, expire, stall, where, redis, keys } = await running(1);
  await expire();
  expect(await locks.retake(id, 'token')).toBe(true);
  expect(await where()).toEqual(held(id, 1));
  expect(await redis.pttl(keys.lock(id))).toBeGreaterThan(30_000);

  await expire();
  await stall();
  expect(await where()).toEqual({ lock: null, active: [], wait: [id], stalled: [], stalls: 2 });
  expect(await locks.retakeNow(id, 'token')).toBe(true);
  expect(await where()).toEqual(held(id, 1));
  expect(await locks.retake(id, 'token')).toBe(true); // asked again, nothing changes
  expect(await where()).toEqual(held(id, 1));
});

test('who follows the queue hears that the job is active again', async () => {
  const { id, locks, expire, stall, keyPrefix } = await running();
  const events = new QueueEvents(QUEUE_NAME, { connection: waiting(), prefix: keyPrefix, lastEventId: '$' });
  onTestFinished(() => events.close());
  await events.waitUntilReady();
  const seen: string[] = [];
  events.on('active', ({ jobId }) => seen.push(`active ${jobId}`));
  events.on('waiting', ({ jobId }) => seen.push(`waiting ${jobId}`));
  await expire();
  await expect
    .poll(async () => {
      await stall();
      return seen;
    })
    .toEqual([`waiting ${id}`]);
  await locks.retake(id, 'token');
  await expect.poll(() => seen).toEqual([`waiting ${id}`, `active ${id}`]);
});

test("what is another run's, has ended, is gone or was put off stays as it is", async () => {
  const taken = await running();
  await taken.expire();
  await taken.stall();
  expect((await taken.worker.getNextJob('other'))?.id).toBe(taken.id);
  expect(await taken.locks.retake(taken.id, 'token')).toBe(false);
  await taken.expire(); // that one's lock expires, too
  expect(await taken.locks.retake(taken.id, 'token')).toBe(false);
  expect(await taken.where()).toMatchObject({ lock: null, active: [taken.id] });

  const cancelled = await running();
  await cancelled.queue.cancel(cancelled.id);
  expect(await cancelled.locks.retake(cancelled.id, 'token')).toBe(false);

  const erased = await running();
  await erased.queue.erase([erased.id]);
  expect(await erased.locks.retake(erased.id, 'token')).toBe(false);
  expect(await erased.redis.exists(erased.keys.job(erased.id), erased.keys.lock(erased.id))).toBe(0);

  const delayed = await running();
  await delayed.job?.moveToDelayed(Date.now() + 60_000, 'token');
  expect(await delayed.locks.retake(delayed.id, 'token')).toBe(false);
  expect(await delayed.where()).toMatchObject({ lock: null, active: [] });

  const handedBack = await running();
  await handedBack.job?.moveToWait('token');
  expect(await handedBack.locks.retake(handedBack.id, 'token')).toBe(false);

  const garbage = await running();
  await garbage.expire();
  await garbage.redis.rpush(garbage.keys.lock(garbage.id), 'garbage');
  expect(await garbage.locks.retake(garbage.id, 'token')).toBe(false);
});

test("a run that is over, or was never this process's, gets no lock", async () => {
  const { id, locks, expire, where } = await running();
  await expire();
  expect(await locks.retake(id, 'another')).toBe(false);
  locks.release(id, 'another');
  expect(locks.held.has(id)).toBe(true);
  locks.release(id, 'token');
  expect(await locks.retake(id, 'token')).toBe(false);
  expect((await where()).lock).toBeNull();
});

test("a write that finds the lock expired takes it back first; one whose job is another's rejects", async () => {
  const { store, id, locks, expire, where, redis, keys } = await running();
  const tenant = tenantOf('ana', undefined);
  const journal = createJournals(store, { locks })({ id, tenant, token: 'token' });
  await journal.history(false);
  await expire();
  const row = { type: 'progress', attempt: 1, percent: 1, stage: 'a' } as const;
  expect(await journal.append(row, { percent: 1, stage: 'a', items: 0 })).toBe(1);
  await expire();
  const call = await journal.spending.open({ inputTokens: 1, outputTokens: 0 });
  await call.note({ inputTokens: 1, outputTokens: 1 });
  expect(await where()).toEqual(held(id));
  await redis.set(keys.lock(id), 'other');
  await expect(journal.checkLock()).rejects.toThrow(LockLostError);
  await expect(journal.spending.open({ inputTokens: 1, outputTokens: 0 })).rejects.toThrow(LockLostError);
});

test('after a time in which nobody could write no worker looks for stalled jobs at first; while all write nothing is held back', async () => {
  const { store, redis, keys } = await openQueue();
  const check = keys.of('stalled-check');
  const note = createNoteWrites(store, ['generate-audio'], 30_000);
  await note(); // nobody knows what was before
  expect(await redis.pttl(check)).toBeGreaterThan(0);
  await redis.del(check);
  await note();
  expect(await redis.exists(check)).toBe(0);
  const last = Number(await redis.get(keys.writes));
  for (const [ago, isHeld] of [
    [9000, 0],
    [11_000, 1],
    [-60_000, 1], // Redis' clock was set back
  ] as const) {
    await redis.del(check);
    await redis.set(keys.writes, last - ago);
    await note();
    expect([ago, await redis.exists(check)]).toEqual([ago, isHeld]);
  }
  await redis.set(check, 'a check that was just made', 'PX', 60_000);
  await redis.set(keys.writes, 'garbage');
  await note();
  expect(await redis.pttl(check)).toBeGreaterThan(30_000); // no shorter than it was
  await redis.del(keys.writes);
  await redis.rpush(keys.writes, 'garbage');
  await note();
  await expect(redis.get(keys.writes)).resolves.toMatch(/^\d+$/);
});
