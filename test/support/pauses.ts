/** Times that are over at once, so that a test does not wait for them and has all the time it needs before. */
import { Queue } from 'bullmq';
import { expect } from 'vitest';
import { keysUnder, NOTIFICATIONS } from '../../src/store/keys.ts';
import { keysWith, openRedis } from './keys.ts';

/** Ends what a deployment under this prefix waits for: jobs that were put off go on, and breakers that are open let one try. */
export async function endPauses(prefix: string): Promise<void> {
  const redis = openRedis();
  for (const key of await keysWith(prefix, ':breaker:')) if (await redis.hexists(key, 'until')) await redis.hset(key, 'until', 1);
  for (const delayed of (await keysWith(prefix, ':ai-jobs')).filter((key) => key.endsWith(':delayed') && !key.includes(NOTIFICATIONS))) {
    for (const id of await redis.zrange(delayed, '0', '-1')) await redis.zadd(delayed, 'XX', 1, id);
    await redis.zadd(delayed.replace(/delayed$/, 'marker'), 0, '0'); // wakes a worker
  }
}

/** A delay of pushes that does not end by itself within a test. */
export const LONG_PUSH_DELAY = { PUSH_DELAY_MS: '600000' };

/** Ends the delay of all pushes that wait, once so many ends of jobs were seen by a client. */
export async function endPushDelays(prefix: string, endsSeen = 0): Promise<void> {
  const redis = openRedis();
  const marks = async () => Promise.all((await keysWith(prefix, ':notify:heard:')).map((key) => redis.get(key)));
  await expect.poll(async () => (await marks()).filter((mark) => mark === 'yes').length).toBeGreaterThanOrEqual(endsSeen);
  const queue = new Queue(NOTIFICATIONS, { connection: redis, prefix });
  await queue.promoteJobs();
  await queue.close();
}

/** Ends the time for which jobs are kept that have ended so far. */
export async function endRetention(prefix: string): Promise<void> {
  const redis = openRedis();
  const keys = keysUnder(prefix);
  for (const set of [keys.of('completed'), keys.of('failed')]) {
    for (const id of await redis.zrange(set, '0', '-1')) await redis.zadd(set, 1, id);
  }
}

/** Makes a job's `Cancel-After` or `Start-Within` due now. */
export async function endTime(prefix: string, jobId: string): Promise<void> {
  const redis = openRedis();
  const { deadlines } = keysUnder(prefix);
  for (const entry of await redis.zrange(deadlines, '0', '-1')) if (entry.endsWith(jobId)) await redis.zadd(deadlines, 1, entry);
}
