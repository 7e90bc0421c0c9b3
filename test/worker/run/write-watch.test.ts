/** A Redis that takes no writes, for longer than locks hold: the same run goes on afterwards, and nothing is paid twice for it. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { keysUnder } from '../../../src/store/keys.ts';
import { connect } from '../../../src/store/redis-connection.ts';
import { card, latch, pieces, startOpenAI } from '../../support/openai.ts';
import { type OwnRedis, ownRedis } from '../../support/redis.ts';
import { isEnd, lasting } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { pass } from '../../support/waits.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** Locks that hold so long; BullMQ looks for stalled jobs five times in it. */
const LOCK_MS = 1000;
const ENV = { WORKER_LOCK_DURATION_MS: String(LOCK_MS), WORKER_STALLED_INTERVAL_MS: '400', JOB_ATTEMPTS: '1' };

/** Ways in which Redis takes no writes, and takes them again. */
const WAYS: Record<string, { begin(redis: OwnRedis): unknown; end(redis: OwnRedis): unknown }> = {
  'is full': {
    begin: (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
    end: (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
  },
  'has too few replicas': {
    begin: (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
};

/** A job of which the model writes a card whenever it is told to. */
async function started(workers: number, env: Record<string, string> = {}) {
  const redis = await ownRedis();
  const next = Array.from({ length: 5 }, () => latch());
  const { open, cards } = pieces([1, 2, 3, 4, 5].map(card));
  const openai = await startOpenAI(async (pen) => {
    pen.text(open);
    for (const [n, text] of cards.entries()) {
      await next[n]?.wait;
      pen.text(text);
    }
    pen.text(']}');
    pen.finish('stop', { prompt_tokens: 1, completion_tokens: 1 });
  });
  const stack = await startStack({ ...openai.env, ...ENV, REDIS_URL: redis.url, ...env });
  const running = await Promise.all(Array.from({ length: workers }, () => stack.startWorker()));
  const job = await stack.submit({ content: 'Notes.', count: 5 });
  const stream = await stack.watch(job);
  const reader = connect(redis.url, 'wait', () => {});
  const keys = keysUnder(stack.prefix);
  const id = String(job['jobId']);
  const itemIs = (index: number) => stream.until(({ event, data }) => event === 'item' && data['index'] === index);
  return { redis, openai, stack, running, stream, next, itemIs, reader, keys, id };
}

/** Waits until the lock has been gone for its own time again. */
async function expectLockGone({ reader, keys, id }: Pick<Awaited<ReturnType<typeof started>>, 'reader' | 'keys' | 'id'>): Promise<void> {
  await expect.poll(() => reader.exists(keys.lock(id))).toBe(0);
  await pass(LOCK_MS);
}

test.runIf(hasRedis).each(Object.keys(WAYS).flatMap((way) => [1, 2].map((workers) => [way, workers] as const)))(
  'Redis %s, three times for twice the time of a lock: the run goes on in one of %i workers, by one call and in its first attempt',
  async (way, workers) => {
    const setup = await started(workers);
    const { redis, openai, running, stream, next, itemIs, reader, keys, id } = setup;
    next[0]?.open();
    await itemIs(0);
    for (const round of [1, 2, 3]) {
      await WAYS[way]?.begin(redis);
      next[round]?.open(); // what comes meanwhile waits for Redis
      await expectLockGone(setup);
      await WAYS[way]?.end(redis);
      await itemIs(round);
    }
    next[4]?.open();
    const { event, data } = await stream.until(isEnd);
    expect([event, data['result']?.flashcards]).toEqual(['completed', [1, 2, 3, 4, 5].map(card)]);
    expect(lasting(stream.events).filter((each) => each.event === 'attempt')).toEqual([]);
    expect(openai.calls).toHaveLength(1);
    expect(await reader.hmget(keys.job(id), 'ats')).toEqual(['1']);
    expect(Number(await reader.hget(keys.job(id), 'stc'))).toBe(0);
    for (const { url } of running) expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ failed: 0, retried: 0, putOff: 0 });
    reader.disconnect();
  },
);

test.runIf(hasRedis)(
  'a run that has its answer keeps it while Redis takes no writes: it completes afterwards, though its lock is gone',
  async () => {
    const setup = await started(2);
    const { redis, openai, stream, next, itemIs, reader } = setup;
    for (const n of [0, 1, 2, 3]) next[n]?.open();
    await itemIs(3);
    await WAYS['is full']?.begin(redis);
    next[4]?.open();
    await openai.calls[0]?.over;
    await expectLockGone(setup);
    await WAYS['is full']?.end(redis);
    expect((await stream.until(isEnd)).event).toBe('completed');
    expect(openai.calls).toHaveLength(1);
    reader.disconnect();
  },
);

test.runIf(hasRedis)("an attempt's time does not run while Redis takes no writes", async () => {
  const setup = await started(1, { JOB_TIMEOUT_MS: '1500' });
  const { redis, openai, stream, next, itemIs, reader } = setup;
  next[0]?.open();
  await itemIs(0);
  await WAYS['is full']?.begin(redis);
  await expectLockGone(setup);
  await WAYS['is full']?.end(redis);
  for (const n of [1, 2, 3, 4]) next[n]?.open();
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(openai.calls).toHaveLength(1);
  reader.disconnect();
});

test.runIf(hasRedis)("a job that another worker has begun meanwhile is that one's: the old run stops", async () => {
  const setup = await started(1);
  const { redis, openai, next, itemIs, reader, keys, id, running } = setup;
  next[0]?.open();
  await itemIs(0);
  await WAYS['is full']?.begin(redis);
  await expectLockGone(setup);
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  // As another worker takes it up.
  await reader.multi().set(keys.lock(id), 'another', 'PX', 60_000).hincrby(keys.job(id), 'ats', 1).exec();
  await openai.calls[0]?.dropped;
  expect(await reader.get(keys.lock(id))).toBe('another');
  await expect
    .poll(() => running[0]?.log().map(({ msg }) => msg))
    .toContain("the job is not this run's any more: it was cancelled, or another worker has it");
  reader.disconnect();
});
