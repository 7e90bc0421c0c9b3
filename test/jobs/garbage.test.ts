/** Garbage in what all jobs share: it is begun anew, and holds nobody back. */
import { expect, test } from 'vitest';
import { SharedBreaker } from '../../worker/run/shared-breaker.ts';
import { openQueue, waiting, storeOver } from '../support/queue.ts';
import { newPrefix } from '../support/stack.ts';

const OPTIONS = { failures: 1, openMs: 60_000, probeMs: 1000, paceMs: 0 };

for (const [what, fields] of [
  ['a time that is no number', { until: '{}', code: 'provider_timeout' }],
  ['a time that is not finite', { until: 'inf', code: 'provider_timeout' }],
  ['a time in the far future', { until: '999999999999999', code: 'provider_timeout' }],
  ['a probe that never ends', { until: '1', probing: '999999999999999', code: 'provider_timeout' }],
  ['a count that is no number', { until: '1', probing: '{}', held: 'NaN' }],
  ['no hash at all', undefined],
] as const) {
  test(`a breaker with ${what} lets calls in, and opens again after failures`, async () => {
    const store = storeOver(waiting(), newPrefix());
    const { redis, keys } = store;
    if (fields) await redis.hset(keys.breaker('openai'), fields);
    else await redis.set(keys.breaker('openai'), 'garbage');
    const breaker = new SharedBreaker(store, 'openai', OPTIONS);
    expect((await breaker.enter()).type).toBe('in');
    await breaker.failed('provider_timeout', undefined);
    expect((await breaker.enter()).type).toBe('held');
  });
}

test('a shared value that can not be read is decided anew, once for all', async () => {
  const { queue, redis, keys } = await openQueue();
  await redis.rpush(keys.shared('secret'), 'garbage');
  expect(await queue.shared('secret', () => 'first')).toBe('first');
  expect(await queue.shared('secret', () => 'second')).toBe('first');
});
