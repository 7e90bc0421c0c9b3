/** Which node has our keys. In a cluster ioredis sends commands that name no key to any node. */
import { Cluster, Command, type Redis } from 'ioredis';
import type { RedisClient } from './redis-client.ts';

/**
 * What to ask about the server that has a key: the connection itself, or in a cluster the
 * connection to that node. While that is unknown it is any node.
 */
export function nodeWith(redis: RedisClient, key: string): RedisClient {
  if (!(redis instanceof Cluster)) return redis;
  const slot = new Command('get', [key]).getSlot();
  const address = slot === null ? undefined : redis.slots[slot]?.[0];
  const isIt = ({ options }: Redis): boolean => `${options.host}:${options.port}` === address;
  return redis.nodes('master').find(isIt) ?? redis;
}
