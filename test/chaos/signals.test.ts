/** Workers and APIs told to stop twice within milliseconds, as npm and terminals do it: every job is handed on, and none pays for it. */
import { expect, test } from 'vitest';
import { createDice } from '../support/dice.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { type Process, startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';

const JOBS = 10;
const CARDS = 10;
const STOPS = 3;

const logged = (worker: Process, ...messages: string[]) => worker.log().filter(({ msg }) => messages.includes(String(msg))).length;
const running = (worker: Process) => logged(worker, 'job started') - logged(worker, 'job done', 'job attempt ended');

/** Sends two signals that are one, in either order. */
function stopTwice({ pid, exited }: Process, interrupted: boolean): Promise<number | NodeJS.Signals> {
  for (const signal of interrupted ? ['SIGINT', 'SIGTERM'] : ['SIGTERM', 'SIGINT']) process.kill(pid, signal);
  return exited;
}

test('ten jobs outlive workers and APIs that are told twice to stop: handed back at once, at the cost of no attempt', async () => {
  const redis = await ownRedis();
  const dice = createDice(40);
  const model = await startModel({ cardMs: 200 });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    JOB_ATTEMPTS: '1',
    SHUTDOWN_GRACE_MS: '150', // less than a job takes
    WORKER_STALLED_INTERVAL_MS: '600000', // a job that is left behind stays behind
  });
  const apis: [Process, Process] = [stack.api, await stack.startApi()];
  const jobs = await Promise.all(Array.from({ length: JOBS }, (_, n) => stack.submit({ content: `Notes ${n}.`, count: CARDS })));

  /** Follows to the end, from one API process to the other whenever the stream breaks. */
  const follow = async (job: Record<string, any>, first: number): Promise<StreamEvent[]> => {
    const events: StreamEvent[] = [];
    for (let turn = first; !events.some(isEnd); turn++) {
      const last = lasting(events).at(-1)?.id;
      const url = (apis[turn % 2] as Process).url + job['streamUrl'];
      const stream = await watch(url, last === undefined ? {} : { 'last-event-id': last }).catch(() => undefined); // nobody is there
      await stream?.ended.catch(() => {});
      events.push(...(stream?.events ?? []));
    }
    return events;
  };
  const following = jobs.map(async (job, n) => ({ job, followed: [await follow(job, n)] }));

  let workers: Process[] = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const ends: unknown[] = [];
  const starting: Promise<unknown>[] = [];
  let inHand = 0;
  for (let stop = 1; stop <= STOPS; stop++) {
    await model.hasWritten(Math.floor((80 * stop) / STOPS) - dice(8));
    await expect.poll(() => workers.some(running), { interval: 5 }).toBe(true);
    const busy = workers.filter(running);
    const victim = busy[dice(busy.length)] as Process;
    workers = workers.filter((worker) => worker !== victim);
    starting.push(stack.startWorker().then((worker) => workers.push(worker)));
    ends.push(await stopTwice(victim, stop % 2 === 0));
    inHand += logged(victim, 'job started') - logged(victim, 'job done');
  }
  for (const n of [0, 1]) {
    ends.push(await stopTwice(apis[n] as Process, n === 0));
    apis[n] = await stack.startApi();
  }
  await Promise.all(starting);

  const entries = await Promise.all(following);
  const accounts = await auditAll(apis[0].url, entries);
  expect(ends).toEqual(ends.map(() => 0));
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(jobs.map(() => ['completed', CARDS]));
  expect(inHand).toBeGreaterThanOrEqual(1);
  expect(model.calls.length - JOBS).toBeLessThanOrEqual(inHand);
  await expectUnharmed([...workers, ...apis]);
});
