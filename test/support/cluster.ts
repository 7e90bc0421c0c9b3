/** A cluster of a test's own: three masters with a replica each, to be killed, frozen, failed over and resharded. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { freePort } from './ports.ts';
import { killNow, launchRedis, PASSWORD } from './redis.ts';

/** A node, as the cluster tells of it. */
export type ClusterNode = { id: string; port: number; role: 'master' | 'replica'; masterId?: string; failed: boolean; slots: string[] };

/** A cluster that one test alone may hurt. */
export type OwnCluster = {
  /** With the name and the password of a user that may do everything. */
  url: string;
  ports: readonly number[];
  /** Runs a command on a node, as an operator would. */
  command(port: number, ...words: (string | number)[]): Promise<unknown>;
  /** The port of the master that holds a key, as the nodes tell it that run. */
  ownerOf(key: string): Promise<number>;
  /** The ports of the masters that do not hold a key. */
  othersThan(key: string): Promise<number[]>;
  /** The port of a replica of a master. */
  replicaOf(port: number): Promise<number>;
  /** Kills a node, as a crash would; resolves once it is gone. */
  kill(port: number): Promise<void>;
  /** Starts it again, on what it has on disk. */
  start(port: number): Promise<void>;
  /** Stops a node where it stands: connections stay, nothing is answered. */
  freeze(port: number): void;
  thaw(port: number): void;
  /** Resolves once the nodes that run agree that all slots are served. */
  whole(): Promise<void>;
  /** Makes a replica the master, as `CLUSTER FAILOVER` does it in agreement with the old one. */
  failover(replica: number): Promise<void>;
  /** Moves the slot of a key from its master to another in one step, as the handbook says. */
  moveSlot(key: string, to: number): Promise<void>;
};

/** What the handbook moves a slot with. */
const MOVE_SLOT = readFileSync(new URL('../../deploy/redis-cluster/move-slot.lua', import.meta.url), 'utf8');

/** After how many ms without an answer the others count a node as failed. */
const NODE_TIMEOUT_MS = 2000;

const SLOTS = 16_384;
const MASTERS = 3;
const NODES = 2 * MASTERS;
const USER = ['--user', 'app', 'on', `>${PASSWORD}`, '~*', '&*', '+@all'];

/** Starts a cluster of the test's own; it goes with the test. `options`: for each node, besides. */
export async function ownCluster(options: string[] = []): Promise<OwnCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-cluster-'));
  const running = new Map<number, ChildProcess>();
  const operators = new Map<number, Redis>();
  const buses = new Map<number, number>();
  onTestFinished(async () => {
    for (const operator of operators.values()) operator.disconnect();
    await Promise.all([...running.keys()].map(kill));
    await rm(folder, { recursive: true });
  });

  const start = async (port: number): Promise<void> => {
    const home = join(folder, String(port));
    await mkdir(home, { recursive: true });
    const files = [
      '--appendonly',
      'yes',
      '--repl-diskless-sync-delay',
      '0',
      '--cluster-enabled',
      'yes',
      '--cluster-config-file',
      'nodes.conf',
    ];
    const times = ['--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--cluster-port', String(buses.get(port))];
    running.set(port, await launchRedis(port, home, [...files, ...times, ...USER, ...options]));
  };
  async function kill(port: number): Promise<void> {
    const server = running.get(port);
    running.delete(port);
    if (server) await killNow(server);
  }
  const command = (port: number, name: string | number, ...words: (string | number)[]): Promise<unknown> => {
    const operator = operators.get(port) ?? new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null }).on('error', () => {});
    operators.set(port, operator);
    return operator.call(String(name), ...words);
  };
  const frozen = new Set<number>();
  const serving = () => [...running.keys()].filter((port) => !frozen.has(port));
  const nodes = async (port = serving()[0] ?? 0): Promise<ClusterNode[]> => readNodes(String(await command(port, 'CLUSTER', 'NODES')));
  const nodeAt = async (port: number): Promise<ClusterNode> => {
    const node = (await nodes()).find((known) => known.port === port);
    if (!node) throw new Error(`the cluster knows no node at ${port}`);
    return node;
  };
  const slotOf = async (key: string) => Number(await command(serving()[0] ?? 0, 'CLUSTER', 'KEYSLOT', key));
  const ownerOf = async (key: string): Promise<number> => {
    const slot = await slotOf(key);
    const owner = (await nodes()).find(
      ({ role, failed, slots }) => role === 'master' && !failed && slots.some((range) => holds(range, slot)),
    );
    return owner?.port ?? 0;
  };
  const whole = async (): Promise<void> => {
    const views = async () =>
      Promise.all(
        serving().map(async (port) => {
          const masters = (await nodes(port)).filter(({ role, slots }) => role === 'master' && slots.length > 0);
          const state = /cluster_state:(\w+)/.exec(String(await command(port, 'CLUSTER', 'INFO')))?.[1];
          return JSON.stringify([state, masters.map(({ port: at, failed, slots }) => [at, failed, ...slots].join(' ')).toSorted()]);
        }),
      );
    await expect.poll(async () => [...new Set(await views())]).toEqual([expect.stringMatching(/^\["ok"(?!.*true)/)]);
  };

  const free = new Set<number>();
  while (free.size < 2 * NODES) free.add(await freePort());
  const ports = [...free].slice(0, NODES);
  for (const [n, port] of [...free].slice(NODES).entries()) buses.set(ports[n] ?? 0, port);
  await Promise.all(ports.map(start));
  await meet(ports, buses, command, nodes);
  await whole();

  return {
    url: `redis+cluster://app:${PASSWORD}@${ports.map((port) => `127.0.0.1:${port}`).join(',')}`,
    ports,
    command,
    ownerOf,
    async othersThan(key) {
      const owner = await ownerOf(key);
      return (await nodes()).filter(({ failed, slots, port }) => slots.length > 0 && !failed && port !== owner).map(({ port }) => port);
    },
    async replicaOf(port) {
      const { id } = await nodeAt(port);
      return (await nodes()).find(({ masterId, failed }) => masterId === id && !failed)?.port ?? 0;
    },
    kill,
    start,
    freeze(port) {
      frozen.add(port);
      running.get(port)?.kill('SIGSTOP');
    },
    thaw(port) {
      running.get(port)?.kill('SIGCONT');
      frozen.delete(port);
    },
    whole,
    async failover(replica) {
      await command(replica, 'CLUSTER', 'FAILOVER');
      await expect.poll(async () => (await nodes(replica)).find(({ port }) => port === replica)?.role).toBe('master');
      await whole();
    },
    async moveSlot(key, to) {
      const slot = await slotOf(key);
      const from = await ownerOf(key);
      const [source, target] = [await nodeAt(from), await nodeAt(to)];
      await command(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id);
      await command(from, 'EVAL', MOVE_SLOT, 0, slot, target.id, '127.0.0.1', to, 'app', PASSWORD);
      await command(to, 'CLUSTER', 'SETSLOT', slot, 'NODE', target.id);
    },
  };
}

type Operate = (port: number, ...words: (string | number)[]) => Promise<unknown>;

/** Makes six single nodes one cluster: a third of the slots for each of the first three, and a replica of each. */
async function meet(
  ports: readonly number[],
  buses: ReadonlyMap<number, number>,
  command: Operate,
  nodes: (port: number) => Promise<ClusterNode[]>,
): Promise<void> {
  const [first = 0] = ports;
  for (const [n, port] of ports.entries()) {
    await command(port, 'CLUSTER', 'SET-CONFIG-EPOCH', n + 1);
    if (n < MASTERS) {
      const range = [Math.floor((n * SLOTS) / MASTERS), Math.floor(((n + 1) * SLOTS) / MASTERS) - 1];
      await command(port, 'CLUSTER', 'ADDSLOTSRANGE', ...range);
    }
    if (port !== first) await command(first, 'CLUSTER', 'MEET', '127.0.0.1', port, buses.get(port) ?? 0);
  }
  for (const port of ports) await expect.poll(async () => (await nodes(port)).filter(({ failed }) => !failed)).toHaveLength(NODES);
  for (const [n, port] of ports.slice(MASTERS).entries()) {
    await command(port, 'CLUSTER', 'REPLICATE', String(await command(ports[n] ?? 0, 'CLUSTER', 'MYID')));
  }
  for (const port of ports.slice(MASTERS)) {
    await expect.poll(async () => String(await command(port, 'INFO', 'replication'))).toContain('master_link_status:up');
  }
}

/** Reads what `CLUSTER NODES` says: id, address, flags, the master's id, three numbers, the link, and the slots. */
function readNodes(text: string): ClusterNode[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', masterId = '-', , , , , ...slots] = line.split(' ');
      return {
        id,
        port: Number(/:(\d+)@/.exec(address)?.[1]),
        role: flags.includes('master') ? 'master' : 'replica',
        ...(masterId !== '-' && { masterId }),
        failed: /fail|handshake|noaddr/.test(flags),
        slots: slots.filter((range) => !range.startsWith('[')),
      };
    });
}

/** Whether a range, such as `0-5460` or `42`, holds a slot. */
function holds(range: string, slot: number): boolean {
  const [from = -1, to = from] = range.split('-').map(Number);
  return from <= slot && slot <= to;
}
