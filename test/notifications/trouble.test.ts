/** What can go wrong around notifications: receivers and services that hang for many, deploys, retries, erasing at every moment. */
import { expect, test } from 'vitest';
import { Bulkheads } from '../../src/notifications/bulkheads.ts';
import { startExpo } from '../support/expo.ts';
import { keysHolding, keysWith, openRedis } from '../support/keys.ts';
import { endPushDelays, LONG_PUSH_DELAY } from '../support/pauses.ts';
import { startReceiver } from '../support/receiver.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const NOTES = 'Hund: dog\nKatze: cat';
const TOKEN = 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]';
const MANY = { RATE_LIMIT_MAX: '10000', MAX_JOBS_PER_USER: '1000' };
const FAILING = { AI_PROVIDER: 'openai', OPENAI_API_KEY: 'none', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' };

const deliveriesOf = async ({ url }: { url: string }, job: Record<string, any>): Promise<Record<string, any>[]> =>
  ((await (await fetch(`${url}/api/jobs/${job['jobId']}/deliveries`, { headers: ANA })).json()) as any).deliveries;
const ask = async ({ url }: { url: string }, method: string, path: string, headers: Record<string, string> = ANA) => {
  const response = await fetch(url + path, { method, headers });
  return { status: response.status, headers: response.headers, body: (await response.json().catch(() => ({}))) as Record<string, any> };
};

/** Resolves with the code of what came of a job's last push. */
async function outcomeOf(stack: Stack, job: Record<string, any>): Promise<string> {
  const last = async () => (await deliveriesOf(stack, job)).findLast(({ channel }) => channel === 'push');
  await expect.poll(async () => (await last())?.['status'] ?? 'waiting').not.toBe('waiting');
  return (await last())?.['attempts'].at(-1)?.code as string;
}

test('one server that hangs for many users delays no other user, and no push; a push service that hangs delays no webhook', async () => {
  const hangingExpo = await startExpo((number) => (number < 20 ? new Promise(() => {}) : 'ok'));
  const stack = await startStack({ ...SECRET, ...hangingExpo.env, PUSH_DELAY_MS: '100', ...MANY });
  await stack.startWorker();
  const hanging = await startReceiver(() => {});
  const receiver = await startReceiver();
  for (let n = 0; n < 13 * 4; n++) {
    const body = { content: `${NOTES} ${n}`, callbackUrl: hanging.url, pushToken: `ExponentPushToken[${n}]` };
    await stack.submit(body, { 'user-id': `user-${n % 13}` });
  }
  await hanging.called(16);
  await expect.poll(hangingExpo.asked).toBeGreaterThanOrEqual(16);
  await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await receiver.called(1);
  expect([hanging.mostAtOnce(), hangingExpo.mostAtOnce()]).toEqual([16, 16]);
});

test('those that wait for a bulkhead ask again within a minute, at its pace; and a bulkhead that nobody uses is forgotten', () => {
  let now = 0;
  const bulkheads = new Bulkheads(() => now);
  const enter = (name = 'a') => bulkheads.enter([{ name, room: 2 }]);
  const [one, two] = [enter(), enter()];
  const first = Array.from({ length: 5 }, () => enter());
  expect(first.map((place) => place.type === 'busy' && place.afterMs)).toEqual([100, 200, 300, 400, 500]);
  now = 20_000;
  for (const place of [one, two]) if (place.type === 'free') place.leave();
  const [three] = [enter(), enter()];
  const slow = Array.from({ length: 300 }, () => enter()).map((place) => (place.type === 'busy' ? place.afterMs : 0));
  expect(slow.slice(0, 3)).toEqual([10_000, 20_000, 30_000]);
  expect(Math.max(...slow)).toBeLessThanOrEqual(60_000);
  now = 20_010;
  if (three?.type === 'free') three.leave(); // it is fast again
  expect(enter().type).toBe('free');
  expect(enter()).toEqual({ type: 'busy', afterMs: 200 });

  const crowd = Array.from({ length: 10_000 }, () => bulkheads.enter([{ name: 'a', room: 2 }]));
  const asked = crowd.map((place) => (place.type === 'busy' ? place.afterMs : 0)).toSorted((one, other) => one - other);
  expect(asked.filter((ms) => ms < 120_000).length).toBeLessThanOrEqual(1800); // some ten a second, however many wait

  now += 2_000_000;
  for (let n = 0; n < 2000; n++) {
    const place = enter(`b ${n}`);
    if (place.type === 'free') place.leave();
    now += 1000;
  }
  expect(bulkheads.size()).toBeLessThan(1100);
});

test('a job that fails and is retried at once is told of both ends, also where its process is gone', async () => {
  const stack = await startStack({ ...SECRET, JOB_ATTEMPTS: '1' });
  const other = await stack.startApi();
  const receiver = await startReceiver();
  const job = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await stack.api.stop();
  await stack.startWorker(FAILING);
  const status = async () => (await ask(other, 'GET', `/api/jobs/${job['jobId']}`)).body['status'];
  await expect.poll(status, { interval: 5 }).toBe('failed');
  expect((await ask(other, 'POST', `/api/jobs/${job['jobId']}/retry`)).status).toBe(202);
  const calls = await receiver.called(2);
  expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
});

test('who saw a job fail, retried it and left is told of the end that comes then', async () => {
  const expo = await startExpo();
  const stack = await startStack({ ...expo.env, ...LONG_PUSH_DELAY, JOB_ATTEMPTS: '1' });
  const worker = await stack.startWorker(FAILING);
  const job = await stack.submit({ content: NOTES, pushToken: TOKEN }, ANA);
  await (await stack.watch(job)).until(isEnd);
  await expect.poll(async () => (await deliveriesOf(stack, job)).length).toBe(1);
  await endPushDelays(stack.prefix, 1);
  expect(await outcomeOf(stack, job)).toBe('somebody_listened');
  await worker.stop();
  await ask(stack, 'POST', `/api/jobs/${job['jobId']}/retry`);
  await stack.startWorker();
  await expect.poll(async () => (await deliveriesOf(stack, job)).length).toBe(2);
  await endPushDelays(stack.prefix);
  expect(await outcomeOf(stack, job)).toBe('sent');
  expect(expo.messages).toHaveLength(1);
});

test('a server that reads the job of its webhook is not the phone, and neither is a stranger or a HEAD request', async () => {
  const expo = await startExpo();
  const stack = await startStack({ ...expo.env, ...SECRET, PUSH_DELAY_MS: '1500' });
  const receiver = await startReceiver((_request, response) => response.writeHead(204).end());
  await stack.startWorker();
  const [job, silent] = [
    await stack.submit({ content: NOTES, pushToken: TOKEN, callbackUrl: receiver.url }, ANA),
    await stack.submit({ content: 'a: b', pushToken: TOKEN }, ANA),
  ];
  const [call] = await receiver.called(1);
  expect((await ask(stack, 'GET', JSON.parse(call!.body).data.statusUrl)).body['status']).toBe('completed');
  await expect.poll(async () => (await deliveriesOf(stack, silent)).length).toBe(1);
  const bare = (url: string) => url.replace(/\?.*/, '');
  const stranger = { 'user-id': 'bob', 'last-event-id': '99999', accept: 'text/event-stream' };
  expect((await ask(stack, 'GET', bare(silent['streamUrl']), stranger)).status).toBe(404);
  expect((await ask(stack, 'HEAD', `/api/jobs/${silent['jobId']}`)).status).toBe(200);
  expect((await ask(stack, 'HEAD', silent['streamUrl'], { 'last-event-id': '99999' })).status).toBe(204);
  expect([await outcomeOf(stack, job), await outcomeOf(stack, silent)]).toEqual(['sent', 'sent']);
});

test('a push waits for a client that was sent the end and has not acknowledged it yet', async () => {
  const expo = await startExpo();
  const stack = await startStack({ ...expo.env, PUSH_DELAY_MS: '500' }); // a client has longer than this
  const job = await stack.submit({ content: NOTES, pushToken: TOKEN }, ANA);
  await stack.watch(job);
  await stack.startWorker();
  expect(await outcomeOf(stack, job)).toBe('somebody_listened');
  expect(expo.messages).toEqual([]);
});

test('a process that has no WEBHOOK_SECRET yet loses no webhook', async () => {
  const production = { NODE_ENV: 'production', AUTH: 'trusted-header', STREAM_TOKEN_SECRET: 'a secret of sixteen' };
  const stack = await startStack(production);
  await stack.startWorker();
  const other = await stack.startApi(SECRET);
  const response = await fetch(`${other.url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers: { ...ANA, 'content-type': 'application/json' },
    body: JSON.stringify({ content: NOTES, callbackUrl: 'https://hook.invalid/' }),
  });
  const job = (await response.json()) as Record<string, any>;
  await other.stop(); // what is left has no secret
  await expect.poll(async () => (await deliveriesOf(stack, job))[0]).toMatchObject({ status: 'waiting' });
  expect(stack.api.output()).not.toContain('"webhook delivered"');
});

test('webhooks of a job are sent again once in ten seconds', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const receiver = await startReceiver();
  const job = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await expect.poll(async () => (await deliveriesOf(stack, job))[0]?.['status']).toBe('delivered');
  const path = `/api/jobs/${job['jobId']}/deliveries/retry`;
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask(stack, 'POST', path)));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.body).toMatchObject({ code: 'rate_limited' });
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  await receiver.called(2);
});

test('an error of ours shows no words of its own', async () => {
  const stack = await startStack(SECRET);
  const redis = openRedis();
  await redis.set(`${stack.prefix}:notify:secrets`, 'nonsense');
  await stack.startWorker();
  const receiver = await startReceiver();
  const job = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await expect.poll(async () => (await deliveriesOf(stack, job))[0]?.['nextAttemptAt']).toBeDefined();
  expect(JSON.stringify(await deliveriesOf(stack, job))).not.toContain('WRONGTYPE');
});

test('erasing reaches a push that is being sent, and what is kept of jobs that are forgotten', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const expo = await startExpo(async () => {
    asked.resolve();
    await answer.promise;
    return 'ok' as const;
  });
  const stack = await startStack({ ...SECRET, ...expo.env, JOB_RETENTION_S: '1' });
  await stack.startWorker();
  const receiver = await startReceiver((_request, response) => response.writeHead(500).end());
  const forgotten = await stack.submit({ content: NOTES, callbackUrl: `${receiver.url}?key=hidden` }, ANA);
  await receiver.called(1);
  const isForgotten = async () => {
    await stack.submit({ content: 'a: b' }, { 'user-id': 'bob' }); // BullMQ deletes what is too old when another job ends
    return (await ask(stack, 'GET', `/api/jobs/${forgotten['jobId']}`)).status;
  };
  await expect.poll(isForgotten, { interval: 200 }).toBe(404);
  expect(await keysHolding(stack.prefix, 'hidden')).not.toEqual([]);

  await stack.submit({ content: NOTES, pushToken: TOKEN }, ANA);
  await asked.promise;
  expect((await ask(stack, 'DELETE', '/api/me/data')).status).toBe(200);
  answer.resolve();
  await expect.poll(() => keysHolding(stack.prefix, TOKEN)).toEqual([]);
  await expect.poll(() => keysWith(stack.prefix, 'receipt_')).toEqual([]);
  expect(await keysHolding(stack.prefix, 'hidden')).toEqual([]);
});

test('a job that is erased before its end is told to nobody', async () => {
  const stack = await startStack(SECRET);
  const receiver = await startReceiver();
  for (let n = 0; n < 10; n++) {
    const job = await stack.submit({ content: `${NOTES} ${n}`, callbackUrl: receiver.url }, ANA);
    await ask(stack, 'DELETE', `/api/jobs/${job['jobId']}`);
  }
  const last = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await ask(stack, 'POST', last['cancelUrl']);
  const calls = await receiver.called(1);
  expect(calls.map(({ body }) => JSON.parse(body).data.jobId)).toEqual([last['jobId']]);
});
