/** What is in Redis under a test's prefix. */
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';

/** A connection of the test itself; it closes with the test. */
export function openRedis(): Redis {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** The keys under a prefix that have a text in them. */
export async function keysWith(prefix: string, text: string): Promise<string[]> {
  const redis = new Redis(inject('redisUrl'));
  const found: string[] = [];
  for (let cursor = '0'; ;) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1000);
    found.push(...keys.filter((key) => key.includes(text)));
    cursor = next;
    if (next === '0') break;
  }
  redis.disconnect();
  return found;
}

/** The keys under a prefix whose values have a text in them. */
export async function keysHolding(prefix: string, text: string): Promise<string[]> {
  const redis = openRedis();
  const found: string[] = [];
  for (const key of await keysWith(prefix, '')) if ((await redis.dumpBuffer(key))?.includes(text)) found.push(key);
  return found;
}
