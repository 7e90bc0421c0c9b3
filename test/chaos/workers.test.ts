/** Workers killed again and again: nothing is lost, nothing comes twice, and hardly anything is paid twice. */
import { expect, test } from 'vitest';
import { createDice } from '../support/dice.ts';
import { ownRedis } from '../support/redis.ts';
import { type Process, startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { type Fate, startModel } from './model.ts';
import { pass } from '../support/waits.ts';

const JOBS = 10;
const CARDS = 10;
const KILLS = 3;

/** How many jobs a worker runs, or ran when it died, by its own log. */
function running(worker: Process): number {
  const logged = (...messages: string[]) => worker.log().filter(({ msg }) => messages.includes(String(msg))).length;
  return logged('job started') - logged('job done', 'job attempt ended');
}

test('ten jobs outlive the workers that run them, and each worker costs no more than what it had in hand', async () => {
  const redis = await ownRedis();
  const dice = createDice(20);
  const jobs = new Map<string, Record<string, any>>();
  const published: { had: number; wanted: number }[] = [];
  const asked: { had: number; wanted: number }[] = [];
  const countOf = async (content: string): Promise<number> => {
    const { items } = await stack.get(`/api/jobs/${jobs.get(content)?.['jobId']}?include=items`);
    return items.flashcards?.length ?? 0;
  };
  const model = await startModel({
    cardMs: 60,
    // The next card is written once the last one is published. So a worker that dies has lost one card of each call at most, on any machine.
    async mayGoOn(call) {
      while (!call.broken && (await countOf(call.content)) < call.had + call.written) await pass(20);
    },
    async fate({ content, had, wanted }): Promise<Fate> {
      const count = await countOf(content);
      published.push({ had: count, wanted: CARDS - count });
      asked.push({ had, wanted });
      return 'whole';
    },
  });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    WORKER_STALLED_INTERVAL_MS: '1200',
    WORKER_MAX_STALLED_COUNT: '50',
  });
  for (let n = 1; n <= JOBS; n++) jobs.set(`Notes ${n}.`, await stack.submit({ content: `Notes ${n}.`, count: CARDS }));
  const following = [...jobs.values()].map(async (job) => ({ job, stream: await stack.watch(job) }));
  const streams = await Promise.all(following);

  let workers: Process[] = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const starting: Promise<unknown>[] = [];
  let inHand = 0;
  for (let kill = 1; kill <= KILLS; kill++) {
    await model.hasWritten(Math.floor((80 * kill) / KILLS) - dice(8));
    await expect.poll(() => workers.some(running), { interval: 5 }).toBe(true);
    const busy = workers.filter(running);
    const victim = busy[dice(busy.length)] as Process;
    workers = workers.filter((worker) => worker !== victim);
    starting.push(stack.startWorker().then((worker) => workers.push(worker)));
    await victim.stop('SIGKILL');
    inHand += running(victim);
  }

  await Promise.all([...starting, ...streams.map(({ stream }) => stream.ended)]);
  const accounts = await auditAll(
    stack.url,
    streams.map(({ job, stream }) => ({ job, followed: [stream.events] })),
  );
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(accounts.map(() => ['completed', CARDS]));
  expect(inHand).toBeGreaterThanOrEqual(KILLS);
  expect(model.calls.length - JOBS).toBeLessThanOrEqual(inHand);
  expect(asked).toEqual(published);
  expect(model.written()).toBeLessThanOrEqual(JOBS * CARDS + inHand); // what was on its way to a worker when it died
  await expectUnharmed([...workers, stack.api]);
});
