/** What Redis keeps of notifications: it goes with its job, and what is over goes by itself. */
import { randomUUID } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { keysUnder } from '../../src/queue/keys.ts';
import { openNotificationQueue } from '../../src/queue/notification-queue.ts';
import { openStore } from '../../src/queue/store.ts';
import { keysWith, openRedis } from '../support/keys.ts';
import { startReceiver } from '../support/receiver.ts';
import { newPrefix } from '../support/stack.ts';
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

/** A queue of notifications that sends nothing. */
async function openNotifications() {
  const prefix = newPrefix();
  const log = { info() {}, warn() {} };
  const store = await openStore({ url: inject('redisUrl'), keyPrefix: prefix, mayEvict: true, log, logError() {}, onUnusable() {} });
  const queue = openNotificationQueue<string>(store, keysUnder(prefix), prefix);
  onTestFinished(async () => {
    await queue.close();
    store.close();
  });
  const add = (owner = 'ana') => {
    const id = randomUUID();
    return queue.add([{ id: `msg_${id}`, jobId: `job-${id}`, owner, data: 'd', delayMs: 60_000, tries: 1 }]).then(() => `job-${id}`);
  };
  return { queue, add, redis: store.redis, keys: keysUnder(prefix).notifications };
}

test('a user’s set does not outgrow the lists that are still there, whoever has written what is in it', async () => {
  const { add, redis, keys } = await openNotifications();
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
  const { queue, add, redis, keys } = await openNotifications();
  const jobId = await add();
  const [id = ''] = await redis.smembers(keys.of(jobId));
  for (const key of [keys.of(jobId), keys.ofUser('ana')]) await redis.expire(key, 60);
  await queue.retry({ jobId, id, owner: 'ana' });
  for (const key of [keys.of(jobId), keys.ofUser('ana')]) expect(await redis.ttl(key)).toBeGreaterThan(13 * 24 * 3600);
});
