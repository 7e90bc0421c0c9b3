/** A Redis that stalls while submissions are on their way: who is told 503 has bought nothing, and who is told 202 gets the job. */
import { expect, test } from 'vitest';
import { createDice } from '../support/dice.ts';
import { startOpenAI } from '../support/openai.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { pass } from '../support/waits.ts';

const AT_ONCE = 12;

/** How many 503 must name a job, which are those that stalled between admission and add; and in how many rounds at least, and at most. */
const WANTED = { named: 4, least: 14, rounds: 40 };

test('of submissions that a stall hits at any step, none that was told 503 is bought', async () => {
  const redis = await ownRedis();
  const bought: string[] = [];
  const openai = await startOpenAI((pen, { material }) => {
    bought.push(String(material['content']));
    pen.text('{"flashcards":[{"front":"a","back":"b"}]}');
    pen.finish('stop', { prompt_tokens: 10, completion_tokens: 10 });
  });
  const stack = await startStack({ REDIS_URL: redis.url, ...openai.env, RATE_LIMIT_MAX: '100000', MAX_JOBS_PER_USER: '100000' });
  await stack.startWorker({ WORKER_CONCURRENCY: '8' });
  const dice = createDice(12);
  const told = new Map<string, number>();
  const named: string[] = [];

  const submit = async (content: string): Promise<void> => {
    const response = await fetch(`${stack.url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-id': 'ana' },
      body: JSON.stringify({ content, count: 1 }),
    });
    const body = (await response.json()) as Record<string, any>;
    told.set(content, response.status);
    if (response.status === 503 && body['jobId'] !== undefined) named.push(String(body['jobId']));
  };

  for (let round = 0; round < WANTED.least || (named.length < WANTED.named && round < WANTED.rounds); round++) {
    await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
    const submissions = Array.from({ length: AT_ONCE }, async (_, n) => {
      await pass(n);
      await submit(`Round ${round} has ${n}`);
    });
    await pass(dice(AT_ONCE));
    redis.freeze();
    await pass(740 + dice(300)); // a command is given up after 750 ms
    redis.thaw();
    await Promise.all(submissions);
  }

  const isOver = async () => {
    const { counts } = await stack.get('/api/queue/stats');
    return counts && counts['waiting'] + counts['active'] + counts['delayed'];
  };
  await expect.poll(isOver).toBe(0);
  const toldOf = (status: number) => [...told].flatMap(([content, one]) => (one === status ? [content] : []));
  expect(bought.filter((content) => told.get(content) === 503)).toEqual([]);
  expect(bought.toSorted()).toEqual(toldOf(202).toSorted());
  expect(toldOf(202).length + toldOf(503).length).toBe(told.size);
  expect(named.length).toBeGreaterThanOrEqual(WANTED.named);
  for (const jobId of named) {
    const response = await fetch(`${stack.url}/api/jobs/${jobId}`, { headers: { 'user-id': 'ana' } });
    const job = (await response.json()) as Record<string, any>;
    expect(job['code'] ?? job['status']).toBeOneOf(['cancelled', 'job_not_found']);
  }
});
