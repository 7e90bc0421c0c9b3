/** The feed of users: one reading serves all who wait for it, and who opens streams again and again reads no more often. */
import { expect, onTestFinished, test } from 'vitest';
import { createShares } from '../../src/http/shares.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { Connections } from '../../src/stream/connections.ts';
import { UserFeed } from '../../src/stream/user-feed.ts';
import { latch } from '../support/openai.ts';
import { openQueue, submitTo } from '../support/queue.ts';
import { rightClock } from '../support/clocks.ts';

/** A user feed over the real queue, with readings that are counted and wait for a word of the test. */
async function setUp() {
  const { queue } = await openQueue();
  const { id } = await submitTo(queue, 'ana');
  const bounds = { each: 1, all: 2 };
  const { reads } = createShares({ bodies: bounds, answers: bounds, streams: bounds, reads: bounds });
  const [readings, errors]: [string[], unknown[]] = [[], []];
  const go = latch();
  onTestFinished(go.open);
  const feed = new UserFeed({
    readJob: (jobId, after) => queue.read(jobId, after),
    jobsOf: async (owner) => {
      readings.push(owner);
      await go.wait;
      return (await queue.jobsOf(owner, { limit: 100 })).jobs;
    },
    turn: (owner, signal) => reads.turn(tenantOf(owner, undefined), signal),
    clock: rightClock,
    connections: new Connections(60_000),
    onError: (error) => errors.push(error),
  });
  const follow = (owner: string) => {
    let text = '';
    const stop = feed.follow(owner, { write: (frames) => void (text += Buffer.from(frames).toString()), close() {} });
    return { stop, text: () => text };
  };
  return { id, feed, follow, readings, errors, reads, go };
}

test('fifty streams that one user opens at once are two readings, and each gets the snapshot', async () => {
  const { id, follow, readings, errors, reads, go } = await setUp();
  const first = follow('ana');
  await expect.poll(() => readings).toEqual(['ana']);
  const others = Array.from({ length: 49 }, () => follow('ana'));
  go.open();
  for (const { text } of [first, ...others]) await expect.poll(text).toContain(id);
  await expect.poll(() => readings.length).toBeGreaterThan(1); // for those that came while the first was being made
  await expect.poll(() => reads.figures()).toEqual({ held: 0, holders: 0, waiting: 0 });
  expect([readings, errors]).toEqual([['ana', 'ana'], []]);
});

test('a user who opens and leaves reads nothing for those that have left, and another user is not behind them', async () => {
  const { follow, readings, errors, reads, go } = await setUp();
  for (let n = 0; n < 100; n++) {
    const { stop } = follow('ana');
    await new Promise(setImmediate);
    stop();
  }
  const stays = follow('ana');
  follow('bob');
  await expect.poll(() => readings.toSorted()).toEqual(['ana', 'bob']);
  expect(reads.figures()).toEqual({ held: 2, holders: 2, waiting: 1 });
  stays.stop();
  go.open();
  await expect.poll(() => reads.figures()).toEqual({ held: 0, holders: 0, waiting: 0 });
  expect([readings.length, errors]).toEqual([2, []]);
});

test('a status is sent while a reading waits for its turn', async () => {
  const { id, feed, follow, readings, reads, go } = await setUp();
  const release = await reads.turn(tenantOf('ana', undefined)); // as another costly read of this user does
  const { text } = follow('ana');
  feed.signal({ type: 'changed', jobId: id, change: 'moved' });
  await expect.poll(text).toContain(id);
  expect(readings).toEqual([]);
  release();
  go.open();
  await expect.poll(() => readings).toEqual(['ana']);
});
