/** The eventReader: it rings for everything from its start on, and nothing stops it for good. */
import type { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/queue/connection.ts';
import { createEventReader, type JobSignal } from '../../src/queue/event-reader.ts';
import { openQueue, submitTo } from '../support/queue.ts';

function listen(keyPrefix: string, redis: Redis, then: (ring: JobSignal) => void = () => {}) {
  const rings: JobSignal[] = [];
  const waiting = new Set<() => void>();
  const eventReader = createEventReader({
    pattern: connect(inject('redisUrl'), 'wait', () => {}, { lazyConnect: true }),
    redis,
    keyPrefix,
    onSignal(ring) {
      rings.push(ring);
      waiting.forEach((look) => look());
      then(ring);
    },
    onError: () => {},
  });
  onTestFinished(() => eventReader.close());
  const until = (fits: (ring: JobSignal) => boolean) =>
    new Promise<JobSignal>((resolve) => {
      const look = () => {
        const found = rings.find(fits);
        if (found) resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { rings, eventReader, until };
}

test('rows and changes ring', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { until } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed'); // said once, when the connection is there
  const { id } = await submitTo(queue);
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
  await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', id, 'data', '{"seq":7,"type":"progress"}');
  expect(await until(({ type }) => type === 'row')).toEqual({ type: 'row', jobId: id, row: { seq: 7, type: 'progress' } });
});

test('a malformed event stops the reader; the next one starts past it and says that something may be missed', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { eventReader, until, rings } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  rings.length = 0;
  await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', 'x', 'data', '{not json');
  await redis.xadd(keys.of('events'), '*', 'event', 'completed', 'jobId', 'x', 'returnvalue', 'nor this');
  const { id } = await submitTo(queue);
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
  expect(rings[0]).toEqual({ type: 'missed' });
  expect(eventReader.restarts()).toBe(2);
});

test('a connection killed before its first event loses none', async () => {
  const { queue, redis, keyPrefix } = await openQueue();
  const { until, rings } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  const mine = await readerOf(redis, keyPrefix);
  rings.length = 0;
  await redis.client('KILL', 'ID', mine);
  const { id } = await submitTo(queue);
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
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
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
});

test('a reader whose connection was away says that something may be missed', async () => {
  const { redis, keyPrefix } = await openQueue();
  const { until, rings } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  rings.length = 0;
  const mine = await readerOf(redis, keyPrefix);
  await redis.client('KILL', 'ID', mine);
  await until(({ type }) => type === 'missed');
});

test('an event that is no row of ours rings as a change, and a listener that throws stops nothing', async () => {
  const { redis, keys, keyPrefix } = await openQueue();
  let thrown = 0;
  const { until, rings } = listen(keyPrefix, redis, (ring) => {
    if (ring.type !== 'changed') return;
    thrown++;
    throw new Error('no');
  });
  await until(({ type }) => type === 'missed');
  for (const data of ['5', '{"seq":1}', '{"seq":"1","type":"item"}', '{"type":"item"}', '{"seq":1,"type":"completed"}']) {
    await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', 'x', 'data', data);
  }
  await expect.poll(() => thrown).toBe(5);
  expect(rings.filter(({ type }) => type === 'row')).toEqual([]);
});

/** The id of the reader's connection, once it reads. */
async function readerOf(redis: Redis, keyPrefix: string): Promise<string> {
  for (;;) {
    const clients = String(await redis.client('LIST')).split('\n');
    const mine = clients.find((line) => line.includes(`name=${keyPrefix}:`) && line.includes('cmd=xread'));
    if (mine !== undefined) return /\bid=(\d+)/.exec(mine)?.[1] ?? '';
  }
}
