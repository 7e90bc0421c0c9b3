/** Plans: bounds and rates of a user by what the user has bought. */
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { openQueue } from '../support/queue.ts';

test('a plan has bounds of its own; what it leaves out, and a plan that nobody knows, is as for all', async () => {
  const { queue } = await openQueue(
    undefined,
    { maxJobsPerUser: 1, submitRate: { name: 'submit', max: 5, windowS: 60 } },
    {
      pro: { maxJobs: 3, rateLimitMax: 9 },
      some: {},
    },
  );
  const ask = (owner: string, plan?: string) =>
    queue.add({ kind: 'generate-flashcards', owner, tenant: tenantOf(owner, undefined), requestId: 'r', input: {}, plan });
  const of = async (owner: string, plan: string | undefined, count: number) => {
    const results = [];
    for (let n = 0; n < count; n++) results.push(await ask(owner, plan));
    return results.map(({ type, allowance }) => [type, allowance?.policy.max, allowance?.remaining]);
  };
  expect(await of('ana', 'pro', 4)).toEqual([
    ['added', 9, 8],
    ['added', 9, 7],
    ['added', 9, 6],
    ['too_many', 9, 5],
  ]);
  for (const plan of [undefined, 'some', 'unknown', '__proto__', 'constructor']) {
    expect([plan, await of(`bob ${plan}`, plan, 2)]).toEqual([
      plan,
      [
        ['added', 5, 4],
        ['too_many', 5, 3],
      ],
    ]);
  }
  // Who buys a plan goes on with what is used already.
  expect(await of('bob some', 'pro', 1)).toEqual([['added', 9, 6]]);
});
