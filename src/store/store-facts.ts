/**
 * What is looked at when Redis is there: whether this code can
 * use the server, and whether the server keeps what it is given.
 */
import type { Redis } from 'ioredis';
import { OwnError } from '../job/own-error.ts';

/**
 * What a server says of itself (`INFO server`, `INFO memory`). What
 * a user of Redis may not ask is unknown, and believed to be right.
 */
export type StoreFacts = {
  /** What it is, if it is no single server. */
  mode?: 'cluster' | 'sentinel';
  /**
   * Its `maxmemory-policy`, if it drops keys by it when its memory is
   * full. Without a `maxmemory` it drops nothing, whatever the policy.
   */
  evicts?: string;
};

/** Reads them. `CONFIG` is not used: hosts often forbid it. */
export async function readStoreFacts(redis: Redis): Promise<StoreFacts> {
  const [server, memory] = await Promise.all(['server', 'memory'].map((section) => redis.info(section).catch(() => '')));
  const mode = /^redis_mode:(cluster|sentinel)/m.exec(server ?? '')?.[1];
  const limit = Number(/^maxmemory:(\d+)/m.exec(memory ?? '')?.[1] ?? 0);
  const policy = /^maxmemory_policy:([\w-]+)/m.exec(memory ?? '')?.[1] ?? 'noeviction';
  return {
    ...((mode === 'cluster' || mode === 'sentinel') && { mode }),
    ...(limit > 0 && policy !== 'noeviction' && { evicts: policy }),
  };
}

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
  const { mode } = facts;
  // Commands would fail for ever on a sentinel, and on most nodes of a cluster.
  if (mode)
    return new OwnError(`REDIS_URL leads to a Redis ${mode}, which is not supported: give the address of a single server, the master.`);
  const [eviction] = mayEvict ? [] : warningsOf(facts);
  return eviction === undefined ? undefined : new OwnError(`REDIS_URL: ${eviction} REDIS_ALLOW_EVICTION=true starts all the same.`);
}
