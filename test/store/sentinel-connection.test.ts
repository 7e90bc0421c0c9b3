/** Connections to the master that sentinels name: they follow it, and say in words what is wrong. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { OnOutage } from '../../src/store/patience.ts';
import { connect, readyWithin } from '../../src/store/redis-connection.ts';
import { Sentinel, type SentinelAddress } from '../../src/store/sentinel.ts';
import { connectorTo } from '../../src/store/sentinel-connector.ts';
import { type HostAndPort, readStoreAddress } from '../../src/store/store-address.ts';
import { ProcessStore } from '../../src/store/store.ts';
import { storeTrouble } from '../../src/store/store-trouble.ts';
import { freePort } from '../support/ports.ts';
import { ownRedis, PASSWORD } from '../support/redis.ts';
import { MASTER_NAME, type SentinelOptions, startSentinels } from '../support/sentinels.ts';
import { newPrefix } from '../support/stack.ts';
import { WAIT_MS } from '../support/waits.ts';

/** Opens a connection of the test's, which must be ready. */
async function open(url: string, onOutage: OnOutage, onError: (error: Error) => void = () => {}): Promise<Redis> {
  const redis = connect(url, onOutage, onError) as Redis;
  onTestFinished(() => redis.disconnect());
  expect(await readyWithin(redis, WAIT_MS)).toBe(true);
  return redis;
}

/** Opens a store of the test's; resolves after the start's wait for Redis, with the lines of its log. */
async function openStore(url: string) {
  const lines: Record<string, unknown>[] = [];
  const write = (fields: unknown, msg?: string) => void lines.push({ ...(typeof fields === 'object' && fields), msg });
  const store = await ProcessStore.open({
    url,
    keyPrefix: newPrefix(),
    mayEvict: true,
    log: { info: write, warn: write },
    logError: (source, error) => void lines.push({ source, error }),
    onUnusable: (error) => void lines.push({ error }),
  });
  onTestFinished(() => store.close());
  return { store, lines };
}

const portOf = async (redis: Redis) => Number(/tcp_port:(\d+)/.exec(await redis.info('server'))?.[1]);

test('a replica is left again, and so is a master that was demoted', () => {
  const Connector = connectorTo({ master: async () => ({ host: '', port: 0 }), hold: () => {} });
  const connector = new Connector({ disconnectTimeout: 0 });
  expect([{ role: 'slave' }, { role: 'master' }, {}].map((info) => connector.check(info))).toEqual([false, true, true]);
});

describe.runIf(spawnSync('redis-server', ['--version']).status === 0)('redis+sentinel://', () => {
  test('all connections, and their duplicates, go along when another server becomes the master', async () => {
    const set = await startSentinels({ proxied: true });
    const [fail, wait] = await Promise.all([open(set.url, 'fail'), open(set.url, 'wait')]);
    const twin = wait.duplicate({ connectionName: 'twin' });
    onTestFinished(() => twin.disconnect());
    const old = await set.master();
    expect(await Promise.all([fail, wait, twin].map(portOf))).toEqual([old.port, old.port, old.port]);

    const popped = twin.blpop('list', 0);
    await set.failOver({ pauseMs: 6000 });
    const { port } = await set.master();
    expect(port).not.toBe(old.port);
    for (const redis of [fail, wait]) await expect.poll(() => portOf(redis).catch(() => 0)).toBe(port);
    await wait.rpush('list', 'kept');
    expect(await popped).toEqual(['list', 'kept']);
  });

  test("the user and the database are the master's, the password of the sentinels is their own; a master that is known stays in use without sentinels", async () => {
    const set = await startSentinels({ replicas: 0, sentinels: 2, password: 'of-the-sentinels' });
    const errors: Error[] = [];
    const redis = await open(set.url.replace(`/${MASTER_NAME}/0?`, `/${MASTER_NAME}/2?`), 'wait', (error) => void errors.push(error));
    const seen = await redis.client('INFO');
    expect(seen).toContain(' db=2 ');
    expect(seen).toContain(' user=app ');

    for (const sentinel of set.sentinels) await sentinel.kill();
    await expect
      .poll(() => errors.map(({ message }) => message))
      .toEqual([expect.stringContaining('The master that is known stays in use.')]);
    expect(errors.map(storeTrouble)).toEqual([undefined]); // Redis is well
    const id = await redis.client('ID');
    await set.nodes[0]?.command('CLIENT', 'KILL', 'ID', id);
    await expect.poll(() => redis.client('ID')).not.toBe(id);
    expect(errors).toHaveLength(1);
  });

  test('the way is encrypted to sentinels and servers where the address says rediss', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-tls-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=redis',
    ];
    execFileSync('openssl', [...made, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const set = await startSentinels({ replicas: 0, sentinels: 1, tls: { key, cert } });
    const script = `
      import { connect, readyWithin } from '${new URL('../../src/store/redis-connection.ts', import.meta.url).href}';
      const redis = connect(process.argv[1], 'wait', (error) => console.error(error.message));
      if (!(await readyWithin(redis, ${WAIT_MS}))) process.exit(1);
      console.log(redis.stream.encrypted, await redis.ping());
      redis.disconnect();`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, set.url], {
      env: { NODE_EXTRA_CA_CERTS: cert },
    });
    expect(set.url).toMatch(/^rediss\+sentinel:/);
    expect(await run).toEqual({ stdout: 'true PONG\n', stderr: '' }); // and the process has ended by itself
  });

  test('a sentinel that tells of something is asked at once', async () => {
    const { url, sentinels } = await startSentinels({ replicas: 0, sentinels: 1 });
    const address = readStoreAddress(url) as SentinelAddress;
    let answers = 0;
    const sentinel = new Sentinel(address.hosts[0] as HostAndPort, address, () => answers++);
    onTestFinished(() => sentinel.close());
    const set = async () => {
      await sentinels[0]?.command('SENTINEL', 'SET', MASTER_NAME, 'quorum', '1'); // it tells of that
      return answers;
    };
    await expect.poll(set).toBeGreaterThan(1); // nothing else asks it
  });

  test('where nobody knows the master, the log says why in one sentence, and Redis counts as away', async () => {
    const one = { replicas: 0, sentinels: 1 };
    const closed = `127.0.0.1:${await freePort()}`;
    const of = async (options: SentinelOptions = {}) => `127.0.0.1:${(await startSentinels({ ...one, ...options })).sentinels[0]?.port}`;
    const guarded = await of({ password: 'right' });
    const troubles: [place: string, sentence: RegExp][] = [
      [`${closed},${closed}/main`, /^No sentinel in REDIS_URL can be reached \(connect ECONNREFUSED/],
      [`${await of()}/other`, /^No sentinel knows a master called "other"/],
      [`${guarded}/main?sentinelPassword=wrong`, /^The sentinels refuse the login/],
      [`${guarded}/main`, /^The sentinels refuse the login/],
      [`127.0.0.1:${(await ownRedis()).port}/main`, /^What answers .* is no sentinel/],
    ];
    const seen = await Promise.all(
      troubles.map(async ([place]) => {
        const { store, lines } = await openStore(`redis+sentinel://app:${PASSWORD}@${place}`);
        expect(JSON.stringify(lines)).not.toContain(PASSWORD);
        expect(await store.monitor.probe()).toMatchObject({ type: 'away' });
        return lines.filter(({ why }) => why !== undefined);
      }),
    );
    expect(seen).toEqual(troubles.map(([, sentence]) => [{ trouble: 'away', why: expect.stringMatching(sentence), msg: 'redis: away' }]));
  });

  test('a connection that is closed while nobody knows the master ends, and so does its process', async () => {
    const script = `
      import { connect } from '${new URL('../../src/store/redis-connection.ts', import.meta.url).href}';
      const redis = connect(process.argv[1], 'wait', () => redis.disconnect());
      redis.ping().catch(({ message }) => console.log(message));`;
    const url = `redis+sentinel://127.0.0.1:${await freePort()}/main`;
    const run = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, url]);
    expect(run).toEqual({ stdout: 'Connection is closed.\n', stderr: '' });
  });
});
