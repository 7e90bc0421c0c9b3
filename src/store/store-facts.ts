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
  /** What it is, by its own name and version, such as `Valkey 8.1.1`. */
  name: string;
  /** The version of Redis whose commands it has; each Valkey says 7.2. */
  version?: string;
  /**
   * Its `maxmemory-policy`, if it drops keys by it when its memory is
   * full. Without a `maxmemory` it drops nothing, whatever the policy.
   */
  evicts?: string;
  /** Whether it writes no append-only file. */
  forgets?: boolean;
  /** What its user needs and has not, as rights of an ACL. */
  lacks: string[];
  /** Whether its scripts may touch only keys that they have declared. */
  declares?: boolean;
};

/** The first version that has all commands that are used here. */
const LEAST_VERSION = [6, 2];

/**
 * Rights of an ACL, each with a command that shows whether it is there. Those that would change
 * something have an argument that is wrong: Redis looks at rights first, and at arguments then.
 * TIME and INFO are in no category that people allow: without the first each submission
 * would fail, and without the second BullMQ never gets ready.
 */
const RIGHTS: readonly [right: string, command: (key: string) => [name: string, ...args: string[]]][] = [
  ['+@read', (key) => ['ZRANGE', key, 'wrong', 'wrong']],
  ['+@write', (key) => ['SET', key, '1', 'WRONG']],
  ['+@scripting', () => ['EVAL', 'return 1', '0']],
  ['+@connection', () => ['PING']],
  ['+@transaction', () => ['DISCARD']],
  ['+@blocking', (key) => ['BZPOPMIN', key, 'wrong']],
  ['+info', () => ['INFO', 'server']],
  ['+time', () => ['TIME']],
];

/** What Redis says of a command that its user may not run, also in a script, and of such a key. */
const FORBIDDEN = /NOPERM|can't run this command/;
const FORBIDDEN_KEY = /access (a key|one of the keys)/;

/** What Dragonfly says of a script that touches a key which it has not declared. Ours and BullMQ's do. */
const UNDECLARED = /undeclared key/;

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
    name: nameOf(server),
    ...(version !== undefined && { version }),
    ...(limit > 0 && policy !== 'noeviction' && { evicts: policy }),
    ...(/^aof_enabled:0/m.test(persistence) && { forgets: true }),
    ...((await mustDeclare(redis, key)) && { declares: true }),
    lacks: await readLacking(redis, key),
  };
}

/** Fields of INFO in which servers that say a version of Redis tell their own. */
const OWN_VERSIONS: readonly [field: string, name: string][] = [
  ['valkey_version', 'Valkey'],
  ['dragonfly_version', 'Dragonfly'],
  ['upstash_version', 'Upstash'],
  ['redis_version', 'Redis'],
];

function nameOf(server: string): string {
  const found = OWN_VERSIONS.flatMap(([field, name]) => {
    const version = new RegExp(`^${field}:(?:df-v)?(\\S+)`, 'm').exec(server)?.[1];
    return version === undefined ? [] : [`${name} ${version}`];
  });
  return found[0] ?? 'a server that does not say what it is';
}

/** One harmless script. */
async function mustDeclare(redis: RedisClient, key: string): Promise<boolean> {
  const refused = await redis.eval("return redis.call('EXISTS', ARGV[1])", 1, key, `${key}:undeclared`).catch((error: unknown) => error);
  return refused instanceof Error && UNDECLARED.test(refused.message);
}

/**
 * What an address of a single server leads to instead. A store that only speaks as a cluster does, and
 * has all slots itself, is a single server: so does Dragonfly.
 */
async function readMode(redis: RedisClient, server: string): Promise<StoreFacts['mode']> {
  const mode = /^(?:redis|server)_mode:(cluster|sentinel)/m.exec(server)?.[1] as StoreFacts['mode'];
  if (mode !== 'cluster') return mode;
  const ranges = (await redis.cluster('SLOTS').catch(() => [])) as [from: number, to: number, master: [host: string, port: number]][];
  const masters = new Set(ranges.map(([, , [host, port]]) => `${host}:${port}`));
  return masters.size === 1 ? undefined : 'cluster';
}

/** The rights that the server's user has not. */
async function readLacking(redis: RedisClient, key: string): Promise<string[]> {
  const lackingOf = async ([right, command]: (typeof RIGHTS)[number]): Promise<string[]> => {
    const [name, ...args] = command(key);
    const refused = await redis.call(name, ...args).catch((error: unknown) => error);
    if (!(refused instanceof Error && FORBIDDEN.test(refused.message))) return [];
    return [FORBIDDEN_KEY.test(refused.message) ? `~${key.replace(/[^}]*$/, '')}:*` : right];
  };
  return [...new Set((await Promise.all(RIGHTS.map(lackingOf))).flat())];
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
 * Why a server can't be used at all, with all that is wrong
 * at once; undefined if it can. `mayEvict`: whether one that drops keys is taken.
 */
export function whyUnusable(facts: StoreFacts, mayEvict: boolean): OwnError | undefined {
  // Commands would fail for ever on a sentinel, and on most nodes of a cluster.
  if (facts.mode) return new OwnError(`REDIS_URL leads to ${MODES[facts.mode]}.`);
  const mistakes = mistakesOf(facts, mayEvict);
  if (mistakes.length <= 1) return mistakes[0] === undefined ? undefined : new OwnError(`REDIS_URL: ${mistakes[0]}`);
  return new OwnError(`REDIS_URL: ${mistakes.length} things are wrong with the server:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
}

/** A sentence for each, with what to do. */
function mistakesOf(facts: StoreFacts, mayEvict: boolean): string[] {
  const { name, version, lacks, declares } = facts;
  const rights = lacks.join(' ');
  return [
    ...(version !== undefined && isOlder(version)
      ? [`It is ${name}, and Redis ${LEAST_VERSION.join('.')} is the first that has all commands that are used: upgrade it.`]
      : []),
    ...(lacks.length > 0 ? [`Its user may not do all that is needed: give it ${rights} (ACL SETUSER NAME ${rights}).`] : []),
    ...(declares
      ? [
          "Its scripts may touch only keys that they declare, and ours and BullMQ's touch others: start Dragonfly with --cluster_mode=emulated --lock_on_hashtags.",
        ]
      : []),
    ...(mayEvict ? [] : warningsOf(facts).map((eviction) => `${eviction} REDIS_ALLOW_EVICTION=true starts all the same.`)),
  ];
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_VERSION;
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}
