/** Deadlines: what is due is cancelled, whatever else is among them. */
import { expect, onTestFinished, test } from 'vitest';
import { newJobId } from '../../src/job/id.ts';
import { createForgetDeadlines, watchDeadlines } from '../../src/jobs/deadlines.ts';
import { openManualWorker, openQueue, submitTo } from '../support/queue.ts';

/** Watches a queue's deadlines; resolves with the first job that it cancels. */
async function firstCancelled({ store, queue }: Awaited<ReturnType<typeof openQueue>>): Promise<{ id: string; errors: unknown[] }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const errors: unknown[] = [];
  const stop = await watchDeadlines({
    store,
    cancel: (id, which) => queue.cancel(id, which),
    onCancelled: resolve,
    onError: (error) => errors.push(error),
  });
  onTestFinished(stop);
  return { id: await promise, errors };
}

test('entries that name no job, another key or no time keep nobody waiting', async () => {
  const opened = await openQueue();
  const { redis, queue, keys } = opened;
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on('warning', onWarning);
  onTestFinished(() => void process.off('warning', onWarning));
  const never = await submitTo(queue, 'ana');
  const { id } = await submitTo(queue, 'ana', { cancelAfterMs: 100 });
  await redis.rpush(keys.of('wait'), 'somebody');
  const garbage = ['wait', 'meta', 'events', '', '\u0000', newJobId('generate-flashcards')];
  for (const [n, member] of garbage.entries()) await redis.zadd(keys.deadlines, n === 0 ? '-inf' : n, member);
  for (let n = 0; n < 150; n++) await redis.zadd(keys.deadlines, n, `nobody ${n}`);
  await redis.zadd(keys.deadlines, '+inf', never.id);
  const record = newJobId('generate-flashcards');
  await redis.zadd(keys.deadlines, 50, record);
  await redis.set(keys.job(record), 'garbage');

  expect(await firstCancelled(opened)).toEqual({ id, errors: [] });
  expect(await redis.zrange(keys.deadlines, '0', '-1')).toEqual([never.id]);
  expect((await queue.read(never.id))?.snapshot).toMatchObject({ status: 'waiting', cancelAt: undefined });
  expect(warnings).toEqual([]);
});

test('deadlines that became something else are begun anew', async () => {
  const opened = await openQueue();
  const { redis, queue, keys } = opened;
  await redis.set(keys.deadlines, 'garbage');
  const { id } = await submitTo(queue, 'ana', { cancelAfterMs: 100 });
  expect(await firstCancelled(opened)).toEqual({ id, errors: [] });
});

test('the deadline of a job goes with its end, however it ended', async () => {
  const { queue, redis, keys } = await openQueue();
  const cancelled = await submitTo(queue, 'ana', { cancelAfterMs: 60_000 });
  await queue.cancel(cancelled.id);
  expect(await redis.zcard(keys.deadlines)).toBe(0);
});

test('jobs that ended by themselves are forgotten together; one that goes on keeps its deadline', async () => {
  const { store, queue, redis, keys, keyPrefix } = await openQueue();
  const worker = await openManualWorker(keyPrefix);
  const forget = createForgetDeadlines(store);
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    ids.push((await submitTo(queue, 'ana', { cancelAfterMs: 60_000 })).id);
    const job = await worker.getNextJob('token');
    if (n < 2) await job?.moveToCompleted(undefined, 'token', false);
  }
  for (const id of [...ids, 'nobody']) forget(id);
  await expect.poll(() => redis.zrange(keys.deadlines, '0', '-1')).toEqual([ids[2]]);
});
