/** The registry of processes: what all of them know, also while older versions live that are not in it. */
import { Worker } from 'bullmq';
import { expect, inject, onTestFinished, test } from 'vitest';
import { NOTIFIER_NAME, ProcessRegistry, type ProcessOptions } from '../../src/jobs/process-registry.ts';
import { Registration } from '../../src/jobs/worker-registry.ts';
import { NOTIFICATIONS } from '../../src/store/keys.ts';
import { connect } from '../../src/store/redis-connection.ts';
import { openQueue } from '../support/queue.ts';

const FEATURE = 'short-rows';
const TIMES = { leaseMs: 60_000, keptMs: 600_000 };

async function setUp() {
  const { store, redis, keys, keyPrefix } = await openQueue();
  const errors: unknown[] = [];
  const enter = async (id: string, more: Partial<ProcessOptions> = {}) => {
    const registry = new ProcessRegistry(store, { id, times: TIMES, onError: (error) => errors.push(error), ...more });
    onTestFinished(() => registry.leave());
    await registry.enter();
    return registry;
  };
  /** A worker's entry in the registry of workers. */
  const enterWorker = async (id: string, knows?: readonly string[]) => {
    const description = { name: id, version: '1', concurrency: 3, kinds: {}, ...(knows && { knows }) };
    const registration = new Registration(store, id, description, (error) => errors.push(error), TIMES);
    onTestFinished(() => registration.leave());
    await registration.register();
    return registration;
  };
  return { store, redis, keys, keyPrefix, errors, enter, enterWorker };
}

test('what all processes know is agreed, from when they have entered', async () => {
  const { store, enter, enterWorker } = await setUp();
  const unentered = new ProcessRegistry(store, { id: 'x', onError: () => {} });
  expect(await unentered.agreed(FEATURE)).toBe(false);
  const first = await enter('1');
  expect(await first.agreed(FEATURE)).toBe(true);
  const second = await enter('2');
  await enterWorker('2', [FEATURE]);
  await enterWorker('alone', ['more', FEATURE]);
  expect(await (await enter('3')).agreed(FEATURE, 86_400_000)).toBe(true);
  await second.leave();
  expect(await second.agreed(FEATURE)).toBe(false);
});

test.each<[string, (parts: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>]>([
  ['a process of a version that registers, and knows less', ({ enter }) => enter('other', { knows: ['other'] })],
  ['a worker of a version that says nothing of what it knows', ({ enterWorker }) => enterWorker('worker')],
  ['a worker that knows less', ({ enterWorker }) => enterWorker('worker', ['other'])],
])('nothing is agreed while there is %s', async (_, add) => {
  const parts = await setUp();
  await add(parts);
  expect(await (await parts.enter('1')).agreed(FEATURE)).toBe(false);
});

test('an API that is in no registry is found among the clients of Redis, and a new one is not taken for it', async () => {
  const { enter, keyPrefix } = await setUp();
  const open = async (name?: string) => {
    const connection = connect(inject('redisUrl'), 'wait', () => {});
    const worker = new Worker(NOTIFICATIONS, async () => {}, { connection, prefix: keyPrefix, ...(name !== undefined && { name }) });
    const close = async () => {
      await worker.close(true);
      connection.disconnect();
    };
    onTestFinished(close);
    await worker.waitUntilReady();
    return close;
  };
  await open(NOTIFIER_NAME);
  expect(await (await enter('1')).agreed(FEATURE)).toBe(true);
  const close = await open();
  await expect.poll(async () => (await enter('2')).agreed(FEATURE, 0)).toBe(false);
  await close();
  await expect.poll(async () => (await enter('3')).agreed(FEATURE, 0)).toBe(true);
  expect(await (await enter('4')).agreed(FEATURE)).toBe(false); // it was seen within the lease
});

test('a process that lacked it counts until it was gone for so long', async () => {
  const { enter, enterWorker, redis, keys } = await setUp();
  const other = await enter('other', { knows: [] });
  const worker = await enterWorker('worker');
  await other.leave();
  await worker.leave();
  await expect.poll(async () => (await enter('1')).agreed(FEATURE, 0)).toBe(true);
  expect(await (await enter('2')).agreed(FEATURE)).toBe(false);
  // it is remembered although the entries are gone
  await redis.del(keys.processes, keys.processesKnow, keys.workers, keys.workersSeen);
  await expect.poll(async () => (await enter('3')).agreed(FEATURE, 0)).toBe(true);
  expect(await (await enter('4')).agreed(FEATURE)).toBe(false);
});

test('a worker that has just stopped is not taken for an older one', async () => {
  const { enter, enterWorker } = await setUp();
  const process = await enter('1');
  const worker = await enterWorker('1', [FEATURE]);
  await worker.leave();
  await process.leave();
  expect(await (await enter('2')).agreed(FEATURE, 86_400_000)).toBe(true);
});

test('nothing is agreed while Redis is away, and what holds nonsense is begun anew', async () => {
  const { enter, redis, keys, errors } = await setUp();
  for (const key of [keys.processes, keys.processesKnow, keys.processesLacked, keys.workersSeen]) await redis.set(key, 'x');
  expect(await (await enter('1')).agreed(FEATURE)).toBe(true);
  expect(errors).toEqual([]);
  const registry = await enter('2', { times: { leaseMs: 60_000, keptMs: 600_000 } });
  redis.disconnect();
  await registry.enter();
  expect(errors).toHaveLength(1);
  expect(await registry.agreed(FEATURE)).toBe(false);
});

test('a user of Redis that may not list its clients goes by the registries', async () => {
  const { enter, redis, errors } = await setUp();
  await redis.acl('SETUSER', 'no-list', 'on', 'nopass', '~*', '+@all', '-client|list').catch(() => {});
  await redis.auth('no-list', 'x');
  onTestFinished(async () => void (await redis.call('AUTH', 'default', '').catch(() => {})));
  expect(await (await enter('1')).agreed(FEATURE)).toBe(true);
  await (await enter('2', { knows: [] })).enter();
  expect(await (await enter('3')).agreed(FEATURE)).toBe(false);
  expect(errors).toEqual([]);
});
