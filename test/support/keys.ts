/** What is in Redis under a test's prefix. */
import { Redis } from 'ioredis';
import { inject } from 'vitest';

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
