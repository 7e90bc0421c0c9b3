/** The queue's own parts, in the test's process, over a key prefix of their own. */
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { bullKeys, connect, readyWithin } from '../../src/queue/connection.ts';
import { createQueue } from '../../src/queue/queue.ts';
import { newPrefix } from './stack.ts';

/** Opens a queue; it closes with the test. */
export async function openQueue(keyPrefix = newPrefix()) {
  const redis = connect(inject('redisUrl'), 'impatient', () => {});
  await readyWithin(redis, 5000);
  const queue = createQueue(redis, { keyPrefix, attempts: 3, retentionS: 60, pace: { concurrency: 3, rate: { max: 10, duration: 1000 } } });
  onTestFinished(async () => {
    await queue.close();
    redis.disconnect();
  });
  return { redis, queue, keyPrefix, keys: bullKeys(keyPrefix) };
}

/** A connection that waits; it closes with the test. */
export function patient(): Redis {
  const redis = connect(inject('redisUrl'), 'patient', () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}
