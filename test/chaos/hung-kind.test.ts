/** A vendor that never answers: the jobs of its kind hang, and those of another kind are done meanwhile. */
import { expect, test } from 'vitest';
import { lesson } from '../../src/kinds/lesson.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startOpenAI } from '../support/openai.ts';
import { startStack } from '../support/stack.ts';
import { submitJson } from '../support/submit.ts';
import { expectUnharmed } from './ledger.ts';

const HUNG = 9;
const OTHERS = 20;

test('twenty jobs of one kind are done while nine of another hang at their vendor', async () => {
  const redis = await ownRedis();
  const openai = await startOpenAI(() => new Promise(() => {}));
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...openai.env,
    PROVIDER_LESSON: 'offline',
    RATE_LIMIT_MAX: '1000',
    SHUTDOWN_GRACE_MS: '0',
  });
  const worker = await stack.startWorker();
  const hung = await Promise.all(Array.from({ length: HUNG }, (_, n) => stack.submit({ content: `Notes ${n}.` })));
  await expect.poll(() => openai.calls.length).toBe(3);
  const others = Array.from({ length: OTHERS }, async () => {
    const { body } = await submitJson(stack, lesson.path, { topic: 'Greetings', content: 'Hund: dog. Katze: cat. Vogel: bird.' });
    expect(body).toHaveProperty('streamUrl');
    const stream = await watch(stack.url + String(body['streamUrl']));
    return (await stream.until(isEnd)).event;
  });
  expect(await Promise.all(others)).toEqual(Array.from({ length: OTHERS }, () => 'completed'));
  const states = await Promise.all(hung.map(async (job) => (await stack.get(job['statusUrl']))['status'] as string));
  expect(states.filter((state) => state === 'active')).toHaveLength(3);
  expect(states.filter((state) => state === 'waiting')).toHaveLength(HUNG - 3);
  expect(openai.calls).toHaveLength(3);
  await expectUnharmed([worker, stack.api]);
});
