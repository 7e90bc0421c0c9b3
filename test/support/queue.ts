/** The queue's own parts, in the test's process, over a key prefix of their own. */
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { connect, readyWithin } from '../../src/queue/connection.ts';
import { keysUnder } from '../../src/queue/keys.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import type { Bounds } from '../../src/queue/admission.ts';
import { createQueue, type JobQueue, type Order } from '../../src/queue/queue.ts';
import { newPrefix } from './stack.ts';

/** Opens a queue; it closes with the test. */
export async function openQueue(keyPrefix = newPrefix(), bounds: Partial<Bounds> = {}) {
  const redis = connect(inject('redisUrl'), 'fail', () => {});
  await readyWithin(redis, 5000);
  const queue = createQueue(redis, {
    keyPrefix,
    attempts: 3,
    retentionS: 60,
    rate: { max: 10, duration: 1000 },
    bounds: { maxDepth: 10_000, maxJobsPerUser: 100, ...bounds },
  });
  onTestFinished(async () => {
    await queue.close();
    redis.disconnect();
  });
  return { redis, queue, keyPrefix, keys: keysUnder(keyPrefix) };
}

/** A connection that waits; it closes with the test. */
export function waiting(): Redis {
  const redis = connect(inject('redisUrl'), 'wait', () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** Submits a job of a user's, straight to the queue; fails where it is refused. */
export async function submitTo(queue: JobQueue, owner?: string, order: Partial<Order> = {}, kind: string = 'generate-flashcards') {
  const payload = { owner, tenant: tenantOf(owner, undefined), requestId: 'r', input: {} };
  const submitted = await queue.submit({ kind, payload, ...order });
  if (submitted.type !== 'submitted') throw new Error(`refused: ${submitted.type}`);
  return submitted;
}
