/** The lock watch: a run learns that its job was ended or taken elsewhere, whoever did it. */
import { expect, inject, onTestFinished, test } from 'vitest';
import { LockWatch } from '../../../worker/run/lock-watch.ts';
import { RunLocks } from '../../../worker/run/run-locks.ts';
import { connect, readyWithin } from '../../../src/store/redis-connection.ts';
import { openManualWorker, openQueue, submitTo, storeOver } from '../../support/queue.ts';

/** So many running jobs under the watch, and the ids of those that it finds lost. */
async function watched(count: number) {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const own = connect(inject('redisUrl'), 'fail', () => {});
  await readyWithin(own, 5000);
  const locks = new RunLocks(store, storeOver(own, keyPrefix), 60_000);
  for (let n = 0; n < count; n++) {
    await submitTo(queue, 'ana');
    const token = `token ${n}`;
    const job = await worker.getNextJob(token);
    locks.hold(job?.id ?? '', { lane: undefined, token, started: job?.attemptsStarted ?? 0, stalls: 0 });
  }
  const lost: string[] = [];
  const errors: unknown[] = [];
  const onLost = (id: string) => {
    lost.push(id);
    locks.release(id, locks.held.get(id)?.token ?? ''); // its run stops
  };
  const watch = new LockWatch({ store: storeOver(own, keyPrefix), locks, onLost, onError: (error) => errors.push(error) });
  onTestFinished(() => {
    watch.close();
    own.disconnect();
  });
  return { queue, redis, keys, locks, own, lost, errors, watch, ids: [...locks.held.keys()] };
}

test('a job that was cancelled, that another run has taken or whose lock is garbage is found; those that run well are not', async () => {
  const { queue, redis, keys, lost, ids, locks, errors } = await watched(5);
  const [cancelled = '', taken = '', garbage = '', ...well] = ids;
  await redis.set(keys.lock(taken), 'another');
  await redis.del(keys.lock(garbage));
  await redis.rpush(keys.lock(garbage), 'garbage');
  await queue.cancel(cancelled);
  await expect.poll(() => lost.toSorted()).toEqual([cancelled, taken, garbage].toSorted());
  expect([...locks.held.keys()]).toEqual(well);
  expect(errors).toEqual([]);
});

test('it says so while it can not look, and finds afterwards what happened meanwhile', async () => {
  const { queue, own, lost, ids, errors, watch } = await watched(1);
  expect(watch.watching()).toBe(true);
  own.disconnect();
  await expect.poll(() => watch.watching()).toBe(false);
  expect(errors).not.toEqual([]);
  await queue.cancel(ids[0] ?? '');
  await own.connect();
  await expect.poll(() => lost).toEqual(ids);
  expect(watch.watching()).toBe(true);
});
