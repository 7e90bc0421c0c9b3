/** Workers that hosts kill: others take their jobs up at once where the stop was announced, and a job that gets on loses no chance. */
import { expect, test } from 'vitest';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { openQueue } from '../support/queue.ts';
import { isEnd, lasting } from '../support/sse.ts';
import { startStack } from '../support/stack.ts';

for (const env of [{}, { RAILWAY_SERVICE_ID: 'worker' }] as Record<string, string>[]) {
  test(`told to stop and killed, ${JSON.stringify(env)}: the job goes on elsewhere with what it has, and no attempt is spent`, async () => {
    const go = latch();
    const openai = await startOpenAI(async (pen, _, n) => {
      const { open, cards, close } = pieces([card(1), card(2)]);
      if (n === 1) pen.text(open + cards[0]);
      await go.wait;
      pen.text((n === 1 ? '' : open) + cards[1] + close);
      pen.finish('stop');
    });
    // Nobody but who was told of the stop takes the job up within this test.
    const stack = await startStack({ ...openai.env, ...env, WORKER_STALLED_INTERVAL_MS: '600000', JOB_ATTEMPTS: '1' });
    const worker = await stack.startWorker();
    const job = await stack.submit({ content: 'Notes.', count: 2 });
    const stream = await stack.watch(job);
    await stream.until(({ event }) => event === 'item');
    await stack.startWorker();

    const { redis, keys } = await openQueue(stack.prefix);
    process.kill(worker.pid, 'SIGTERM');
    await expect.poll(() => redis.hexists(keys.leaving, job['jobId']), { interval: 5 }).toBe(1);
    expect(await worker.stop('SIGKILL')).toBe('SIGKILL');
    await expect.poll(() => openai.calls.length).toBe(2);
    go.open();

    const end = await stream.until(isEnd);
    expect(end).toMatchObject({ event: 'completed', data: { result: { flashcards: [card(1), card(2)] } } });
    const events = lasting(stream.events);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, n) => String(n + 1)));
    expect(events.flatMap(({ event, data }) => (event === 'item' ? [data['index']] : event === 'attempt' ? ['attempt'] : []))).toEqual([
      0, 1,
    ]);
    expect(openai.calls[1]?.material['count']).toBe(1); // the finished card is not bought again
    expect(await stack.get(`/api/jobs/${job['jobId']}`)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await redis.hget(keys.job(job['jobId']), 'stc')).toBeNull();
    await expect.poll(() => redis.exists(keys.leaving)).toBe(0);
  });
}

test('a worker that is lost after a further item does not count, five times at most', async () => {
  // Each call gives one card and takes its time; from the eighth on there is none.
  const openai = await startOpenAI((pen, { material }, n) => {
    const { open, cards } = pieces([card(n)]);
    pen.text(n < 8 && material['count'] ? open + cards[0] : open);
  });
  const stack = await startStack({ ...openai.env, WORKER_STALLED_INTERVAL_MS: '300', WORKER_MAX_STALLED_COUNT: '1' });
  const job = await stack.submit({ content: 'Notes.', count: 20 });
  const stream = await stack.watch(job);
  for (let lost = 1; lost <= 7; lost++) {
    const worker = await stack.startWorker();
    await stream.until(({ data }) => data['index'] === lost - 1);
    await worker.stop('SIGKILL');
  }
  await stack.startWorker();
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'worker_lost' } } });
  expect(stream.events.flatMap(({ event, data }) => (event === 'item' ? [data['value']] : []))).toEqual([1, 2, 3, 4, 5, 6, 7].map(card)); // five losses are let pass, and one is allowed
});
