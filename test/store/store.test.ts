/** The way to Redis: addresses that lead elsewhere, and what a process knows of Redis' health. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedStore } from '../../src/embedded/start.ts';
import { SharedBreaker } from '../../worker/run/shared-breaker.ts';
import { whyUnusable } from '../../src/store/store-facts.ts';
import { openOwnStore } from '../support/own-store.ts';
import { freePort } from '../support/ports.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd } from '../support/sse.ts';
import { newPrefix, startProcess, startStack } from '../support/stack.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** Starts redis-server in another mode than that of a single server; it goes with the test. */
async function startRedis(mode: 'cluster' | 'sentinel'): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-redis-'));
  const file = join(folder, 'redis.conf');
  const settings = { cluster: 'cluster-enabled yes\nsave ""', sentinel: 'sentinel monitor main 127.0.0.1 9 1' };
  await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n${settings[mode]}\n`);
  const server: ChildProcess = spawn('redis-server', [file, ...(mode === 'sentinel' ? ['--sentinel'] : [])], { stdio: 'ignore' });
  onTestFinished(async () => {
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true });
  });
  const probe = new Redis(port, '127.0.0.1').on('error', () => {}); // until it listens
  await probe.ping();
  probe.disconnect();
  return port;
}

test.runIf(hasRedis).each(['cluster', 'sentinel'] as const)(
  'an address that leads to a %s is refused at the start, in words',
  async (mode) => {
    const port = await startRedis(mode);
    for (const file of ['src/main.ts', 'worker/main.ts']) {
      const started = startProcess(file, {
        REDIS_URL: `redis://127.0.0.1:${port}`,
        AI_PROVIDER: 'offline',
        PORT: '0',
        WORKER_HEALTH_PORT: '0',
      });
      await expect(started).rejects.toThrow(new RegExp(`REDIS_URL leads to a Redis ${mode}`));
    }
  },
);

/** A store that this test alone may hurt, and the lines that are logged of it. */
const open = (url: string, mayEvict = true) => openOwnStore(url, { mayEvict });

test.runIf(hasRedis).each([
  ['noeviction', '100mb', false],
  ['allkeys-lru', '0', false], // without a limit nothing is dropped
  ['allkeys-lru', '100mb', true],
  ['volatile-ttl', '100mb', true],
])('a Redis with the policy %s and maxmemory %s is warned of: %s', async (policy, maxmemory, warns) => {
  const redis = await ownRedis();
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', policy);
  await redis.command('CONFIG', 'SET', 'maxmemory', maxmemory);
  const { store, lines } = await open(redis.url);
  const words = warns ? [expect.stringContaining(`maxmemory-policy ${policy}`)] : [];
  expect(store.warnings()).toEqual(words);
  expect(lines.map(({ msg }) => msg)).toEqual(words);
  if (warns) await expect(open(redis.url, false)).rejects.toThrow(/^REDIS_URL: Redis evicts keys .*REDIS_ALLOW_EVICTION=true/);
  else await open(redis.url, false);

  // What the operator mends, or breaks, is seen at the next connection, and never ends a process that has started.
  const changed = policy === 'noeviction' ? 'allkeys-lfu' : 'noeviction';
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', changed);
  await redis.command('CONFIG', 'SET', 'maxmemory', '100mb');
  await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
  await expect.poll(() => store.warnings().length).toBe(changed === 'noeviction' ? 0 : 1);
  expect(lines.filter(({ error }) => error)).toEqual([]);
});

test.runIf(hasRedis)('a login that Redis refuses stays the reason, although its connections end', async () => {
  const redis = await ownRedis();
  const wrong = new URL(redis.url);
  wrong.password = 'another';
  const { store, lines } = await open(wrong.href);
  await expect.poll(() => store.monitor.trouble()).toEqual({ type: 'refuses', code: 'WRONGPASS' });
  for (const connections of [1, 2, 3]) {
    await expect(store.redis.ping(), String(connections)).rejects.toBeInstanceOf(Error);
    expect(await store.monitor.probe()).toEqual({ type: 'refuses', code: 'WRONGPASS' });
  }
  const [first, ...more] = lines.filter(({ msg }) => msg === 'redis: away').map(({ trouble }) => trouble);
  expect(['away', 'WRONGPASS']).toContain(first);
  expect(more.filter((trouble) => trouble !== 'WRONGPASS')).toEqual([]);
});

test.runIf(hasRedis)(
  'an API and a worker on a Redis that evicts say so, once each; production does not start on it unless told to',
  async () => {
    const redis = await ownRedis();
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    await redis.command('CONFIG', 'SET', 'maxmemory', '100mb');
    const env = { REDIS_URL: redis.url, AI_PROVIDER: 'offline', AUTH: 'trusted-header', PORT: '0', WORKER_HEALTH_PORT: '0' };
    const production = { ...env, NODE_ENV: 'production' };
    for (const file of ['src/main.ts', 'worker/main.ts']) {
      await expect(startProcess(file, production)).rejects.toThrow(/maxmemory-policy allkeys-lru.*REDIS_ALLOW_EVICTION=true/);
      for (const allowed of [env, { ...production, REDIS_ALLOW_EVICTION: 'true' }]) {
        const process = await startProcess(file, allowed);
        const warnings = [expect.stringContaining('maxmemory-policy allkeys-lru')];
        await expect.poll(async () => (await fetch(`${process.url}/ready`)).json()).toMatchObject({ warnings });
        expect(process.output().match(/allkeys-lru/g)).toHaveLength(1);
        expect(process.output()).not.toContain('IMPORTANT');
      }
    }
  },
);

test.runIf(hasRedis)('a Redis whose user lacks rights is refused at the start, by the names of all of them', async () => {
  const redis = await ownRedis();
  const rights = '-@all +@read +@write +@scripting +@connection +@transaction +@blocking -@dangerous'.split(' ');
  const url = (name: string) => redis.url.replace(/\/\/.*@/, `//${name}:secret@`);
  for (const [name, pattern, more, lacks] of [
    ['neither', '~*', [], '+info +time'],
    ['untimed', '~*', ['+info'], '+time'],
    ['silent', '~*', ['+time'], '+info'],
    ['reader', '~*', ['+info', '+time', '-@write'], '+@write +@blocking'],
    ['plain', '~*', ['+info', '+time', '-@scripting', '-@transaction'], '+@scripting +@transaction'],
    ['elsewhere', '~another:*', ['+info', '+time'], '~{PREFIX}:*'],
    ['beside', '~{PREFIX}:ai-jobs:*', ['+time'], '~{PREFIX}:* +info'],
  ] as const) {
    const keyPrefix = newPrefix();
    await redis.command('ACL', 'SETUSER', name, 'on', '>secret', pattern.replace('{PREFIX}', keyPrefix), ...rights, ...more);
    const wanted = lacks.replace('{PREFIX}', keyPrefix);
    await expect(openOwnStore(url(name), { keyPrefix }), name).rejects.toThrow(
      `REDIS_URL: Its user may not do all that is needed: give it ${wanted} (ACL SETUSER NAME ${wanted}).`,
    );
  }
  await redis.command('ACL', 'SETUSER', 'able', 'on', '>secret', '~{test-*', ...rights, '+info', '+time');
  const env = { REDIS_URL: url('able'), AI_PROVIDER: 'offline' };
  const stack = await startStack(env);
  await stack.startWorker();
  expect((await (await stack.watch(await stack.submit())).until(isEnd)).event).toBe('completed');
});

test.runIf(hasRedis)('all that is wrong with a server is told at once', async () => {
  const redis = await ownRedis();
  await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await redis.command('CONFIG', 'SET', 'maxmemory', '100mb');
  await redis.command('ACL', 'SETUSER', 'app', '-time');
  await expect(open(redis.url, false)).rejects.toThrow(
    /^REDIS_URL: 2 things are wrong with the server:\n {2}Its user .*give it \+time.*\n {2}Redis evicts keys .*REDIS_ALLOW_EVICTION=true/,
  );
});

test.each([
  [{ name: 'Redis 6.0.16', version: '6.0.16', lacks: [] }, 'REDIS_URL: It is Redis 6.0.16, and Redis 6.2 is the first'],
  [
    { name: 'Dragonfly 1.40.1', version: '7.4.0', declares: true, lacks: [] },
    'REDIS_URL: Its scripts may touch only keys that they declare',
  ],
  [{ name: 'Redis 5.0.1', version: '5.0.1', declares: true, lacks: ['+time'] }, 'REDIS_URL: 3 things are wrong with the server:'],
])('what is wrong with %o is a sentence', (facts, sentence) => {
  expect(whyUnusable(facts, true)?.message).toContain(sentence);
});

test.runIf(hasRedis)('a Redis without an append-only file is told of once', async () => {
  const redis = await ownRedis('saves');
  const { lines } = await open(redis.url);
  await redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
  await expect.poll(() => lines.length).toBeGreaterThanOrEqual(1);
  expect(lines.filter(({ msg }) => String(msg).includes('appendonly no'))).toHaveLength(1);
});

test.runIf(hasRedis)('what Redis refuses is told once, and done once it is well again', async () => {
  const redis = await ownRedis();
  const { store, lines } = await open(redis.url);
  expect(await store.monitor.probe()).toBeUndefined();

  await redis.command('CONFIG', 'SET', 'maxmemory', '1');
  const work = Promise.all(Array.from({ length: 50 }, (_, n) => store.monitor.retryWhileRefused(() => store.redis.set(`a${n}`, 'b'))));
  await expect.poll(() => store.monitor.trouble()).toEqual({ type: 'refuses', code: 'OOM' });
  expect(await store.monitor.probe()).toEqual({ type: 'refuses', code: 'OOM' });
  await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  expect(await work).toEqual(Array.from({ length: 50 }, () => 'OK'));
  expect(store.monitor.trouble()).toBeUndefined();
  expect(lines.map(({ msg, trouble }) => [msg, trouble])).toEqual([
    ['redis: away', 'OOM'],
    ['redis: back', 'OOM'],
  ]);
  expect(Number(lines[1]?.['errors'])).toBeGreaterThanOrEqual(50);
});

test.runIf(hasRedis)('a breaker that Redis refuses to ask holds a call back until Redis is well again, and fails none', async () => {
  const redis = await ownRedis();
  const { store } = await open(redis.url);
  const times = { failures: 1, openMs: 1, probeMs: 1, paceMs: 1 };
  const breaker = new SharedBreaker(store.connect('wait'), 'vendor', times);
  expect((await breaker.enter()).type).toBe('in');

  await redis.command('ACL', 'SETUSER', 'app', '-@all');
  const calls = Promise.all([breaker.enter(), breaker.succeeded(), breaker.leave(1)]);
  await expect.poll(() => store.monitor.trouble()).toEqual({ type: 'refuses', code: 'NOPERM' });
  await redis.command('ACL', 'SETUSER', 'app', '+@all');
  expect((await calls)[0].type).toBe('in');
});

test("errors that are not Redis' trouble are not waited for, and are logged", async () => {
  const embedded = await startEmbeddedStore();
  onTestFinished(() => embedded.stop());
  const { store, lines } = await open(embedded.url);
  await expect(store.monitor.retryWhileRefused(() => store.redis.call('NONSENSE'))).rejects.toThrow('unknown command');
  store.onError('here')(new Error('a bug'));
  expect(lines.filter(({ error }) => error)).toEqual([{ source: 'here', error: new Error('a bug') }]);
});

test('a Redis that goes is away, and one that comes is back', async () => {
  const embedded = await startEmbeddedStore();
  const { store, lines } = await open(embedded.url);
  await embedded.stop();
  await expect.poll(() => store.monitor.probe()).toEqual({ type: 'away' });
  expect(store.monitor.trouble()).toEqual({ type: 'away' });
  expect(lines.filter(({ msg }) => msg === 'redis: away')).toHaveLength(1);
});
