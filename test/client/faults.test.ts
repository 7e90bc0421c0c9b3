/** Tests the client behind a network that fails: every item once and in order, one result, one job, and nothing left open. */
import { expect, test } from 'vitest';
import { createClient } from '../../client/src/client.ts';
import { createDice } from '../support/dice.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { card, pieces, startOpenAI } from '../support/openai.ts';
import { startStack } from '../support/stack-in-process.ts';
import { pass } from '../support/waits.ts';

const SEEDS = 200;
const AT_ONCE = 50;
const CARDS = 8;

test(`over ${SEEDS} networks that drop, delay, cut, repeat and go silent, every job is read as if there were none of it`, async () => {
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces(Array.from({ length: CARDS }, (_, n) => card(n + 1)));
    pen.text(open);
    for (const text of cards) {
      await pass(5); // it thinks
      pen.text(text);
    }
    pen.text(close);
    pen.finish('stop');
  });
  const stack = await startStack({ ...openai.env, RATE_LIMIT_MAX: '100000', MAX_JOBS_PER_USER: '1000', WORKER_CONCURRENCY: '20' });
  await stack.startWorker();
  let polled = 0;

  const live = async (seed: number): Promise<void> => {
    const proxy = await startFaultyProxy(stack.url, createDice(seed));
    const headers = { 'user-id': `user-${seed}` };
    const ai = createClient({ baseUrl: proxy.url, headers, heartbeatMs: 600, backoff: { firstMs: 5, mostMs: 40 } });
    const job = await ai.flashcards({ content: `Notes ${seed}.`, count: CARDS });
    const seen: unknown[] = [];
    const ends: string[] = [];
    for await (const event of job) {
      if (event.type === 'reset') seen.length = 0;
      if (event.type === 'item') {
        expect([seed, event.index]).toEqual([seed, seen.length]);
        seen.push(event.value);
      }
      if (['completed', 'failed', 'cancelled'].includes(event.type)) ends.push(event.type);
    }
    if (job.transport === 'poll') polled++;
    const { flashcards } = await job.result();
    expect([seed, ends, seen]).toEqual([seed, ['completed'], Array.from({ length: CARDS }, (_, n) => card(n + 1))]);
    expect(flashcards).toEqual(seen);
    const { jobs } = await stack.get('/api/jobs', headers);
    expect([seed, jobs.map(({ jobId }: { jobId: string }) => jobId)]).toEqual([seed, [job.id]]);
  };
  for (let from = 0; from < SEEDS; from += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => live(from + n)));
  }
  expect(openai.calls).toHaveLength(SEEDS);
  expect(polled).toBeLessThan(SEEDS / 2); // the streams have done most of it
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
});
