/** Redis dies, freezes and drops its connections: quick refusals, open streams, and no accepted job lost. */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { expectCalm, openLedger } from './ledger.ts';
import { startModel } from './model.ts';

const CARDS = 5;
const QUICK = { WORKER_STALLED_INTERVAL_MS: '1000', WORKER_MAX_STALLED_COUNT: '10', RATE_LIMIT_MAX: '1000' };

/** Two workers, one API, and 20 jobs that take their time, followed. */
async function startLoad() {
  const redis = await startRedis('everysec');
  const model = await startModel(200);
  const stack = await startStack({ ...QUICK, REDIS_URL: redis.url, ...model.env });
  const ledger = openLedger(stack);
  const workers = [await stack.startWorker(), await stack.startWorker()];
  for (let n = 0; n < 20; n++) expect(await ledger.submit({ content: 'Notes.', count: CARDS })).toBe(202);
  await expect.poll(() => model.bill.cards).toBeGreaterThan(8);
  return { redis, model, stack, ledger, processes: [stack.api, ...workers] };
}

/** For so many ms submissions are refused within a second each; whatever is accepted, as it comes and goes, is in the ledger. */
async function pressOn(ms: number, { stack, ledger }: Pick<Awaited<ReturnType<typeof startLoad>>, 'stack' | 'ledger'>): Promise<number[]> {
  const statuses: number[] = [];
  for (const until = Date.now() + ms; Date.now() < until; await pause(100)) {
    const start = performance.now();
    statuses.push(await ledger.submit({ content: 'Notes.', count: CARDS }));
    expect(performance.now() - start).toBeLessThan(1000); // what the product promises
  }
  expect((await fetch(`${stack.url}/health`)).status).toBe(200);
  return statuses;
}

test('Redis killed for 5 s under load', async () => {
  const { redis, stack, ledger, processes } = await startLoad();
  await redis.crash();
  const statuses = await pressOn(5000, { stack, ledger });
  expect(new Set(statuses)).toEqual(new Set([503]));
  expect((await fetch(`${stack.url}/ready`)).status).toBe(503);
  expect(ledger.entries.map(({ reconnects }) => reconnects)).toEqual(ledger.entries.map(() => 0)); // their streams stayed open
  await redis.restart();
  await ledger.settle(CARDS);
  expect(ledger.entries.map(({ reconnects }) => reconnects)).toEqual(ledger.entries.map(() => 0));
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
  expectCalm(...processes);
});

test('Redis frozen for 3 s, longer than the locks', async () => {
  const { redis, stack, ledger, processes } = await startLoad();
  redis.signal('SIGSTOP');
  const statuses = await pressOn(3000, { stack, ledger });
  redis.signal('SIGCONT');
  expect(new Set(statuses)).toEqual(new Set([503]));
  await ledger.settle(CARDS);
  expectCalm(...processes);
});

test('every connection to Redis cut, over and over', async () => {
  const { redis, ledger, processes } = await startLoad();
  const killer = new Redis(redis.url);
  onTestFinished(() => killer.disconnect());
  for (let n = 0; n < 20; n++) {
    await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await ledger.submit({ content: 'Notes.', count: CARDS });
    await pause(100);
  }
  await ledger.settle(CARDS);
  expectCalm(...processes);
});
