/**
 * What is looked at when Redis is there: whether this code can
 * use the server, and whether the server keeps what it is given.
 */
import { OwnError } from '../job/own-error.ts';
import { Cluster } from 'ioredis';
import type { RedisClient } from './redis-client.ts';
import { nodeWith } from './slot-node.ts';

/**
 * What a server says of itself (`INFO`), and what it lets its user do. What
 * is unknown is believed to be right.
 */
export type StoreFacts = {
  /** What it is, if it is none that its address is for. */
  mode?: 'cluster' | 'sentinel';
  /** The version of Redis whose commands it has; Valkey says 7.2. */
  version?: string;
  /**
   * Its `maxmemory-policy`, if it drops keys by it when its memory is
   * full. Without a `maxmemory` it drops nothing, whatever the policy.
   */
  evicts?: string;
  /** Whether it writes no append-only file. */
  forgets?: boolean;
  /** The commands that its user needs and may not run, as rights of an ACL. */
  lacks: string[];
};

/** The first version that has all commands that are used here. */
const LEAST_VERSION = [6, 2];

/**
 * Rights that are not in the categories that people allow: each with a command that shows whether
 * it is there. Without TIME each submission would fail, and without INFO BullMQ never gets ready.
 */
const RIGHTS: readonly [right: string, allowed: (redis: RedisClient) => Promise<unknown>][] = [
  ['+info', (redis) => redis.info('server')],
  ['+time', (redis) => redis.eval("return redis.call('TIME')", 0)],
];

/** What Redis says of a command that its user may not run, also inside of a script. */
const FORBIDDEN = /NOPERM|can't run this command/;

/** Whether an error says that Redis' user may not run the command, or that the server does not have it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && (FORBIDDEN.test(error.message) || /unknown (sub)?command/i.test(error.message));
}

/**
 * Reads them of the server that has `key`, one of ours.
 * `CONFIG` is not used: hosts often forbid it.
 */
export async function readStoreFacts(connection: RedisClient, key: string): Promise<StoreFacts> {
  const redis = nodeWith(connection, key);
  const sections = ['server', 'memory', 'persistence'].map((section) => redis.info(section).catch(() => ''));
  const [server = '', memory = '', persistence = ''] = await Promise.all(sections);
  const mode = connection instanceof Cluster ? undefined : await readMode(connection, server);
  const version = /^redis_version:(\S+)/m.exec(server)?.[1];
  const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0);
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(memory)?.[1] ?? 'noeviction';
  return {
    ...(mode !== undefined && { mode }),
    ...(version !== undefined && { version }),
    ...(limit > 0 && policy !== 'noeviction' && { evicts: policy }),
    ...(/^aof_enabled:0/m.test(persistence) && { forgets: true }),
    lacks: await readLacking(redis),
  };
}

/**
 * What an address of a single server leads to instead. A store that only speaks as a cluster does, and
 * has all slots itself, is a single server: so does Dragonfly.
 */
async function readMode(redis: RedisClient, server: string): Promise<StoreFacts['mode']> {
  const mode = /^redis_mode:(cluster|sentinel)/m.exec(server)?.[1] as StoreFacts['mode'];
  if (mode !== 'cluster') return mode;
  const ranges = (await redis.cluster('SLOTS').catch(() => [])) as [from: number, to: number, master: [host: string, port: number]][];
  const masters = new Set(ranges.map(([, , [host, port]]) => `${host}:${port}`));
  return masters.size === 1 ? undefined : 'cluster';
}

/** The rights that the server's user has not. */
async function readLacking(redis: RedisClient): Promise<string[]> {
  const isLacking = async ([right, allowed]: (typeof RIGHTS)[number]): Promise<string[]> => {
    try {
      await allowed(redis);
      return [];
    } catch (error) {
      return error instanceof Error && FORBIDDEN.test(error.message) ? [right] : [];
    }
  };
  return (await Promise.all(RIGHTS.map(isLacking))).flat();
}

/** What an address of a single server does not go with, and which one does. */
const MODES = {
  cluster: 'a Redis cluster: name some of its nodes, as redis+cluster://HOST:PORT,HOST:PORT',
  sentinel: 'a Redis sentinel: name sentinels and the master, as redis+sentinel://HOST:PORT,HOST:PORT/MASTER',
};

/** What an operator should know of a server that is in use: a sentence each. */
export function warningsOf({ evicts }: StoreFacts): string[] {
  if (evicts === undefined) return [];
  return [
    `Redis evicts keys when its memory is full (maxmemory-policy ${evicts}), and jobs are lost then: set maxmemory-policy to noeviction.`,
  ];
}

/**
 * Why a server can't be used at all; undefined if it can.
 * `mayEvict`: whether one that drops keys is taken.
 */
export function whyUnusable(facts: StoreFacts, mayEvict: boolean): OwnError | undefined {
  const { mode, version, lacks } = facts;
  // Commands would fail for ever on a sentinel, and on most nodes of a cluster.
  if (mode) return new OwnError(`REDIS_URL leads to ${MODES[mode]}.`);
  if (version !== undefined && isOlder(version))
    return new OwnError(
      `REDIS_URL leads to a Redis ${version}: ${LEAST_VERSION.join('.')} is the first that has all commands that are used.`,
    );
  if (lacks.length > 0) {
    return new OwnError(
      `REDIS_URL: its user may not run all commands that are used: give it ${lacks.join(' ')} (ACL SETUSER NAME ${lacks.join(' ')}).`,
    );
  }
  const [eviction] = mayEvict ? [] : warningsOf(facts);
  return eviction === undefined ? undefined : new OwnError(`REDIS_URL: ${eviction} REDIS_ALLOW_EVICTION=true starts all the same.`);
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_VERSION;
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}
