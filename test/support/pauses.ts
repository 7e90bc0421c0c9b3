/** Times that are over at once, so that a test does not wait for them and has all the time it needs before. */
import { Queue } from 'bullmq';
import { keysUnder, QUEUE_NAME } from '../../src/store/keys.ts';
import { keysWith, openRedis } from './keys.ts';

/** Ends what a deployment under this prefix waits for: jobs that were put off go on, and breakers that are open let one try. */
export async function endPauses(prefix: string): Promise<void> {
  const redis = openRedis();
  for (const key of await keysWith(prefix, ':breaker:')) if (await redis.hexists(key, 'until')) await redis.hset(key, 'until', 1);
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix });
  await queue.promoteJobs();
  await queue.close();
}

/** Makes a job's `Cancel-After` or `Start-Within` due now. */
export async function endTime(prefix: string, jobId: string): Promise<void> {
  const redis = openRedis();
  const { deadlines } = keysUnder(prefix);
  for (const entry of await redis.zrange(deadlines, '0', '-1')) if (entry.endsWith(jobId)) await redis.zadd(deadlines, 1, entry);
}
