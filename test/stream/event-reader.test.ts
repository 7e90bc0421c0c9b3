/** The eventReader: it signals for everything from its start on, and nothing stops it for good. */
import type { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/store/redis-connection.ts';
import { EventReader, type JobSignal } from '../../src/stream/event-reader.ts';
import { openQueue, submitTo } from '../support/queue.ts';

function listen(keyPrefix: string, redis: Redis, then: (ring: JobSignal) => void = () => {}) {
  const signals: JobSignal[] = [];
  const waiting = new Set<() => void>();
  const eventReader = new EventReader({
    pattern: connect(inject('redisUrl'), 'wait', () => {}, { lazyConnect: true }),
    redis,
    keyPrefix,
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
  expect(await until(({ type }) => type === 'row')).toEqual({ type: 'row', jobId: id, row: ROW });
});

test('a malformed event stops the reader; the next one starts past it and says that something may be missed', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { eventReader, until, signals } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  signals.length = 0;
  await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', 'x', 'data', '{not json');
  await redis.xadd(keys.of('events'), '*', 'event', 'completed', 'jobId', 'x', 'returnvalue', 'nor this');
  const { id } = await submitTo(queue);
  await until((signal) => signal.type === 'changed' && signal.jobId === id);
  expect(signals[0]).toEqual({ type: 'missed' });
  expect(eventReader.restarts()).toBe(2);
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
async function readerOf(redis: Redis, keyPrefix: string): Promise<string> {
  for (;;) {
    const clients = String(await redis.client('LIST')).split('\n');
    const mine = clients.find((line) => line.includes(`name=${keyPrefix}:`) && line.includes('cmd=xread'));
    if (mine !== undefined) return /\bid=(\d+)/.exec(mine)?.[1] ?? '';
  }
}
