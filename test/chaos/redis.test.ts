/** Redis killed, frozen and cut off under load: whoever is let in is served, whoever is not is told so. */
import { expect, test } from 'vitest';
import { connect } from '../../src/store/redis-connection.ts';
import { type Proxy, startProxy } from '../support/proxy.ts';
import { type OwnRedis, ownRedis } from '../support/redis.ts';
import { type Process, type Stack, startStack } from '../support/stack.ts';
import { type Answer, type Phase, startClients } from './clients.ts';
import { type Account, auditAll, expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';
import { pass } from '../support/waits.ts';

/** What comes over Redis, for how long, and how it goes; `env`: what the processes are started with besides. */
type Disaster = {
  come(redis: OwnRedis): unknown;
  last(stack: Stack, workers: Process[], redis: OwnRedis): Promise<void>;
  go(redis: OwnRedis): unknown;
  env?: (redis: OwnRedis) => Record<string, string> | Promise<Record<string, string>>;
};

/** With locks this long, no job loses its worker while it lasts. */
const LONG_LOCKS = { WORKER_STALLED_INTERVAL_MS: '60000' };

/** What was answered to those who asked while it lasted, and how all jobs stand in the books. */
type Weather = { meanwhile: Answer[]; accounts: Account[] };

/**
 * Lets clients work, a disaster come, more clients with it, and all of them work on when it has gone; then closes the books.
 */
async function weather({ come, last, go, env = () => ({}) }: Disaster): Promise<Weather> {
  const redis = await ownRedis();
  const model = await startModel({ cardMs: 120 });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    WORKER_STALLED_INTERVAL_MS: '1500',
    RATE_LIMIT_MAX: '10000',
    ...(await env(redis)),
  });
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
  let phase: Phase = 'calm';
  const early = startClients(stack, 8, 'early', () => phase);
  await model.hasWritten(100);

  await come(redis);
  phase = 'disaster';
  const late = startClients(stack, 4, 'late', () => phase);
  await last(stack, workers, redis);
  phase = 'calm';
  await go(redis);
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
  await model.hasWritten(model.written() + 100);

  const entries = [...(await early.finish()), ...(await late.finish())];
  const accounts = await auditAll(stack.url, entries);
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(accounts.map(() => ['completed', 10]));
  await expectUnharmed([...workers, stack.api]);
  const answers = [...early.answers, ...late.answers];
  return { accounts, meanwhile: answers.filter(({ sent, answered }) => sent === 'disaster' && answered === 'disaster') };
}

/** For so many ms or longer the API says of itself that it is well, and that it can't serve. */
async function expectAway(stack: Stack, ms: number): Promise<void> {
  let isOver = false;
  void pass(ms).then(() => (isOver = true)); // not so many looks: on a busy machine they take longer, and so would what lasts meanwhile
  while (!isOver) {
    const [ready, health] = await Promise.all(['/ready', '/health'].map((path) => fetch(stack.url + path)));
    expect([ready?.status, health?.status]).toEqual([503, 200]);
    await pass(100);
  }
}

/** Whoever asks while Redis is away is refused, and hears it while Redis is still away. */
function expectRefused({ meanwhile }: Weather): void {
  expect(new Set(meanwhile.map(({ status }) => status))).toEqual(new Set([503]));
}

/** For so many ms every process says that it can't do its work. */
async function expectAllAway(stack: Stack, workers: Process[], ms: number): Promise<void> {
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(503);
  for (const { url } of workers) await expect.poll(async () => (await fetch(`${url}/health`)).status).toBe(503);
  await expectAway(stack, ms);
}

/** Whatever Redis refused cost no attempt: each job has run once. */
function expectNoAttemptSpent({ accounts }: Weather): void {
  expect(accounts.flatMap(({ rows }) => rows.filter(({ event }) => event === 'attempt'))).toEqual([]);
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
  await weather({
    come: () => {},
    async last(_, __, { url }) {
      const admin = connect(url, 'wait', () => {});
      let cut = 0;
      for (let round = 0; round < 20; round++) {
        for (const type of ['normal', 'pubsub']) cut += Number(await admin.call('CLIENT', 'KILL', 'TYPE', type)); // itself it spares
        await pass(100);
      }
      admin.disconnect();
      expect(cut).toBeGreaterThan(20);
    },
    go: () => {},
  });
});

test.each<[string, (redis: OwnRedis) => Promise<unknown>, (redis: OwnRedis) => Promise<unknown>]>([
  [
    'Redis is full',
    (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1mb'),
    (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
  ],
  [
    'Redis refuses writes',
    (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
    (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
  ],
])('%s for a while: no attempt is spent, nobody asks it in a loop, and all goes on afterwards', async (_, come, go) => {
  const seen = await weather({
    env: () => LONG_LOCKS,
    come,
    last: (stack, workers) => expectAllAway(stack, workers, 4000),
    go,
  });
  expectRefused(seen);
  expectNoAttemptSpent(seen);
});

test.each<[string, (redis: OwnRedis) => unknown, (redis: OwnRedis) => unknown]>([
  ['stands still', (redis) => redis.freeze(), (redis) => redis.thaw()],
  ['is full', (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1mb'), (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '0')],
])(
  'Redis %s three times in a row, each time for twice the time of a lock: the runs go on, and no attempt is spent',
  async (_, come, go) => {
    const seen = await weather({
      come,
      async last(stack, workers, redis) {
        for (const round of [1, 2, 3]) {
          if (round > 1) await come(redis);
          await expectAllAway(stack, workers, 3500);
          await go(redis);
          await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
        }
      },
      go: () => {},
    });
    expectNoAttemptSpent(seen);
  },
);

test('the Redis user is switched off for a moment, and its connections are cut', async () => {
  const seen = await weather({
    env: () => LONG_LOCKS,
    async come(redis) {
      await redis.command('ACL', 'SETUSER', 'app', 'off');
      await redis.command('CLIENT', 'KILL', 'USER', 'app');
    },
    last: (stack, workers) => expectAllAway(stack, workers, 2000),
    go: (redis) => redis.command('ACL', 'SETUSER', 'app', 'on'),
  });
  expectRefused(seen);
  expectNoAttemptSpent(seen);
});

test('another server becomes the master, and the connections to the old one live on', async () => {
  const next = await ownRedis();
  let proxy: Proxy | undefined;
  const seen = await weather({
    async env(redis) {
      await next.command('REPLICAOF', '127.0.0.1', redis.port);
      proxy = await startProxy(redis.port);
      return { ...LONG_LOCKS, REDIS_URL: redis.url.replace(`:${redis.port}`, `:${proxy.port}`) };
    },
    async come(redis) {
      await expect.poll(async () => String(await next.command('INFO', 'replication'))).toContain('master_link_status:up');
      await expect.poll(async () => String(await redis.command('INFO', 'replication'))).toContain('state=online'); // the old one says so, too
      await redis.command('FAILOVER', 'TO', '127.0.0.1', next.port, 'TIMEOUT', 5000);
      await expect.poll(async () => String(await redis.command('INFO', 'replication'))).toContain('role:slave');
    },
    last: (stack, workers) => expectAllAway(stack, workers, 1000), // the address still leads to the old one
    go: () => proxy?.target(next.port),
  });
  expectNoAttemptSpent(seen);
});
