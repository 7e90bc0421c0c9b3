/** Refusals of who goes on asking rest, and those of others do not. */
import { expect, test } from 'vitest';
import { RefusalRests } from '../../src/http/pace.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { startStack } from '../support/stack-in-process.ts';

const [ANA, BOB] = [tenantOf('ana', undefined), tenantOf('bob', undefined)];

test('the first twenty refusals in a second come at once, further ones rest, and those of others come at once', async () => {
  const refusals = new RefusalRests();
  const rests = Array.from({ length: 30 }, () => refusals.next(ANA));
  expect(rests.map((rest) => rest !== undefined)).toEqual(rests.map((_, n) => n >= 20));
  expect(refusals.next(BOB)).toBeUndefined();
  await Promise.all(rests.slice(20).map((rest) => rest ?? Promise.reject(new Error('no rest')))); // each ends
});

test('so many rest at the same time at most, that they take no memory to speak of', async () => {
  const refusals = new RefusalRests();
  const rests = Array.from({ length: 10_000 }, () => refusals.next(ANA)).filter((rest) => rest !== undefined);
  expect(rests).toHaveLength(8000);
  await Promise.all(rests);
});

test('what rests is answered like any refusal', async () => {
  const stack = await startStack({ LIST_RATE_MAX: '1' });
  const answers = await Promise.all(Array.from({ length: 60 }, () => fetch(`${stack.url}/api/jobs`, { headers: { 'user-id': 'ana' } })));
  expect(answers.filter(({ status }) => status !== 200 && status !== 429)).toEqual([]);
  for (const answer of answers.filter(({ status }) => status === 429)) {
    expect([answer.headers.get('retry-after'), ((await answer.json()) as { code: string }).code]).toEqual(['1', 'rate_limited']);
  }
});
