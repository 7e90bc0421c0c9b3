/** Workers die, hang and are poisoned: jobs end once, and nothing is bought twice. */
import { expect, test } from 'vitest';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { startRedis } from '../support/redis.ts';
import { isEnd, lasting } from '../support/sse.ts';
import { type Process, startStack } from '../support/stack.ts';
import { expectCalm, openLedger } from './ledger.ts';
import { seeded, startModel } from './model.ts';

const QUICK = { WORKER_STALLED_INTERVAL_MS: '600', RATE_LIMIT_MAX: '1000' };

const health = async (worker: Process) => (await (await fetch(`${worker.url}/health`)).json()) as { active: number };

test.each([1, 2, 3])(
  'workers killed mid-way, seed %i: all jobs complete, no card twice, only what is missing is asked for',
  async (seed) => {
    const random = seeded(seed);
    const redis = await startRedis('everysec');
    const killAt = [15, 40, 70].map((cards) => cards + Math.floor(random() * 15));
    const written = latchAt();
    const model = await startModel(60, { after: () => written.tell(model.bill.cards) });
    const stack = await startStack({ ...QUICK, REDIS_URL: redis.url, WORKER_MAX_STALLED_COUNT: '10', ...model.env });
    const ledger = openLedger(stack);
    const workers = [await stack.startWorker(), await stack.startWorker()];
    await Promise.all(Array.from({ length: 10 }, () => ledger.submit({ content: 'Notes.', count: 10 })));

    let running = 0;
    for (const cards of killAt) {
      await written.reached(cards);
      const victim = workers.shift();
      if (!victim) throw new Error('no worker');
      running += (await health(victim)).active;
      await victim.stop('SIGKILL');
      workers.push(await stack.startWorker());
    }
    await ledger.settle(10);
    expect(ledger.entries).toHaveLength(10);
    expect(running).toBeGreaterThan(0);
    expect(model.calls.length).toBeLessThanOrEqual(10 + running);
    for (const { material } of model.calls) {
      const known = material['alreadyAsked'] as string[];
      expect(known).toEqual(known.map((_, index) => card(index + 1).front));
      expect(material['count']).toBe(10 - known.length);
    }
    expect(model.bill.cards).toBeLessThanOrEqual(115);
    expectCalm(stack.api, ...workers);
  },
);

test('a worker frozen beyond its lock stops when it wakes, writes nothing more, and goes on with other jobs', async () => {
  const redis = await startRedis('everysec');
  const [frozen, finish] = [latch(), latch()];
  const openai = await startOpenAI(async (pen, call, n) => {
    const { open, cards, close } = pieces(
      Array.from({ length: call.material['count'] }, (_, k) => card(call.material['alreadyAsked'].length + k + 1)),
    );
    if (n !== 1) {
      pen.text(open + cards.join(''));
      if (n === 2) await finish.wait;
      pen.text(close);
      return pen.finish('stop');
    }
    pen.text(open + cards[0] + cards[1]);
    await frozen.wait;
    pen.text(`,${JSON.stringify({ front: 'ghost', back: 'of a run that was replaced' })}`);
  });
  const env = { ...QUICK, REDIS_URL: redis.url, WORKER_CONCURRENCY: '1', ...openai.env };
  const stack = await startStack(env);
  const first = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 5 });
  const stream = await stack.watch(job);
  await stream.until(({ data }) => data['index'] === 1);

  process.kill(first.pid, 'SIGSTOP');
  const second = await stack.startWorker();
  await stream.until(({ data }) => data['index'] === 4); // by the second worker, which now holds the job
  frozen.open(); // what the frozen one's model writes is there when it wakes
  process.kill(first.pid, 'SIGCONT');
  await openai.calls[0]?.dropped;
  finish.open();

  const end = await stream.until(isEnd);
  const fronts = [1, 2, 3, 4, 5].map(card);
  expect(end.data['result'].flashcards).toEqual(fronts);
  expect(
    lasting(stream.events)
      .filter(({ event }) => event === 'item')
      .map(({ data }) => data['value']),
  ).toEqual(fronts);
  expect(openai.calls.map(({ material }) => material['count'])).toEqual([5, 3]);

  await second.stop('SIGTERM');
  const next = await stack.submit({ content: 'Notes.', count: 1 });
  expect((await (await stack.watch(next)).until(isEnd)).event).toBe('completed');
  expectCalm(stack.api, first);
});

test('a job that kills its worker each time fails in the end, and no job that ran beside it does', async () => {
  const redis = await startRedis('everysec');
  let worker: Process | undefined;
  let deaths = 0;
  const model = await startModel(150, {
    async before(_pen, { material }) {
      if (!String(material['content']).includes('poison')) return false;
      deaths++;
      await worker?.stop('SIGKILL');
      worker = await stack.startWorker();
      return true;
    },
  });
  const stack = await startStack({ ...QUICK, REDIS_URL: redis.url, WORKER_MAX_STALLED_COUNT: '2', ...model.env });
  worker = await stack.startWorker();
  const ledger = openLedger(stack);
  await ledger.submit({ content: 'Notes.', count: 10 });
  await ledger.submit({ content: 'Notes.', count: 10 });
  const poisoned = await stack.submit({ content: 'poison' });
  for (let n = 0; n < 4; n++) await ledger.submit({ content: 'Notes.', count: 10 });

  const end = await (await stack.watch(poisoned)).until(isEnd);
  expect([end.event, end.data['error']?.code]).toEqual(['failed', 'worker_lost']);
  expect(deaths).toBe(3);
  await ledger.settle(10);
});

/** Resolves waits once a count has got there. */
function latchAt() {
  const waits: { count: number; open: () => void }[] = [];
  let now = 0;
  return {
    tell(count: number): void {
      now = Math.max(now, count);
      for (const wait of waits) if (wait.count <= now) wait.open();
    },
    reached(count: number): Promise<void> {
      const { wait, open } = latch();
      waits.push({ count, open });
      if (count <= now) open();
      return wait;
    },
  };
}
