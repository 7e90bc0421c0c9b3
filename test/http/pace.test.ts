/** The pace of each user: a burst comes at once, what goes on at full speed is served one after the other, and others do not wait for it. */
import { expect, test, vi } from 'vitest';
import { Pace, stepsOf } from '../../src/http/pace.ts';
import type { Tenant } from '../../src/job/tenant.ts';
import { holdTime } from '../support/hold-time.ts';
import { startStack } from '../support/stack-in-process.ts';

const ANA = 'user:ana' as Tenant;
const BOB = 'user:bob' as Tenant;

test("two seconds' worth come at once, further ones wait for their time, and those of others come at once", async () => {
  holdTime();
  const pace = new Pace(1000);
  pace.asks(BOB);
  const waits = Array.from({ length: 2100 }, () => pace.next(ANA));
  expect(waits.map((wait) => wait !== undefined)).toEqual(waits.map((_, n) => n >= 2000));
  expect(pace.next(BOB)).toBeUndefined();
  let served = 0;
  for (const wait of waits) void wait?.then(() => served++);
  await vi.advanceTimersByTimeAsync(40);
  expect(served).toBe(40);
  await vi.advanceTimersByTimeAsync(60);
  expect(served).toBe(100);
});

test('who is alone never waits, and has had its burst when another comes', async () => {
  holdTime();
  const pace = new Pace(1000);
  for (let n = 0; n < 10_000; n++) expect(pace.next(ANA)).toBeUndefined();
  pace.asks(BOB); // a request that is not paced
  expect(pace.next(ANA)).toBeInstanceOf(Promise);
  await vi.advanceTimersByTimeAsync(20_000);
  for (let n = 0; n < 10_000; n++) expect(pace.next(ANA)).toBeUndefined();
});

test('a large body counts for as many requests as it is work, and the largest never waits by itself', () => {
  holdTime();
  expect([undefined, '0', '262144', '262145', '4000000', '15000000', '1e12', 'x'].map(stepsOf)).toEqual([1, 1, 1, 2, 16, 58, 60, 1]);
  const pace = new Pace(100);
  pace.asks(BOB);
  const waits = Array.from({ length: 5 }, () => pace.next(ANA, 60) !== undefined);
  expect(waits).toEqual([false, false, false, true, true]);
});

test('so many of one wait at most; past that they are refused, with when to come back', () => {
  holdTime();
  const pace = new Pace(1);
  pace.asks(BOB);
  for (let n = 0; n < 2; n++) expect(pace.next(ANA)).toBeUndefined();
  for (let n = 0; n < 1000; n++) expect(pace.next(ANA)).toBeInstanceOf(Promise);
  expect(() => pace.next(ANA)).toThrow(expect.objectContaining({ code: 'too_many_open', extras: { retryAfterMs: 1_001_000 } }));
  expect(pace.next(BOB)).toBeUndefined();
});

test('all requests of a user who asks at full speed are answered in the end, as are those of others', async () => {
  const stack = await startStack();
  const ask = async (user: string) => (await fetch(`${stack.url}/api/kinds`, { headers: { 'user-id': user } })).status;
  const statuses = await Promise.all([...Array.from({ length: 230 }, () => ask('ana')), ask('bob')]);
  expect(new Set(statuses)).toEqual(new Set([200]));
});
