/** A job that kills every worker which runs it, beside jobs that are innocent. */
import { expect, onTestFinished, test } from 'vitest';
import { ownRedis } from '../support/redis.ts';
import { type Process, startStack } from '../support/stack.ts';
import { auditAll } from './ledger.ts';
import { type Fate, startModel } from './model.ts';
import { pass } from '../support/waits.ts';

/** How long the poison takes to work, in ms: with time, all that is beside it is running again. */
test.each([0, 400])('a job that kills its worker in %i ms fails alone: none that ran beside it does', async (ms) => {
  const redis = await ownRedis();
  let worker: Promise<Process> | undefined;
  let deaths = 0;
  const model = await startModel({
    cardMs: 150,
    async fate({ content }): Promise<Fate> {
      if (content !== 'poison') return 'whole';
      await pass(ms);
      process.kill((await worker)?.pid ?? 0, 'SIGKILL');
      return 'whole';
    },
  });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    WORKER_CONCURRENCY: '7', // all of them side by side
    WORKER_STALLED_INTERVAL_MS: '1200',
    WORKER_MAX_STALLED_COUNT: '2',
  });
  let over = false;
  onTestFinished(() => void (over = true));
  const supervise = async (): Promise<void> => {
    for (; !over; deaths++) {
      const starting = stack.startWorker();
      worker = starting;
      const { exited } = await starting;
      await exited;
    }
  };

  const submit = async (content: string) => {
    const job = await stack.submit({ content, count: 10 });
    return { job, stream: await stack.watch(job) };
  };
  const beside = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => submit(`innocent ${n}`)));
  const supervising = supervise();
  await Promise.all(beside.map(({ stream }) => stream.until(({ event }) => event === 'item')));
  const all = [await submit('poison'), ...beside];
  await Promise.all(all.map(({ stream }) => stream.ended));
  over = true;
  await (await worker)?.stop('SIGTERM');
  await supervising;

  const [guilty, ...innocent] = await auditAll(
    stack.url,
    all.map(({ job, stream }) => ({ job, followed: [stream.events] })),
  );
  expect(guilty?.end).toMatchObject({ event: 'failed', data: { error: { code: 'worker_lost' } } });
  expect(deaths).toBe(3 + 1); // once more than allowed, and the last by our own hand
  expect(innocent.map(({ end, items }) => [end.event, items.length])).toEqual(innocent.map(() => ['completed', 10]));
});
