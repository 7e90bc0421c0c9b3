/** The doorbell: it rings for everything from its start on, and nothing stops it for good. */
import type { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/queue/connection.ts';
import { createDoorbell, type Ring } from '../../src/queue/doorbell.ts';
import { openQueue } from '../support/queue.ts';

const PAYLOAD = { requestId: 'r', input: {} };

function listen(keyPrefix: string, redis: Redis) {
  const rings: Ring[] = [];
  const waiting = new Set<() => void>();
  const doorbell = createDoorbell({
    pattern: connect(inject('redisUrl'), 'patient', () => {}, { lazyConnect: true }),
    redis,
    keyPrefix,
    onRing(ring) {
      rings.push(ring);
      waiting.forEach((look) => look());
    },
    onError: () => {},
  });
  onTestFinished(() => doorbell.close());
  const until = (fits: (ring: Ring) => boolean) =>
    new Promise<Ring>((resolve) => {
      const look = () => {
        const found = rings.find(fits);
        if (found) resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { rings, doorbell, until };
}

test('rows and changes ring', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { until } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed'); // said once, when the connection is there
  const { id } = await queue.submit('generate-flashcards', PAYLOAD);
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
  await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', id, 'data', '{"seq":7,"type":"progress"}');
  expect(await until(({ type }) => type === 'row')).toEqual({ type: 'row', jobId: id, row: { seq: 7, type: 'progress' } });
});

test('a malformed event stops the reader; the next one starts past it and says that something may be missed', async () => {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const { doorbell, until, rings } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  rings.length = 0;
  await redis.xadd(keys.of('events'), '*', 'event', 'progress', 'jobId', 'x', 'data', '{not json');
  await redis.xadd(keys.of('events'), '*', 'event', 'completed', 'jobId', 'x', 'returnvalue', 'nor this');
  const { id } = await queue.submit('generate-flashcards', PAYLOAD);
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
  expect(rings[0]).toEqual({ type: 'missed' });
  expect(doorbell.restarts()).toBe(2);
});

test('a connection killed before its first event loses none', async () => {
  const { queue, redis, keyPrefix } = await openQueue();
  const { until, rings } = listen(keyPrefix, redis);
  await until(({ type }) => type === 'missed');
  let mine: string | undefined;
  while (mine === undefined) {
    const clients = String(await redis.client('LIST')).split('\n');
    mine = clients.find((line) => line.includes(`name=${keyPrefix}:`) && line.includes('cmd=xread'));
  }
  rings.length = 0;
  await redis.client('KILL', 'ID', /\bid=(\d+)/.exec(mine)?.[1] ?? '');
  const { id } = await queue.submit('generate-flashcards', PAYLOAD);
  await until((ring) => ring.type === 'changed' && ring.jobId === id);
});
