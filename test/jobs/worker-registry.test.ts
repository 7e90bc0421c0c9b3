/** The registry of workers: who lives, what they can do, and what is remembered of those that are gone. */
import { expect, onTestFinished, test } from 'vitest';
import {
  availabilityOf,
  concurrencyOf,
  createWorkerDirectory,
  Registration,
  type KindSupport,
  type WorkerDescription,
} from '../../src/jobs/worker-registry.ts';
import { openQueue } from '../support/queue.ts';

const can = (provider: string, model?: string): KindSupport => ({
  available: true,
  provider,
  answers: `${provider} ${model}`,
  ...(model !== undefined && { model }),
});
const worker = (name: string, kinds: Record<string, KindSupport>, concurrency = 3): WorkerDescription => ({
  name,
  version: '1',
  concurrency,
  kinds,
});

async function setUp() {
  const { store, redis, keys } = await openQueue();
  const errors: unknown[] = [];
  const enter = (id: string, description: WorkerDescription, times = { leaseMs: 60_000, keptMs: 600_000 }) => {
    const registration = new Registration(store, id, description, (error) => errors.push(error), times);
    onTestFinished(() => registration.leave());
    return registration;
  };
  return { store, redis, keys, errors, enter, read: createWorkerDirectory(store, { leaseMs: 60_000, keptMs: 600_000 }) };
}

test('a worker is known from when it has registered; one that stops is remembered, and counts no more', async () => {
  const { enter, read } = await setUp();
  expect(await read()).toEqual([]);
  const first = enter('1', worker('first', { lesson: can('openai', 'a') }));
  expect(first.registered).toBe(false);
  await first.register();
  expect(first.registered).toBe(true);
  await enter('2', worker('second', { lesson: can('openai', 'b') }, 5)).register();

  const workers = await read();
  expect(workers.map(({ name, live }) => [name, live])).toEqual([
    ['first', true],
    ['second', true],
  ]);
  expect(concurrencyOf(workers)).toBe(8);
  expect(availabilityOf('lesson', workers)).toMatchObject({ type: 'available', provider: 'openai', model: 'a', answers: undefined });

  await first.leave();
  const left = await read();
  expect(concurrencyOf(left)).toBe(5);
  expect(availabilityOf('lesson', left)).toMatchObject({ type: 'available', provider: 'openai', model: 'b', answers: 'openai b' });
});

test('a worker that dies is live no more once its lease is over, and says nothing of itself', async () => {
  const { store, redis, keys, enter } = await setUp();
  await enter('1', worker('dies', { lesson: can('openai') })).register();
  const afterLease = createWorkerDirectory(store, { leaseMs: -1, keptMs: 600_000 });
  expect((await afterLease()).map(({ live }) => live)).toEqual([false]);
  expect(availabilityOf('lesson', await afterLease())).toMatchObject({ type: 'available', answers: undefined });
  const afterGrace = createWorkerDirectory(store, { leaseMs: -1, keptMs: -1 });
  expect(await afterGrace()).toEqual([]);
  expect([await redis.exists(keys.workers), await redis.exists(keys.workersSeen)]).toEqual([0, 0]);
});

test('a heartbeat keeps a worker live', async () => {
  const { redis, keys, enter } = await setUp();
  await enter('1', worker('beats', {}), { leaseMs: 30, keptMs: 600_000 }).register();
  const first = Number(await redis.zscore(keys.workersSeen, '1'));
  await expect.poll(async () => Number(await redis.zscore(keys.workersSeen, '1'))).toBeGreaterThan(first);
});

test.each<[string, WorkerDescription[], object]>([
  ['no worker is known', [], { type: 'unknown' }],
  [
    'none can do it',
    [worker('a', { lesson: { available: false, missing: ['B', 'A'] } })],
    { type: 'unavailable', missing: ['B', 'A'], lacking: [] },
  ],
  ['none has heard of it', [worker('a', {})], { type: 'unavailable', missing: [], lacking: [] }],
  [
    'one of two can do it',
    [worker('a', { lesson: { available: false, missing: ['A'] } }), worker('b', { lesson: can('x') })],
    { type: 'available', provider: 'x', model: undefined, answers: 'x undefined', accepts: [[]], billings: [{}], ends: [] },
  ],
])('availability, where %s', (_, workers, expected) => {
  expect(
    availabilityOf(
      'lesson',
      workers.map((description) => ({ ...description, live: true })),
    ),
  ).toEqual(expected);
});

test('entries that are no descriptions are no workers', async () => {
  const { redis, keys, read, enter } = await setUp();
  await enter('1', worker('good', {})).register();
  for (const [id, text] of Object.entries({ a: 'x', b: 'null', c: '{}', d: '{"name":"d","concurrency":"3","kinds":null}' })) {
    await redis.hset(keys.workers, id, text);
    await redis.zadd(keys.workersSeen, Date.now(), id);
  }
  expect((await read()).map(({ name }) => name)).toEqual(['good']);
});

test('a Redis that fails is told, and the worker knows that it is not registered', async () => {
  const { redis, errors, enter } = await setUp();
  const registration = enter('1', worker('a', {}));
  redis.disconnect();
  await registration.register();
  expect(registration.registered).toBe(false);
  expect(errors).toHaveLength(1);
});

test('with an input only workers count that need nothing which it lacks; what is lacking and missing is told', async () => {
  const { enter, read } = await setUp();
  const withContent = { ...can('offline'), needs: ['content'], missing: ['A_KEY'] };
  const offline = enter('1', worker('offline', { lesson: withContent }));
  await offline.register();
  const both = async (input?: object) => availabilityOf('lesson', await read(), input);
  expect(await both()).toMatchObject({ type: 'available', provider: 'offline', needs: ['content'] });
  expect(await both({ content: 'x' })).toMatchObject({ type: 'available', provider: 'offline' });
  expect(await both({ topic: 'x' })).toEqual({ type: 'unavailable', missing: ['A_KEY'], lacking: ['content'] });

  const model = enter('2', worker('model', { lesson: can('openai') }));
  await model.register();
  expect(await both({ topic: 'x' })).toMatchObject({ type: 'available', provider: 'openai', answers: 'openai undefined' });
  expect(await both({ content: 'x' })).toMatchObject({ type: 'available', answers: undefined });
});
