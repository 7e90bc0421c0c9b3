/** The eventReader: it signals for everything from its start on, and nothing stops it for good. */
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/store/redis-connection.ts';
import { EventReader, type JobSignal } from '../../src/stream/event-reader.ts';
import type { Interest } from '../../src/stream/wanted-events.ts';
import { openQueue, submitTo } from '../support/queue.ts';
import type { RedisClient } from '../../src/store/redis-client.ts';

const EVERYTHING: Interest = { when: () => 'now', has: () => true };

function listen(keyPrefix: string, redis: RedisClient, then: (ring: JobSignal) => void = () => {}, interest = EVERYTHING) {
  const signals: JobSignal[] = [];
  const waiting = new Set<() => void>();
  const eventReader = new EventReader({
    pattern: connect(inject('redisUrl'), 'wait', () => {}, { lazyConnect: true }),
    redis,
    keyPrefix,
    interest,
    onSignal(signal) {
      signals.push(signal);
      waiting.forEach((look) => look());
      then(signal);
    },
    onError: () => {},
  });
  onTestFinished(() => eventReader.close());
  const until = (fits: (ring: JobSignal) => boolean) =>
    new Promise<JobSignal>((resolve) => {
      const look = () => {
        const found = signals.find(fits);
        if (found) resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { signals, eventReader, until };
}

const ROW = { seq: 7, type: 'progress', attempt: 1, percent: 1, stage: 'a' };

test('rows and changes are signalled', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { until } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed'); // said once, when the connection is there
  const { id } = await submitTo(queue);
  await until((signal) => signal.type === 'changed' && signal.jobId === id);
  await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', id, 'data', JSON.stringify(ROW));
  expect(await until(({ type }) => type === 'row')).toEqual({ type: 'row', jobId: id, row: ROW, writtenAt: expect.any(Number) });
});

test('a malformed event stops the reader; the next one starts past it and says that something may be missed', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { eventReader, until, signals } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  for (const malformed of [
    ['event', 'progress', 'jobId', 'x', 'data', '{not json'],
    ['event', 'completed', 'jobId', 'x', 'returnvalue', 'nor this'],
  ]) {
    signals.length = 0;
    await redis.xadd(keys.of('events'), '*', ...malformed);
    await until(({ type }) => type === 'missed');
    const { id } = await submitTo(queue);
    await until((signal) => signal.type === 'changed' && signal.jobId === id);
  }
  expect(eventReader.restarts()).toBe(2);
});

test('events that nobody wants are not signalled, and malformed ones of them stop nothing', async () => {
  const { redis, keys, keyPrefix } = await openQueue();
  const interest: Interest = { when: () => 'now', has: (jobId, topic) => jobId === 'mine' && topic !== 'added' };
  const { eventReader, until, signals } = listen(keyPrefix, redis, () => {}, interest);
  await until(({ type }) => type === 'missed');
  signals.length = 0;
  const add = (...fields: string[]) => redis.xadd(keys.of('events'), '*', ...fields);
  await add('event', 'progress', 'jobId', 'x', 'data', '{not json');
  await add('event', 'waiting', 'jobId', 'mine');
  await add('event', 'added', 'jobId', 'mine', 'name', 'x');
  await add('event', 'drained');
  await add('event', 'waiting', 'jobId', 'mine', 'prev', 'active');
  await add('event', 'progress', 'jobId', 'mine', 'data', JSON.stringify(ROW));
  await add('event', 'completed', 'jobId', 'mine', 'returnvalue', 'null');
  await until((signal) => signal.type === 'changed' && signal.change === 'ended');
  expect(signals).toEqual([
    { type: 'changed', jobId: 'mine', change: 'moved' },
    { type: 'row', jobId: 'mine', row: ROW, writtenAt: expect.any(Number) },
    { type: 'changed', jobId: 'mine', change: 'ended' },
  ]);
  expect(eventReader.restarts()).toBe(0);
});

/** An interest that the test switches on, and how a reader with it is told. */
function switched() {
  let isWanted = false;
  const interest: Interest = { when: () => (isWanted ? 'now' : 'never'), has: () => isWanted };
  return {
    interest,
    set(wanted: boolean, reader: EventReader) {
      isWanted = wanted;
      if (wanted) reader.wake();
    },
  };
}

/** Waits until a reader rests: only then is it not expected to read. */
async function rest(eventReader: EventReader): Promise<void> {
  await expect.poll(() => eventReader.ageMs(), { interval: 5 }).toBe(0);
}

test('a reader rests while nobody wants events, and goes on with what happens after it is woken', async () => {
  const { redis, keys, keyPrefix } = await openQueue();
  const { interest, set } = switched();
  const { eventReader, until, signals } = listen(keyPrefix, redis, () => {}, interest);
  await until(({ type }) => type === 'missed');
  signals.length = 0;
  for (let round = 1; round <= 3; round++) {
    await rest(eventReader);
    await redis.xadd(keys.of('events'), '*', 'event', 'active', 'jobId', `slept through ${round}`);
    set(true, eventReader);
    await redis.xadd(keys.of('events'), '*', 'event', 'active', 'jobId', `seen ${round}`);
    await until((signal) => signal.type === 'changed' && signal.jobId === `seen ${round}`);
    set(false, eventReader);
    await redis.xadd(keys.of('events'), '*', 'event', 'active', 'jobId', `goes to sleep ${round}`);
    expect(eventReader.listening()).toBe(true);
  }
  expect(signals).toEqual([1, 2, 3].map((round) => ({ type: 'changed', jobId: `seen ${round}`, change: 'moved' })));
});

test('a reader that can not read the end of the stream when it is woken says later that something may be missed', async () => {
  const { redis, keys, keyPrefix } = await openQueue();
  const { interest, set } = switched();
  const { eventReader, until, signals } = listen(keyPrefix, redis, () => {}, interest);
  await until(({ type }) => type === 'missed');
  signals.length = 0;
  await rest(eventReader);
  await redis.set(keys.of('events'), 'not a stream');
  set(true, eventReader);
  await expect.poll(() => eventReader.restarts()).toBeGreaterThan(0);
  await redis.del(keys.of('events'));
  await until(({ type }) => type === 'missed');
  await redis.xadd(keys.of('events'), '*', 'event', 'active', 'jobId', 'x');
  await until((signal) => signal.type === 'changed');
});

test('a connection killed before its first event loses none', async () => {
  const { queue, redis, keyPrefix } = await openQueue();
  const { until, signals } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  const mine = await readerOf(redis, keyPrefix);
  signals.length = 0;
  await redis.client('KILL', 'ID', mine);
  const { id } = await submitTo(queue);
  await until((signal) => signal.type === 'changed' && signal.jobId === id);
});

test('a stream that can not be read at first is read once it can', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { id } = await submitTo(queue);
  await redis.set(keys.of('events'), 'not a stream');
  const { until, eventReader } = listen(keyPrefix, redis);
  await expect.poll(() => eventReader.restarts()).toBeGreaterThan(0);
  expect(eventReader.listening()).toBe(false);
  await redis.del(keys.of('events'));
  await until(({ type }) => type === 'missed');
  await redis.xadd(keys.of('events'), '*', 'event', 'waiting', 'jobId', id);
  await until((signal) => signal.type === 'changed' && signal.jobId === id);
});

test('a reader whose connection was away says that something may be missed', async () => {
  const { redis, keyPrefix } = await openQueue();
  const { until, signals } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  signals.length = 0;
  const mine = await readerOf(redis, keyPrefix);
  await redis.client('KILL', 'ID', mine);
  await until(({ type }) => type === 'missed');
});

test('an event that is no row of ours signals as a change, and a listener that throws stops nothing', async () => {
  const { redis, keys, keyPrefix } = await openQueue();
  let thrown = 0;
  const { until, signals } = listen(keyPrefix, redis, (signal) => {
    if (signal.type !== 'changed') return;
    thrown++;
    throw new Error('no');
  });
  await until(({ type }) => type === 'missed');
  for (const data of ['5', '{"seq":1}', '{"seq":"1","type":"item"}', '{"type":"item"}', '{"seq":1,"type":"completed"}']) {
    await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', 'x', 'data', data);
  }
  await expect.poll(() => thrown).toBe(5);
  expect(signals.filter(({ type }) => type === 'row')).toEqual([]);
});

/** The id of the reader's connection, once it reads. */
async function readerOf(redis: RedisClient, keyPrefix: string): Promise<string> {
  for (;;) {
    const clients = String(await redis.client('LIST')).split('\n');
    const mine = clients.find((line) => line.includes(`name=${keyPrefix}:`) && line.includes('cmd=xread'));
    if (mine !== undefined) return /\bid=(\d+)/.exec(mine)?.[1] ?? '';
  }
}
