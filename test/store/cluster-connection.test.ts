/** Connections to a cluster: each command comes to its end in time, whatever becomes of the node that has its slot. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { optionsFor } from '../../src/store/cluster-connection.ts';
import { connect, readyWithin } from '../../src/store/redis-connection.ts';
import { nodeWith } from '../../src/store/slot-node.ts';
import { NodeError, storeTrouble } from '../../src/store/store-trouble.ts';
import { type OwnCluster, ownCluster } from '../support/cluster.ts';
import { openOwnStore } from '../support/own-store.ts';
import { newPrefix } from '../support/stack.ts';
import { WAIT_MS } from '../support/waits.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

const nowhere = { type: 'cluster', login: {}, tls: false, natMap: {} } as const;
const unheard = () => {};

test.each([
  ['fail', { enableOfflineQueue: false, maxRedirections: 16 }, { commandTimeout: 750, maxRetriesPerRequest: 0 }],
  ['wait', { enableOfflineQueue: true, maxRedirections: Infinity }, { maxRetriesPerRequest: null, socketTimeout: 5000 }],
  ['block', { enableOfflineQueue: true, maxRedirections: Infinity }, { maxRetriesPerRequest: null, socketTimeout: 8000 }],
] as const)('a connection of the class %s is given up as its commands are', (onOutage, ofCluster, ofNodes) => {
  const { redisOptions, ...options } = optionsFor(nowhere, onOutage, unheard);
  expect(options).toMatchObject({ ...ofCluster, retryDelayOnFailover: 100, slotsRefreshInterval: 5000 });
  expect(redisOptions).toMatchObject(ofNodes);
  expect(redisOptions?.tls).toBeUndefined();
  expect('commandTimeout' in (redisOptions ?? {})).toBe(onOutage === 'fail');
});

test('what the address says goes to each node: login, TLS, other addresses, and the patience of requests; names stay names', () => {
  const natMap = { '10.0.0.1:6379': { host: 'outside', port: 7000 } };
  const login = { username: 'app', password: 'secret' };
  const options = optionsFor({ ...nowhere, login, tls: true, natMap, commandTimeoutMs: 200 }, 'fail', unheard);
  expect(options).toMatchObject({ natMap, redisOptions: { ...login, tls: {}, commandTimeout: 200 } });
  options.dnsLookup?.('clustercfg.example', (error, host) => expect([error, host]).toEqual([null, 'clustercfg.example']));
});

/** Whether a command waits for news at the master of a key. */
async function isBlocked(cluster: OwnCluster, key: string): Promise<boolean> {
  return String(await cluster.command(await cluster.ownerOf(key), 'INFO', 'clients')).includes('blocked_clients:1');
}

/** Connections of each class, which are ready. */
async function connectAll(cluster: OwnCluster, onError: (error: Error) => void = unheard) {
  const [fail, wait, block] = (['fail', 'wait', 'block'] as const).map((onOutage) => {
    const redis = connect(cluster.url, onOutage, onError);
    onTestFinished(() => redis.disconnect());
    return redis;
  }) as [ReturnType<typeof connect>, ReturnType<typeof connect>, ReturnType<typeof connect>];
  for (const redis of [fail, wait, block]) expect(await readyWithin(redis, WAIT_MS)).toBe(true);
  return { fail, wait, block };
}

test.runIf(hasRedis)('the master of our slot dies: requests are refused, work waits, and all goes on with its replica', async () => {
  const cluster = await ownCluster();
  const key = `${newPrefix()}:key`;
  const errors: Error[] = [];
  const { fail, wait, block } = await connectAll(cluster, (error) => errors.push(error));
  await wait.set(key, 'before');
  expect(await fail.get(key)).toBe('before');
  const owner = await cluster.ownerOf(key);
  expect((nodeWith(fail, key).options as { port?: number }).port).toBe(owner);

  await cluster.kill(owner);
  const refused = await fail.set(key, 'refused').catch((error: unknown) => error);
  expect(storeTrouble(refused)).toEqual({ type: 'away' });
  expect(await block.bzpopmin(`${key}:marker`, 1), 'no news come from a dead node').toBeNull();
  await Promise.all(Array.from({ length: 200 }, (_, n) => wait.hset(`${key}:hash`, String(n), n))); // none is given up, however often it is sent
  expect(await wait.hlen(`${key}:hash`)).toBe(200);
  await expect.poll(() => fail.get(key).catch(storeTrouble)).toBe('before');
  const news = block.bzpopmin(`${key}:marker`, 3);
  await wait.zadd(`${key}:marker`, 1, 'job');
  expect(await news).toEqual([`${key}:marker`, 'job', '1']);
  expect((nodeWith(fail, key).options as { port?: number }).port).toBe(await cluster.ownerOf(key));
  const others = errors.filter((error) => !(error instanceof NodeError) && storeTrouble(error)?.type !== 'away');
  expect(others, 'all that is told is trouble of Redis').toEqual([]);
});

test.runIf(hasRedis)(
  'the master of our slot stands still: what waits for news hears of none, and each connection can be closed',
  async () => {
    const cluster = await ownCluster();
    const key = `${newPrefix()}:key`;
    const { fail, wait, block } = await connectAll(cluster);
    await Promise.all([fail, wait, block].map((redis) => redis.set(key, 'before')));
    cluster.freeze(await cluster.ownerOf(key));
    expect(await block.bzpopmin(`${key}:marker`, 1)).toBeNull();
    expect(storeTrouble(await fail.get(key).catch((error: unknown) => error))).toEqual({ type: 'away' });
    await wait.set(key, 'later'); // once another one is elected
    await expect.poll(() => fail.get(key).catch(storeTrouble)).toBe('later');
    const news = block.bzpopmin(`${key}:marker`, 0).catch((error: unknown) => error);
    await expect.poll(() => isBlocked(cluster, key)).toBe(true);
    const ends = [fail, wait, block].map((redis) => once(redis, 'end'));
    for (const redis of [fail, wait, block]) redis.disconnect();
    await Promise.all(ends);
    expect(await news, 'it does not wait any more').toMatchObject({ message: 'Connection is closed.' });
  },
);

const open = (url: string) => openOwnStore(url, { mayEvict: false });

test.runIf(hasRedis)('a store of a cluster: another master is none of its concern, and one node alone is refused in words', async () => {
  const cluster = await ownCluster();
  const [first = 0] = cluster.ports;
  await expect(open(`redis://127.0.0.1:${first}`)).rejects.toThrow(
    'REDIS_URL leads to a Redis cluster: name some of its nodes, as redis+cluster://',
  );

  const { store, lines } = await open(cluster.url);
  const key = store.keys.probe;
  const [other = 0] = await cluster.othersThan(key);
  await cluster.kill(other);
  await cluster.whole();
  expect(await store.monitor.probe()).toBeUndefined();
  expect(lines).toEqual([]);

  const refused = await open(cluster.url.replace(/:[^:@]+@/, ':another@'));
  await expect.poll(() => refused.store.monitor.probe()).toEqual({ type: 'refuses', code: 'WRONGPASS' });
});
