/** A worker that stands still past its lock and comes back: its job is another's by then. */
import { expect, test } from 'vitest';
import { answerWith, card, latch, type Pen, pieces, startOpenAI } from '../support/openai.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { audit, expectUnharmed } from './ledger.ts';

const stale = (n: number) => ({ front: `stale front ${n}`, back: `stale back ${n}` });

const meanwhile: Record<string, (pen: Pen) => void> = {
  'its model was silent': () => {},
  'its model wrote on': (pen) => [4, 5, 6].forEach((n) => pen.text(`,${JSON.stringify(stale(n))}`)),
};

test.each(Object.keys(meanwhile))('a worker that comes back to a job that is not its own any more lets go of it: %s', async (what) => {
  const redis = await ownRedis();
  const [frozen, released] = [latch(), latch()];
  const openai = await startOpenAI(async (pen, call, n) => {
    const { open, cards, close } = pieces(Array.from({ length: call.material['count'] }, (_, n) => card(n + 11 - call.material['count'])));
    if (n === 1) {
      pen.text(open + cards.slice(0, 3).join(''));
      await frozen.wait;
      meanwhile[what]?.(pen);
    } else if (n === 2) {
      pen.text(open + cards[0]);
      await released.wait;
      pen.text(cards.slice(1).join('') + close);
      pen.finish('stop');
    } else answerWith()(pen, call, n);
  });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...openai.env,
    WORKER_CONCURRENCY: '1', // with a place free, the frozen worker would be the one that Redis wakes for the job it lost
    WORKER_STALLED_INTERVAL_MS: '1200',
  });
  const first = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 10 });
  const stream = await stack.watch(job);
  await stream.until(({ data }) => data['index'] === 2);

  process.kill(first.pid, 'SIGSTOP');
  frozen.open();
  const second = await stack.startWorker();
  await stream.until(({ data }) => data['index'] === 3); // the successor is at it, and waits for its model
  process.kill(first.pid, 'SIGCONT');
  await openai.calls[0]?.dropped; // long before the job's end, which is still to come
  released.open();
  await stream.ended;

  const { end, items, rows } = await audit(stack.url, { job, followed: [stream.events] });
  expect(end.event).toBe('completed');
  expect(items.map(({ data }) => data['value'])).toEqual(Array.from({ length: 10 }, (_, n) => card(n + 1)));
  const takeover = rows.findIndex(({ event }) => event === 'attempt');
  expect(rows.map(({ data }) => data['attempt'] ?? 2)).toEqual(rows.map((_, index) => (index < takeover ? 1 : 2)));
  expect(openai.calls.map(({ material }) => material['count'])).toEqual([10, 7]);

  expect(await second.stop('SIGTERM')).toBe(0);
  const next = await stack.submit({ content: 'More notes.' });
  const nextStream = await stack.watch(next);
  await nextStream.ended;
  expect((await audit(stack.url, { job: next, followed: [nextStream.events] })).end.event).toBe('completed');
  await expect.poll(() => first.log()).toContainEqual(expect.objectContaining({ msg: 'job done', jobId: next['jobId'] }));
  await expectUnharmed([first, stack.api]);
});
