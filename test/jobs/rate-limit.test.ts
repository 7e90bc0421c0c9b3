/** The rate of submissions: counted job by job, and by those alone that were added. */
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { openQueue, submitTo } from '../support/queue.ts';

const submitRate = { name: 'submit', max: 3, windowS: 60 };

test('a rate is kept job by job, also within one call, and a known key takes nothing of it', async () => {
  const { queue } = await openQueue(undefined, { submitRate });
  const request = { kind: 'generate-flashcards', owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: {} };
  const first = await queue.add({ ...request, key: ['k'] });
  expect(first.allowance).toMatchObject({ allowed: true, remaining: 2 });
  const all = await Promise.all(Array.from({ length: 5 }, () => queue.add(request)));
  expect(all.map(({ type }) => type)).toEqual(['added', 'added', 'limited', 'limited', 'limited']);
  const again = await queue.add({ ...request, key: ['k'] });
  expect(again).toMatchObject({ type: 'known', allowance: { remaining: 0 } });
  expect((await submitTo(queue, 'bob')).allowance).toMatchObject({ remaining: 2 });
});

test('of submissions under one key at once only the one that was added counts', async () => {
  const { queue, redis, keys } = await openQueue(undefined, { submitRate: { ...submitRate, max: 60 } });
  await Promise.all(Array.from({ length: 20 }, () => submitTo(queue, 'ana', { key: ['k'] })));
  expect(await redis.get(keys.rate('submit', tenantOf('ana', undefined)))).toBe('1');
});
