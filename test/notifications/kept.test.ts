/** What Redis keeps of notifications: it goes with its job, and what is over goes by itself. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/queue/keys.ts';
import { keysWith, openRedis } from '../support/keys.ts';
import { openNotifications } from '../support/notifications.ts';
import { startReceiver } from '../support/receiver.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const NOTES = 'Hund: dog\nKatze: cat';

const call = (stack: Stack, method: string, path: string) => fetch(stack.url + path, { method, headers: ANA });

test('a job that is erased leaves its user’s set, and the last one takes the set with it', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const receiver = await startReceiver();
  const redis = openRedis();
  const { ofUser } = keysUnder(stack.prefix).notifications;
  const jobs = await Promise.all(
    Array.from({ length: 6 }, (_, n) => stack.submit({ content: `${NOTES} ${n}`, callbackUrl: receiver.url }, ANA)),
  );
  await receiver.called(6);
  expect((await redis.smembers(ofUser('ana'))).toSorted()).toEqual(jobs.map(({ jobId }) => String(jobId)).toSorted());
  for (const { jobId } of jobs.slice(0, 4)) expect((await call(stack, 'DELETE', `/api/jobs/${jobId}`)).status).toBe(204);
  expect((await redis.smembers(ofUser('ana'))).toSorted()).toEqual(
    jobs
      .slice(4)
      .map(({ jobId }) => String(jobId))
      .toSorted(),
  );
  for (const { jobId } of jobs.slice(4)) await call(stack, 'DELETE', `/api/jobs/${jobId}`);
  expect(await keysWith(stack.prefix, 'notify:user:')).toEqual([]);
  expect(await keysWith(stack.prefix, 'notify:of:')).toEqual([]);
});

/** A queue of notifications that sends nothing, and adds one of a job of its own. */
async function openIdle() {
  const { queue, redis, keys } = await openNotifications<string>();
  const add = async (): Promise<string> => {
    const [id, jobId] = [randomUUID(), randomUUID()];
    await queue.add([{ id, jobId, owner: 'ana', data: 'd', delayMs: 60_000, tries: 1 }]);
    return jobId;
  };
  return { queue, add, redis, keys: keys.notifications };
}

test('a user’s set does not outgrow the lists that are still there, whoever has written what is in it', async () => {
  const { add, redis, keys } = await openIdle();
  await redis.sadd(keys.ofUser('ana'), ...Array.from({ length: 300 }, (_, n) => `job-of-an-old-process-${n}`));
  const jobs: string[] = [];
  for (let n = 0; n < 200; n++) jobs.push(await add());
  const kept = new Set(await redis.smembers(keys.ofUser('ana')));
  expect(jobs.filter((id) => !kept.has(id))).toEqual([]);
  expect(kept.size).toBeLessThan(jobs.length * 1.5);

  await redis.del(...jobs.map(keys.of)); // as when their time is over
  for (let n = 0; n < 200; n++) jobs.push(await add());
  expect(await redis.scard(keys.ofUser('ana'))).toBeLessThan(300);
});

test('a webhook that is sent again keeps its lists for as long again', async () => {
  const { queue, add, redis, keys } = await openIdle();
  const jobId = await add();
  const [id = ''] = await redis.smembers(keys.of(jobId));
  for (const key of [keys.of(jobId), keys.ofUser('ana')]) await redis.expire(key, 60);
  await queue.retry({ jobId, id, owner: 'ana' });
  for (const key of [keys.of(jobId), keys.ofUser('ana')]) expect(await redis.ttl(key)).toBeGreaterThan(13 * 24 * 3600);
});
