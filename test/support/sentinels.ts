/** A master, its replicas and the sentinels that watch them, of a test's own: to be killed, frozen, cut off and failed over. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { freePort } from './ports.ts';
import { startProxy } from './proxy.ts';
import { killNow, type OwnRedis, ownRedis, PASSWORD } from './redis.ts';

/** What the sentinels call the master. */
export const MASTER_NAME = 'main';

/** A server that may be the master. */
export type RedisNode = OwnRedis & {
  /** The port at which processes reach it, where that is not its own. */
  outside?: number;
  /** Where there is a proxy: lets nothing more through, without a word, and lets nobody in. The sentinels still reach it. */
  cutOff(): Promise<void>;
  mend(): void;
};

/** A sentinel. */
export type SentinelProcess = { port: number; tlsPort?: number; kill(): Promise<void>; command(...words: string[]): Promise<unknown> };

/** Servers under sentinels. */
export type SentinelSet = {
  /** The address of the master by all sentinels, with the user of {@link OwnRedis.url}. */
  url: string;
  nodes: RedisNode[];
  sentinels: SentinelProcess[];
  /** Sets for how long a master has to be silent to count as down. A busy machine is no failure, unless it is to be one. */
  downAfter(ms: number): Promise<void>;
  /** The server that the newest sentinel names. */
  master(): Promise<RedisNode>;
  /** Resolves once all sentinels name another server than this one. */
  movedFrom(node: RedisNode): Promise<void>;
  /** Has a replica promoted while the master works. `pauseMs`: for how long the master takes no writes before; without it what it takes meanwhile is lost. */
  failOver(options?: { pauseMs?: number }): Promise<void>;
};

/** Files of a key and of its certificate, which is its own authority. */
export type Certificate = { key: string; cert: string };

/** How many there are, and how they are reached. */
export type SentinelOptions = {
  replicas?: number;
  sentinels?: number;
  /** Whether processes reach each server over a proxy, which the address names (`natMap`). */
  proxied?: boolean;
  /** The sentinels' own password. */
  password?: string;
  /** Has sentinels and servers speak TLS, at ports of their own. */
  tls?: Certificate;
};

/** Starts them; they go with the test. A master counts as down after 2 s. */
export async function startSentinels(options: SentinelOptions = {}): Promise<SentinelSet> {
  const { replicas = 2, sentinels: count = 3 } = options;
  const first = await startNode(options);
  const others = await Promise.all(Array.from({ length: replicas }, () => startNode(options, first.port)));
  const nodes = [first, ...others];
  const quorum = Math.floor(count / 2) + 1;
  const sentinels = await Promise.all(Array.from({ length: count }, () => startSentinel(first.port, quorum, options)));

  const isComplete = async ({ command }: SentinelProcess): Promise<number[]> => {
    const facts = (await command('SENTINEL', 'MASTER', MASTER_NAME)) as string[];
    return ['num-slaves', 'num-other-sentinels'].map((name) => Number(facts[facts.indexOf(name) + 1]));
  };
  await expect.poll(async () => String(await first.command('INFO', 'replication')).match(/state=online/g)?.length ?? 0).toBe(replicas);
  for (const sentinel of sentinels) await expect.poll(() => isComplete(sentinel)).toEqual([replicas, count - 1]);

  const master = async (): Promise<RedisNode> => {
    const all = await Promise.all(sentinels.map(named));
    const newest = all.toSorted((one, other) => other.epoch - one.epoch)[0];
    return nodes.find(({ port }) => port === newest?.port) as RedisNode;
  };
  const movedFrom = async (node: RedisNode) => {
    await expect.poll(async () => (await Promise.all(sentinels.map(named))).map(({ port }) => port)).not.toContain(node.port);
  };
  return {
    url: urlOf(nodes, sentinels, options),
    nodes,
    sentinels,
    async downAfter(ms) {
      for (const { command } of sentinels) await command('SENTINEL', 'SET', MASTER_NAME, 'down-after-milliseconds', String(ms));
    },
    master,
    movedFrom,
    async failOver({ pauseMs } = {}) {
      const old = await master();
      if (pauseMs !== undefined) await old.command('CLIENT', 'PAUSE', pauseMs, 'WRITE');
      await sentinels[0]?.command('SENTINEL', 'FAILOVER', MASTER_NAME);
      await movedFrom(old);
    },
  };
}

function urlOf(nodes: RedisNode[], sentinels: SentinelProcess[], { password, tls }: SentinelOptions): string {
  const hosts = sentinels.map(({ port, tlsPort = port }) => `127.0.0.1:${tlsPort}`).join();
  const natMap = nodes.flatMap(({ port, outside }) => (outside === undefined ? [] : [`127.0.0.1:${port}=127.0.0.1:${outside}`])).join();
  const query = new URLSearchParams({ ...(password !== undefined && { sentinelPassword: password }), ...(natMap !== '' && { natMap }) });
  return `${tls ? 'rediss' : 'redis'}+sentinel://app:${PASSWORD}@${hosts}/${MASTER_NAME}/0?${query.toString()}`;
}

/** The master's port by a sentinel, and the number of the failover that made it the master. */
async function named({ command }: SentinelProcess): Promise<{ port: number; epoch: number }> {
  const [facts, address] = (await Promise.all([
    command('SENTINEL', 'MASTER', MASTER_NAME),
    command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME),
  ])) as [string[], string[]];
  return { port: Number(address[1]), epoch: Number(facts[facts.indexOf('config-epoch') + 1]) };
}

async function startNode({ proxied = false, tls }: SentinelOptions, masterPort?: number): Promise<RedisNode> {
  const follow = masterPort === undefined ? [] : ['--replicaof', `127.0.0.1 ${masterPort}`];
  const tlsPort = tls && (await freePort());
  const redis = await ownRedis('everysec', [...follow, '--repl-diskless-sync-delay', '0', ...tlsSettings(tls, tlsPort).flatMap(asOption)]);
  const proxy = proxied ? await startProxy(redis.port) : undefined;
  const outside = proxy?.port ?? tlsPort;
  return {
    ...redis,
    ...(outside !== undefined && { outside }),
    async cutOff() {
      proxy?.target(await freePort());
      proxy?.vanish();
    },
    mend: () => proxy?.target(redis.port),
  };
}

async function startSentinel(masterPort: number, quorum: number, { password, tls }: SentinelOptions): Promise<SentinelProcess> {
  const port = await freePort();
  const tlsPort = tls && (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const settings: [string, string][] = [
    ['port', String(port)],
    ['bind', '127.0.0.1'],
    ['dir', folder],
    ...tlsSettings(tls, tlsPort),
    ['sentinel', `monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${quorum}`],
    ['sentinel', `down-after-milliseconds ${MASTER_NAME} 2000`],
    ['sentinel', `failover-timeout ${MASTER_NAME} 10000`],
    ...(password === undefined
      ? []
      : ([
          ['requirepass', password],
          ['sentinel', `sentinel-pass ${password}`],
        ] as [string, string][])),
  ];
  await writeFile(file, settings.map((words) => `${words.join(' ')}\n`).join(''));
  const server: ChildProcess = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  const kill = () => killNow(server);
  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });
  const command = async (...[name = '', ...words]: string[]): Promise<unknown> => {
    const operator = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, protocol: 2, ...(password !== undefined && { password }) });
    operator.on('error', () => {}); // until it listens
    try {
      return await operator.call(name, ...words);
    } finally {
      operator.disconnect();
    }
  };
  const isUp = await Promise.race([command('PING'), once(server, 'exit').then(() => undefined)]);
  if (isUp === undefined) throw new Error('the sentinel ended before it served');
  return { port, ...(tlsPort !== undefined && { tlsPort }), kill, command };
}

function tlsSettings(tls: Certificate | undefined, port: number | undefined): [string, string][] {
  if (!tls) return [];
  const files: [string, string][] = [
    ['tls-cert-file', tls.cert],
    ['tls-key-file', tls.key],
    ['tls-ca-cert-file', tls.cert],
  ];
  return [['tls-port', String(port)], ...files, ['tls-auth-clients', 'no']];
}

const asOption = ([name, value]: [string, string]): string[] => [`--${name}`, value];
