/** The rate of a lane: jobs are counted in windows that all workers share. */
import { expect, test } from 'vitest';
import { LaneRate } from '../../../worker/run/lane-rate.ts';
import { openQueue } from '../../support/queue.ts';

const LANE = 'generate-audio';
const RATE = { max: 2, duration: 60_000 };

/** Two workers' rates, and their counter. */
async function open() {
  const { store, redis, keys } = await openQueue();
  const key = keys.laneLimiter(LANE);
  return { redis, key, one: new LaneRate(store, LANE, RATE), other: new LaneRate(store, LANE, RATE), store };
}

test('so many jobs begin in a window, over all workers; then it says how long to wait', async () => {
  const { redis, key, one, other } = await open();
  expect([await one.take(), await other.take()]).toEqual([0, 0]);
  for (const rate of [one, other]) expect(await rate.take()).toBeGreaterThan(0);
  expect(await redis.get(key)).toBe('2');
  await redis.pexpire(key, 0);
  expect(await other.take()).toBe(0);
});

test('what was counted for no job is given back, but not in a window that came after', async () => {
  const { redis, key, one, other } = await open();
  await one.take();
  await other.take();
  await one.giveBack();
  expect(await redis.get(key)).toBe('1');
  expect(await one.take()).toBe(0);
  await redis.del(key);
  await one.giveBack();
  expect(await redis.exists(key)).toBe(0);
});

test('a counter that is none, or that would never end, is begun anew', async () => {
  const { redis, key, one } = await open();
  await redis.rpush(key, 'garbage');
  expect(await one.take()).toBe(0);
  await redis.set(key, '2');
  expect(await one.take()).toBe(0);
  await redis.set(key, 'garbage', 'PX', 60_000);
  expect(await one.take()).toBeGreaterThan(0);
  await one.giveBack();
  expect(await redis.get(key)).toBe('garbage');
});
