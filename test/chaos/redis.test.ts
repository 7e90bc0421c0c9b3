/** Redis killed, frozen and cut off under load: whoever is let in is served, whoever is not is told so at once. */
import { expect, test } from 'vitest';
import { connect } from '../../src/queue/connection.ts';
import { type OwnRedis, ownRedis } from '../support/redis.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { type Answer, startClients } from './clients.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What comes over Redis, for how long, and how it goes. */
type Disaster = { come(redis: OwnRedis): unknown; last(stack: Stack, redis: OwnRedis): Promise<void>; go(redis: OwnRedis): unknown };

/**
 * Lets clients work, a disaster come, more clients with it, and all of them work on when it has gone; then closes the books.
 * Resolves with what was answered to those who asked while it lasted, and with all answers.
 */
async function weather({ come, last, go }: Disaster): Promise<{ meanwhile: Answer[]; answers: Answer[] }> {
  const redis = await ownRedis();
  const model = await startModel({ cardMs: 60 });
  const stack = await startStack({ REDIS_URL: redis.url, ...model.env, WORKER_STALLED_INTERVAL_MS: '1500', RATE_LIMIT_MAX: '10000' });
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const early = startClients(stack, 8, 'early');
  await model.hasWritten(100);

  await come(redis);
  const from = performance.now();
  const late = startClients(stack, 4, 'late');
  await last(stack, redis);
  const to = performance.now();
  await go(redis);
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
  await model.hasWritten(model.written() + 100);

  const entries = [...(await early.finish()), ...(await late.finish())];
  const accounts = await auditAll(stack.url, entries);
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(accounts.map(() => ['completed', 10]));
  await expectUnharmed([...workers, stack.api]);
  const answers = [...early.answers, ...late.answers];
  return { answers, meanwhile: answers.filter(({ at, ms }) => at >= from && at + ms < to) };
}

/** For so many ms the API says of itself that it is well, and that it can't serve. */
async function expectAway(stack: Stack, ms: number): Promise<void> {
  for (const over = performance.now() + ms; performance.now() < over; await pause(100)) {
    const [ready, health] = await Promise.all(['/ready', '/health'].map((path) => fetch(stack.url + path)));
    expect([ready?.status, health?.status]).toEqual([503, 200]);
  }
}

/** Whoever asks while Redis is away is refused, and whoever is refused hears it within a second. */
function expectRefused({ meanwhile, answers }: { meanwhile: Answer[]; answers: Answer[] }): void {
  expect(new Set(meanwhile.map(({ status }) => status))).toEqual(new Set([503]));
  expectPrompt(answers);
}

function expectPrompt(answers: Answer[]): void {
  const times = answers.filter(({ status }) => status === 503).map(({ ms }) => ms);
  expect(Math.max(0, ...times)).toBeLessThan(1000);
}

test('Redis is killed, and comes back with what it has on disk', async () => {
  const seen = await weather({
    come: (redis) => redis.kill(),
    last: (stack) => expectAway(stack, 5000),
    go: (redis) => redis.start(),
  });
  expectRefused(seen);
});

test('Redis is frozen for longer than the locks of jobs last', async () => {
  const seen = await weather({
    come: (redis) => redis.freeze(),
    last: (stack) => expectAway(stack, 3000),
    go: (redis) => redis.thaw(),
  });
  expectRefused(seen);
});

test('all connections to Redis are cut again and again', async () => {
  const seen = await weather({
    come: () => {},
    async last(_, { url }) {
      const admin = connect(url, 'patient', () => {});
      let cut = 0;
      for (let round = 0; round < 20; round++) {
        for (const type of ['normal', 'pubsub']) cut += Number(await admin.call('CLIENT', 'KILL', 'TYPE', type)); // itself it spares
        await pause(100);
      }
      admin.disconnect();
      expect(cut).toBeGreaterThan(20);
    },
    go: () => {},
  });
  expectPrompt(seen.answers);
});
