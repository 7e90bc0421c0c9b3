/** Stalled jobs, in real processes: a job whose worker is lost goes on with another one, so often and no more. */
import { Worker } from 'bullmq';
import { expect, test } from 'vitest';
import { QUEUE_NAME } from '../../../src/store/keys.ts';
import { answerWith, card, pieces, startOpenAI } from '../../support/openai.ts';
import { openQueue } from '../../support/queue.ts';
import { isEnd, type StreamEvent } from '../../support/sse.ts';
import { startStack as startProcesses } from '../../support/stack.ts';

const itemsOf = (events: StreamEvent[]) => events.filter(({ event }) => event === 'item').map(({ data }) => data['value']);

test('a worker is killed, another goes on: the stream that is open gets to the end, and only the rest is asked for', async () => {
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    const { open, cards } = pieces([card(1), card(2), card(3)]);
    pen.text(open + cards.join('')); // and then it takes its time
  });
  const stack = await startProcesses({ ...openai.env, WORKER_STALLED_INTERVAL_MS: '1000' });
  const first = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  const stream = await stack.watch(job);
  await stream.until(({ data }) => data['index'] === 2);
  await first.stop('SIGKILL');
  await stack.startWorker();

  const end = await stream.until(isEnd);
  expect(end.event).toBe('completed');
  expect(itemsOf(stream.events)).toEqual(Array.from({ length: 10 }, (_, n) => card(n + 1)));
  expect(stream.events.find(({ event }) => event === 'attempt')?.data).toMatchObject({ attempt: 2, itemsKept: 3, code: 'worker_lost' });
  expect(openai.calls[1]?.material).toMatchObject({ count: 7, alreadyAsked: ['front 1', 'front 2', 'front 3'] });
});

test('a job that loses its worker too often fails, and no attempt is counted that never ran', async () => {
  const openai = await startOpenAI((pen, _, n) => pen.text(pieces([card(n)]).open));
  const stack = await startProcesses({ ...openai.env, WORKER_STALLED_INTERVAL_MS: '300', WORKER_MAX_STALLED_COUNT: '1' });
  const job = await stack.submit({ content: 'Notes.' });
  const stream = await stack.watch(job);
  for (const attempt of [1, 2]) {
    const worker = await stack.startWorker();
    await stream.until(({ data }) => data['type'] === 'progress' && data['attempt'] === attempt);
    await worker.stop('SIGKILL');
  }
  await stack.startWorker();
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'worker_lost' } } });
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'failed', attempt: 2, error: { code: 'worker_lost' } });
  expect(Math.max(...stream.events.map(({ data }) => data['attempt'] ?? 0))).toBe(2);
});

test('a job that was given to a connection which was gone was begun by nobody: that is no attempt', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startProcesses({ ...openai.env, LANES: 'off', WORKER_STALLED_INTERVAL_MS: '300' });
  const job = await stack.submit({ content: 'Notes.' });
  const { redis } = await openQueue(stack.prefix);
  const gone = new Worker(QUEUE_NAME, null, { connection: redis, prefix: stack.prefix, autorun: false, lockDuration: 100 });
  expect((await gone.getNextJob('gone'))?.id).toBe(job['jobId']);
  await stack.startWorker();
  const stream = await stack.watch(job);
  expect(await stream.until(isEnd)).toMatchObject({ event: 'completed' });
  expect(stream.events.filter(({ event }) => event === 'attempt')).toEqual([]);
  expect(await stack.get(`/api/jobs/${job['jobId']}`)).toMatchObject({ status: 'completed', attempt: 1 });
  await gone.close();
});
