/** Retention: whatever ends a job, what has been kept long enough goes; and it goes, too, where nothing ends any more. */
import { expect, onTestFinished, test } from 'vitest';
import { newJobId } from '../../src/job/id.ts';
import { watchDeadlines } from '../../src/jobs/deadlines.ts';
import type { Store } from '../../src/store/store.ts';
import { createForgetEnded } from '../../src/jobs/retention.ts';
import { endUnreadable } from '../../worker/run/unreadable.ts';
import { keysWith } from '../support/keys.ts';
import { openQueue, RETENTION_S, submitTo } from '../support/queue.ts';
import { startStack } from '../support/stack-in-process.ts';

type Opened = Awaited<ReturnType<typeof openQueue>>;
type Set = 'completed' | 'failed';

/** Puts records with journals among the ended jobs, as if they had ended so many s ago. */
async function endedBefore({ redis, keys }: Store, set: Set, agoS: number, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newJobId('generate-flashcards'));
  const at = Date.now() - agoS * 1000;
  const pipeline = redis.pipeline();
  for (const id of ids) {
    pipeline.hset(keys.job(id), { name: 'generate-flashcards', timestamp: at, finishedOn: at, failedReason: 'cancelled' });
    pipeline.rpush(keys.logs(id), '{"type":"progress"}');
    pipeline.zadd(keys.of(set), at, id);
  }
  await pipeline.exec();
  return ids;
}

const sizes = async ({ redis, keys }: Pick<Opened, 'redis' | 'keys'>) => [
  await redis.zcard(keys.of('completed')),
  await redis.zcard(keys.of('failed')),
];

/** The ways in which a job ends without a worker's word. */
const WAYS: Record<string, (opened: Opened) => Promise<void>> = {
  async 'a cancel'({ queue }) {
    await queue.cancel((await submitTo(queue, 'ana')).id);
  },
  async 'an erasure'({ queue }) {
    await queue.erase([(await submitTo(queue, 'ana')).id]);
  },
  async 'a deadline'({ store, queue }) {
    const { id } = await submitTo(queue, 'ana', { cancelAfterMs: 1 });
    const { promise: cancelled, resolve, reject } = Promise.withResolvers<string>();
    onTestFinished(
      await watchDeadlines({ store, cancel: (jobId, which) => queue.cancel(jobId, which), onCancelled: resolve, onError: reject }),
    );
    expect(await cancelled).toBe(id);
  },
  async 'a record that can not be read'({ store, redis, keys, queue }) {
    const { id } = await submitTo(queue, 'ana');
    await redis.zrem(keys.of('prioritized'), id);
    await redis.lpush(keys.of('active'), id);
    await redis.hset(keys.job(id), 'data', 'garbage');
    expect(await endUnreadable({ store, lanes: [], retentionS: RETENTION_S })).toEqual([id]);
  },
};

for (const [way, end] of Object.entries(WAYS)) {
  test(`${way} takes along the ended jobs whose time is over, of both sorts, and no other`, async () => {
    const opened = await openQueue();
    const { store, keyPrefix } = opened;
    const over: string[] = [];
    const kept: string[] = [];
    for (const set of ['completed', 'failed'] as const) {
      over.push(...(await endedBefore(store, set, RETENTION_S + 1, 3)));
      kept.push(...(await endedBefore(store, set, RETENTION_S - 30, 2)));
    }
    await end(opened);
    const all = await keysWith(keyPrefix, 'generate-flashcards-');
    expect(over.filter((id) => all.some((key) => key.includes(id)))).toEqual([]);
    for (const id of kept) expect(all.filter((key) => key.includes(id))).toHaveLength(2); // record and journal
    const [completed, failed = 0] = await sizes(opened);
    expect(completed).toBe(2);
    expect(failed).toBeLessThanOrEqual(3);
  });
}

test('one end removes a bounded number; as many ends, or one round of upkeep, remove the rest', async () => {
  const opened = await openQueue();
  const { store, queue, keyPrefix } = opened;
  await endedBefore(store, 'failed', RETENTION_S + 1, 250);
  await endedBefore(store, 'completed', RETENTION_S + 1, 450);
  const one = await submitTo(queue, 'ana');
  await queue.cancel(one.id);
  expect(await sizes(opened)).toEqual([350, 151]);
  await createForgetEnded(store, RETENTION_S)();
  expect(await sizes(opened)).toEqual([0, 1]);
  const left = await keysWith(keyPrefix, 'generate-flashcards-');
  expect(left.filter((key) => !key.includes(one.id))).toEqual([]);
});

test('entries that are no jobs, and records of another type, go without harm to other keys', async () => {
  const opened = await openQueue();
  const { store, redis, keys, queue } = opened;
  const { id } = await submitTo(queue, 'ana');
  for (const member of ['events', 'meta', 'wait', '', 'prioritized']) await redis.zadd(keys.of('failed'), 1000, member);
  const [odd = ''] = await endedBefore(store, 'completed', RETENTION_S + 1, 1);
  await redis.del(keys.job(odd), keys.logs(odd));
  await redis.rpush(keys.job(odd), 'garbage');
  await redis.set(keys.logs(odd), 'garbage');
  await createForgetEnded(store, RETENTION_S)();
  expect(await sizes(opened)).toEqual([0, 0]);
  expect(await redis.exists(keys.job(odd), keys.logs(odd))).toBe(0);
  expect(await redis.exists(keys.of('events'), keys.of('meta'), keys.of('prioritized'))).toBe(3);
  expect((await queue.read(id))?.snapshot.status).toBe('waiting');
});

test('while the archive is behind, ended jobs are kept a week longer', async () => {
  const opened = await openQueue();
  const { store, redis, keys, queue } = opened;
  const week = 7 * 24 * 3600;
  await endedBefore(store, 'failed', RETENTION_S + week - 60, 2);
  await endedBefore(store, 'failed', RETENTION_S + week + 60, 2);
  await redis.set(keys.archive.behind, '1');
  await queue.cancel((await submitTo(queue, 'ana')).id);
  await createForgetEnded(store, RETENTION_S)();
  expect(await sizes(opened)).toEqual([0, 3]);
  await redis.del(keys.archive.behind);
  await createForgetEnded(store, RETENTION_S)();
  expect(await sizes(opened)).toEqual([0, 1]);
});

test.each(['api', 'worker'] as const)('where no job ends any more, the %s alone forgets what is over', async (part) => {
  const opened = await openQueue();
  const { store, keyPrefix } = opened;
  await endedBefore(store, 'failed', 3600, 120);
  await endedBefore(store, 'completed', 3600, 120);
  const env = { JOB_RETENTION_S: '60', REDIS_KEY_PREFIX: keyPrefix };
  if (part === 'api') await startStack(env);
  else {
    const stack = await startStack(); // of another prefix
    await stack.startWorker(env);
  }
  await expect.poll(() => sizes(opened)).toEqual([0, 0]);
  expect(await keysWith(keyPrefix, 'generate-flashcards-')).toEqual([]);
});
