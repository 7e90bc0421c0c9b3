/** The pace of each user: a burst comes at once, what goes on at full speed is served one after the other, and others do not wait for it. */
import { expect, test } from 'vitest';
import { createPace } from '../../src/http/pace.ts';
import type { Tenant } from '../../src/job/tenant.ts';
import { startStack } from '../support/stack-in-process.ts';

const ANA = 'user:ana' as Tenant;
const BOB = 'user:bob' as Tenant;

test("two seconds' worth come at once, further ones wait for their time, and those of others come at once", async () => {
  const pace = createPace(1000);
  const waits = Array.from({ length: 2100 }, () => pace(ANA));
  expect(waits.slice(0, 2000).filter((wait) => wait !== undefined)).toEqual([]);
  expect(pace(BOB)).toBeUndefined();
  const late = waits.filter((wait) => wait !== undefined); // as many as were not due by then: a slow machine has fewer
  expect(late.length).toBeGreaterThan(0);
  await Promise.all(late);
});

test('so many of one wait at most; past that they are refused, with when to come back', () => {
  const pace = createPace(1);
  for (let n = 0; n < 2; n++) expect(pace(ANA)).toBeUndefined();
  let refused: unknown;
  try {
    for (let n = 0; n < 1100; n++) void pace(ANA);
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({ code: 'too_many_open' });
  expect(pace(BOB)).toBeUndefined();
});

test('all requests of a user who asks at full speed are answered in the end, as are those of others', async () => {
  const stack = await startStack();
  const ask = async (user: string) => (await fetch(`${stack.url}/api/kinds`, { headers: { 'user-id': user } })).status;
  const statuses = await Promise.all([...Array.from({ length: 230 }, () => ask('ana')), ask('bob')]);
  expect(new Set(statuses)).toEqual(new Set([200]));
});
