/** The one clock: a process whose own is wrong tells Redis' time all the same, says that it is off, and BullMQ works by it. */
import { type Job, Queue, Worker } from 'bullmq';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RedisClock } from '../../src/store/clock.ts';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { backendFactory, momentIn, RedisTimeBackend } from '../../src/store/redis-time-backend.ts';
import { RedisTimeWorker } from '../../src/store/redis-time-worker.ts';
import { timeOf, rightClock } from '../support/clocks.ts';
import { holdDate } from '../support/hold-time.ts';
import type { RedisClient } from '../../src/store/redis-client.ts';
import { openQueue, storeOver, submitTo, waiting } from '../support/queue.ts';

const MINUTE = 60_000;

/** This process' own clock shows another time from now on, and stands still there. Monotonic time and timers go on. Returns what it shows. */
const setOwnClock = (aheadMs: number): number => holdDate(Math.round(performance.timeOrigin + performance.now() + aheadMs));

/** A clock over a connection, and what it has logged. */
async function openClock() {
  const { redis, ...opened } = await openQueue();
  const lines: { aheadMs?: number }[] = [];
  const log = { warn: (about: object) => void lines.push(about), info: (about: unknown) => void lines.push({ about } as object) };
  const clock = new RedisClock(redis, log, 'any');
  onTestFinished(() => clock.close());
  return { redis, ...opened, clock, lines };
}

async function expectRight({ redis, clock }: { redis: RedisClient; clock: RedisClock }): Promise<void> {
  const before = await timeOf(redis);
  const now = clock.now();
  expect(now).toBeGreaterThanOrEqual(before - 1000);
  expect(now).toBeLessThanOrEqual((await timeOf(redis)) + 1000);
}

test.each([MINUTE, -MINUTE])('a process whose clock is %i ms ahead tells the time of Redis, and that it is off', async (aheadMs) => {
  setOwnClock(aheadMs);
  const { redis, clock, lines } = await openClock();
  await clock.measure();
  await expectRight({ redis, clock });
  expect(Math.abs((clock.aheadMs() ?? 0) - aheadMs)).toBeLessThan(10_000);
  expect(clock.warnings()).toHaveLength(1);
  expect(lines).toEqual([{ aheadMs: clock.aheadMs() }]);
  await clock.measure();
  expect(lines).toHaveLength(1);
});

test('a clock that is right says nothing, and one that is mended says so once', async () => {
  const { clock, lines } = await openClock();
  await clock.measure();
  expect([clock.aheadMs(), clock.warnings(), lines]).toEqual([undefined, [], []]);
  setOwnClock(MINUTE);
  await clock.measure();
  vi.useRealTimers();
  await clock.measure();
  expect([clock.aheadMs(), clock.warnings(), lines.length]).toEqual([undefined, [], 2]);
});

test('a clock that is set while the process runs changes nothing, and is noticed by the next who asks for the time', async () => {
  const { redis, clock, lines } = await openClock();
  await clock.measure();
  setOwnClock(MINUTE);
  await expectRight({ redis, clock });
  await expect.poll(() => lines.length, { interval: 5 }).toBe(1);
  await expectRight({ redis, clock });
});

test('until Redis was asked for the first time, it is the own clock', async () => {
  const redis = waiting();
  const clock = new RedisClock(redis, { warn() {}, info() {} }, 'any');
  onTestFinished(() => clock.close());
  const shown = setOwnClock(MINUTE);
  expect(clock.now()).toBe(shown);
  await clock.measured; // once the connection is there
  await expectRight({ redis: waiting(), clock });
});

/** A worker that the test works with by hand, in a process whose clock is so much ahead of the clock that all share. Both stand still. */
async function openWorker(aheadMs: number) {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const connection = waiting();
  const own = setOwnClock(0);
  const shared = { ...rightClock, now: () => own - aheadMs };
  const factory = backendFactory(storeOver(connection, keyPrefix), (...parts) => new RedisTimeBackend(shared, ...parts));
  const worker = new Worker(QUEUE_NAME, null, { connection, prefix: keyPrefix, lockDuration: MINUTE }, factory);
  onTestFinished(() => worker.close(true));
  await worker.waitUntilReady();
  const scoreOf = async (id: string) => Math.floor(Number(await redis.zscore(keys.of('delayed'), id)) / 0x1000);
  return { queue, redis, keys, keyPrefix, worker, backend: worker.getBackend(), own, shared, scoreOf };
}

for (const aheadMs of [MINUTE, -MINUTE]) {
  test(`BullMQ's own steps go by the shared clock in a process that is ${aheadMs} ms ahead`, async () => {
    const { queue, redis, keys, worker, backend, own, shared, scoreOf } = await openWorker(aheadMs);
    const expectNow = async <T>(work: () => Promise<T>, momentOf: (result: T) => Promise<number> | number): Promise<T> => {
      const result = await work();
      expect(await momentOf(result)).toBe(shared.now());
      return result;
    };
    const field = async (id: string, name: string) => Number(await redis.hget(keys.job(id), name));
    const { id } = await submitTo(queue, 'ana');
    const take = () => worker.getNextJob('token', { block: false });
    const job = await expectNow(take, () => field(id, 'processedOn'));

    // a delay, and no start before it is over
    await expectNow(
      async () => job?.moveToDelayed(momentIn(30_000), 'token'),
      async () => (await scoreOf(id)) - 30_000,
    );
    const [nothing, , , delayedUntil] = (await backend.moveToActive('token')) as [unknown, unknown, unknown, number];
    expect(nothing).toBeNull();
    expect(delayedUntil).toBe(own + 30_000); // as this process would wait
    await redis.zadd(keys.of('delayed'), (shared.now() - 1) * 0x1000, id);
    const again = await expectNow(take, () => field(id, 'processedOn'));
    expect(again?.id).toBe(id);

    // a failed attempt's pause, and an end
    await expectNow(
      async () => {
        if (again) again.opts.backoff = { type: 'fixed', delay: 20_000 };
        await again?.moveToFailed(new Error('provider_timeout: too slow'), 'token', false);
      },
      async () => (await scoreOf(id)) - 20_000,
    );
    await redis.zadd(keys.of('delayed'), (shared.now() - 1) * 0x1000, id);
    const last = await take();
    await expectNow(
      async () => last?.moveToCompleted(undefined, 'token', false),
      () => field(id, 'finishedOn'),
    );
    expect(last?.finishedOn).toBe(await field(id, 'finishedOn'));
  });
}

test('a worker that is woken for a delayed job waits as long as the shared clock says', async () => {
  const { keyPrefix, backend, own, shared } = await openWorker(MINUTE);
  const bull = new Queue(QUEUE_NAME, { connection: waiting(), prefix: keyPrefix });
  onTestFinished(() => bull.close());
  await bull.add('generate-flashcards', {}, { delay: 30_000, timestamp: shared.now() });
  const { score = 0 } = (await backend.waitForJob(5)) ?? {};
  expect(score).toBe(own + 30_000);
});

test.each([
  ['is behind', () => setOwnClock(-MINUTE), () => {}],
  ['is set back while a job runs', () => {}, () => setOwnClock(-MINUTE)],
])('a worker whose clock %s renews the lock of what it runs', async (_, before, during) => {
  const { queue, redis, keys, keyPrefix, clock } = await openClock();
  before();
  await clock.measure();
  const connection = waiting();
  const makeBackend = backendFactory(storeOver(connection, keyPrefix), (...parts) => new RedisTimeBackend(clock, ...parts));
  const [begun, over] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const run = async (job: Job): Promise<void> => {
    begun.resolve(job.id ?? '');
    await over.promise;
  };
  const worker = new RedisTimeWorker(QUEUE_NAME, run, { connection, prefix: keyPrefix, lockDuration: 1000 }, makeBackend);
  onTestFinished(() => worker.close(true));
  const { id } = await submitTo(queue, 'ana');
  expect(await begun.promise).toBe(id);
  during();
  for (let renewals = 0; renewals < 4; renewals++) await new Promise((resolve) => worker.once('locksRenewed', resolve)); // as long as the lock holds
  expect(await redis.exists(keys.lock(id))).toBe(1);
  const completed = new Promise((resolve) => worker.once('completed', resolve));
  over.resolve();
  await completed;
});
