/** A vendor that fails every third call and cuts every tenth answer: jobs complete, and what was written is not bought again. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { expectCalm, openLedger } from './ledger.ts';
import { seeded, startModel } from './model.ts';

const CARDS = 8;

test.each([1, 2])('three calls of ten fail and one answer of ten is cut, seed %i', async (seed) => {
  const random = seeded(seed);
  const cutAfter = new WeakMap<object, number>();
  let [failures, cuts] = [0, 0];
  const redis = await startRedis('everysec');
  const model = await startModel(20, {
    before(pen, call) {
      const dice = random();
      if (dice < 0.1) cutAfter.set(call, 1 + Math.floor(random() * (CARDS - 1)));
      if (dice < 0.1 || dice >= 0.4) return false;
      failures++;
      pen.fail(503, {});
      return true;
    },
    async after(written, pen, call) {
      if (written !== cutAfter.get(call)) return false;
      await pause(20); // on its way, not lost in our own buffer
      cuts++;
      pen.cut();
      return true;
    },
  });
  const stack = await startStack({ REDIS_URL: redis.url, RATE_LIMIT_MAX: '1000', JOB_ATTEMPTS: '12', ...model.env });
  const ledger = openLedger(stack);
  const worker = await stack.startWorker({ WORKER_CONCURRENCY: '4' });
  for (let n = 0; n < 30; n++) expect(await ledger.submit({ content: 'Notes.', count: CARDS })).toBe(202);
  await ledger.settle(CARDS);
  expect(failures).toBeGreaterThan(0);
  expect(cuts).toBeGreaterThan(0);
  expect(model.bill.cards).toBeLessThanOrEqual(30 * CARDS + cuts);
  expect(model.calls.length).toBeLessThanOrEqual(30 + failures + cuts); // who is cut after the last card needs no other
  expectCalm(stack.api, worker);
});
