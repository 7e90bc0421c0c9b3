/** A vendor on a bad day: calls are refused, streams are cut mid-way. */
import { expect, test } from 'vitest';
import { createDice } from '../support/dice.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { type Fate, type PacedCall, startModel } from './model.ts';

const JOBS = 20;
const CARDS = 10;

test('every job gets all of its cards out of it, and only what a cut took from the wire is bought again', async () => {
  const redis = await ownRedis();
  const callsOf = (content: string) => model.calls.filter((call) => call.content === content);
  const fates = new Map<PacedCall, Fate>();
  const model = await startModel({
    cardMs: 20,
    fate(call) {
      const dice = createDice(4000 * Number(call.content) + callsOf(call.content).length); // the same whatever comes in between
      const roll = dice(100);
      const fate = roll < 30 ? 'refused' : roll < 40 ? { cutAfter: dice(call.wanted) } : 'whole';
      fates.set(call, fate);
      return fate;
    },
  });
  const stack = await startStack({ REDIS_URL: redis.url, ...model.env, JOB_ATTEMPTS: '10' });
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const jobs = await Promise.all(Array.from({ length: JOBS }, (_, n) => stack.submit({ content: `${n + 1}`, count: CARDS })));
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  await Promise.all(streams.map((stream) => stream.ended));

  const accounts = await auditAll(
    stack.url,
    jobs.map((job, index) => ({ job, followed: [streams[index]?.events ?? []] })),
  );
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(jobs.map(() => ['completed', CARDS]));

  const met = (wanted: (fate: Fate) => boolean) => [...fates.values()].filter(wanted).length;
  const cuts = met((fate) => typeof fate === 'object');
  expect(cuts).toBeGreaterThanOrEqual(3);
  expect(met((fate) => fate === 'refused')).toBeGreaterThanOrEqual(6);
  expect(model.written()).toBeLessThanOrEqual(JOBS * CARDS + cuts); // of each cut stream the card that was on the wire
  await expectUnharmed([...workers, stack.api]);
});
