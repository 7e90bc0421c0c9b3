/** What Redis keeps of notifications: it goes with its job, and what is over goes by itself. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { startExpo } from '../support/expo.ts';
import { keysWith, openRedis } from '../support/keys.ts';
import { openTestQueue } from '../support/notifications.ts';
import { endRetention } from '../support/pauses.ts';
import { startReceiver } from '../support/receiver.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const TOKEN = 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]';
const NOTES = 'Hund: dog\nKatze: cat';

const DAY_S = 24 * 3600;

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
  const { queue, redis, keys } = await openTestQueue<string>();
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
  await queue.resend({ jobId, id, owner: 'ana' });
  expect(await redis.ttl(keys.of(jobId))).toBeGreaterThan(7.9 * DAY_S);
  expect(await redis.ttl(keys.ofUser('ana'))).toBeGreaterThan(13.9 * DAY_S);
});

test('a list outlives a notification that is tried again, however late', async () => {
  const { queue, redis, keys } = await openTestQueue<string>();
  const key = keys.notifications.of('job');
  await queue.add([{ id: 'msg', jobId: 'job', owner: 'ana', data: 'd', delayMs: 100, tries: 2 }]);
  await redis.expire(key, 60); // as after some days
  queue.start(async () => ({ type: 'again', afterMs: 12 * 3_600_000, reason: 'status_503' }));
  await expect.poll(() => redis.ttl(key)).toBeGreaterThan(7.9 * DAY_S);
});

/** What may have no end of its own, with the reason; `*` stands for anything. All else under the prefix has to expire. */
const ENDLESS: Record<string, string> = {
  ':ai-jobs:id': 'BullMQ counts',
  ':ai-jobs:meta': 'BullMQ’s options',
  ':ai-jobs:events': 'BullMQ’s events: 10,000',
  ':ai-jobs-notifications:id': 'BullMQ counts',
  ':ai-jobs-notifications:meta': 'BullMQ’s options',
  ':ai-jobs-notifications:events': 'BullMQ’s events: 100',
  ':ai-jobs-notifications:receipt_*': 'waits for its time',
  ':ai-jobs-notifications:delayed': 'those that wait',
  ':notify:secrets': 'how often users have changed their secrets: an old one would be good again without it',
  ':stream-token-secret': 'made once',
  ':turns*': 'turns of users: begun anew by the next submission, since the queue is empty',
};

const isEndless = (name: string): boolean => Object.keys(ENDLESS).some((known) => new RegExp(`^${known.replace('*', '.*')}$`).test(name));

test('when their times are over, nothing is left of jobs and what was told of them but what is counted for good', async () => {
  const expo = await startExpo();
  const env = { ...SECRET, ...expo.env, PUSH_DELAY_MS: '100', JOB_ATTEMPTS: '1' };
  const stack = await startStack(env);
  const receiver = await startReceiver(({ url }, response) => response.writeHead(url?.includes('gone') ? 410 : 204).end());
  const submit = (query = '', headers = {}) =>
    stack.submit({ content: NOTES, callbackUrl: receiver.url + query, pushToken: TOKEN }, { ...ANA, ...headers });
  const deliveriesOf = async (job: Record<string, any>) => (await stack.get(`/api/jobs/${job['jobId']}/deliveries`, ANA))['deliveries'];
  await call(stack, 'POST', (await submit())['cancelUrl']);
  await submit('?gone');
  await submit('', { 'idempotency-key': 'one' });
  const last = await submit();
  await stack.startWorker();
  await expect.poll(() => deliveriesOf(last)).toMatchObject([{ status: 'delivered' }, {}]);
  await call(stack, 'POST', `/api/jobs/${last['jobId']}/deliveries/retry`);
  await call(stack, 'POST', '/api/webhooks/secret/rotate');
  await receiver.called(5);
  await expect.poll(expo.asked).toBe(3); // who cancels needs no push
  await endRetention(stack.prefix);

  const redis = openRedis();
  const endless = async (): Promise<string[]> => {
    const names: string[] = [];
    for (const key of await keysWith(stack.prefix, '')) if ((await redis.pttl(key)) === -1) names.push(key.slice(stack.prefix.length));
    return names;
  };
  const sets = async () =>
    (await endless()).filter((name) => /:(active|wait|prioritized|completed|failed|outbox|overdue)$/.test(name)).toSorted();
  const ended = [':ai-jobs-notifications:completed', ':ai-jobs-notifications:failed'];
  await expect.poll(sets).toEqual(ended);

  // Seven days are over: what is in these sets is as old, and a process starts.
  for (const set of ended.map((name) => stack.prefix + name)) {
    for (const id of await redis.zrange(set, '0', '-1')) {
      await redis.zadd(set, 1, id);
      await redis.hset(`${stack.prefix}:ai-jobs-notifications:${id}`, { finishedOn: 1, timestamp: 1, processedOn: 1 });
    }
  }
  await stack.startApi();
  await expect.poll(async () => (await endless()).filter((name) => !isEndless(name))).toEqual([]);
  const expiries = await Promise.all((await keysWith(stack.prefix, '')).map(async (key) => [key, await redis.ttl(key)] as const));
  expect(expiries.filter(([, seconds]) => seconds > 14 * DAY_S)).toEqual([]);
});
