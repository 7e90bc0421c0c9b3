/** Redis frozen and gone under real processes: quick, honest answers, no hang, and everything goes on when it is back. */
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedStore } from '../../src/embedded/start.ts';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { startProxy } from '../support/proxy.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, lasting, watch } from '../support/sse.ts';
import { startStack } from '../support/stack.ts';

/** A store that this test alone may hurt. */
async function ownStore() {
  const store = await startEmbeddedStore();
  onTestFinished(() => store.stop());
  return store;
}

/** A 503 is promised within a second; ten times as long is given, because machines differ. */
const SOON_MS = 10_000;

test('while Redis does not answer: 503 soon, with a time to come back, and a stream that says to come back', async () => {
  const store = await ownStore();
  const stack = await startStack({ REDIS_URL: store.url });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Hund: dog' }, { 'user-id': 'ana' });
  await (await stack.watch(job)).until(isEnd);

  process.kill(store.pid, 'SIGSTOP');
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"content":"Hund: dog"}' };
  const ask = (path: string, init: RequestInit = {}) => fetch(stack.url + path, { ...init, signal: AbortSignal.timeout(SOON_MS) });
  const [submitted, looked, ready, redis, curl] = await Promise.all([
    ask('/api/ai/generate-flashcards', post),
    ask(job['statusUrl']),
    ask('/ready'),
    ask('/api/redis/health'),
    ask(job['streamUrl'], { headers: { accept: '*/*' } }),
  ]);
  for (const response of [submitted, looked, ready, redis, curl]) {
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ code: 'queue_unavailable', retryable: true });
  }
  expect((await fetch(`${stack.url}/health`)).status).toBe(200); // the process itself is fine
  const stream = await watch(stack.url + job['streamUrl']);
  await stream.ended;
  expect([stream.response.status, stream.retries, stream.events]).toEqual([200, [5000], []]);

  process.kill(store.pid, 'SIGCONT');
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
  const again = await stack.submit({ content: 'Katze: cat' });
  expect((await (await stack.watch(again)).until(isEnd)).event).toBe('completed');
});

test('an open stream outlives a Redis that freezes and comes back', async () => {
  const store = await ownStore();
  const stack = await startStack({ REDIS_URL: store.url });
  const job = await stack.submit();
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'status');
  process.kill(store.pid, 'SIGSTOP');
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(503);
  process.kill(store.pid, 'SIGCONT');
  await stack.startWorker();
  expect((await stream.until(isEnd)).event).toBe('completed');
});

test('Redis gone for good: still answers, still no hang', async () => {
  const store = await ownStore();
  const stack = await startStack({ REDIS_URL: store.url });
  await store.stop();
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(503);
  expect((await fetch(`${stack.url}/api/queue/stats`)).status).toBe(503);
  expect(await stack.api.stop('SIGTERM')).toBe(0);
});

test('an API that starts before its Redis serves 503 and nothing crashes', async () => {
  const stack = await startStack({ REDIS_URL: 'redis://127.0.0.1:9' });
  expect((await fetch(`${stack.url}/ready`)).status).toBe(503);
  expect((await fetch(`${stack.url}/api/jobs/generate-flashcards-${'A'.repeat(32)}`)).status).toBe(503);
});

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

test.runIf(hasRedis)('Redis killed and started again while jobs run: streams stay, every event comes once, all jobs end', async () => {
  const redis = await ownRedis('always');
  const go = latch();
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces([card(1), card(2), card(3), card(4)]);
    pen.text(open + cards[0] + cards[1]);
    await go.wait;
    pen.text(cards[2] ?? '');
    pen.text((cards[3] ?? '') + close);
    pen.finish('stop');
  });
  const stack = await startStack({ REDIS_URL: redis.url, ...openai.env });
  await stack.startWorker();
  const jobs = await Promise.all([1, 2, 3].map(() => stack.submit({ content: 'Notes.', count: 4 })));
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  await Promise.all(streams.map((stream) => stream.until(({ data }) => data['index'] === 1)));

  await redis.kill();
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(503);
  go.open(); // the model goes on while there is nothing to write to
  await redis.start();

  for (const stream of streams) {
    const end = await stream.until(isEnd);
    expect(end.data['result'].flashcards).toEqual([1, 2, 3, 4].map(card));
    expect(lasting(stream.events).map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6']);
  }
  expect(openai.calls).toHaveLength(3);
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
});

test('connections to Redis vanish without a word: others are opened, all jobs end, and nothing is bought twice', async () => {
  const store = await ownStore();
  const address = new URL(store.url);
  const proxy = await startProxy(Number(address.port));
  address.port = String(proxy.port);
  const go = latch();
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces([card(1), card(2)]);
    pen.text(open + cards[0]);
    await go.wait;
    pen.text((cards[1] ?? '') + close);
    pen.finish('stop');
  });
  const stack = await startStack({ REDIS_URL: address.href, ...openai.env, WORKER_STALLED_INTERVAL_MS: '120000' });
  const worker = await stack.startWorker();
  const jobs = await Promise.all([1, 2, 3].map(() => stack.submit({ content: 'Notes.', count: 2 })));
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  await Promise.all(streams.map((stream) => stream.until(({ data }) => data['index'] === 0)));

  proxy.vanish();
  const statuses = () => Promise.all([`${stack.url}/ready`, `${worker.url}/health`].map(async (url) => (await fetch(url)).status));
  await expect.poll(statuses).toEqual([503, 503]);
  await expect.poll(statuses).toEqual([200, 200]);
  go.open();
  for (const stream of streams) {
    const end = await stream.until(isEnd);
    expect(end.data['result'].flashcards).toEqual([1, 2].map(card));
    expect(lasting(stream.events).map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
  }
  const later = await stack.submit({ content: 'Katze: cat', count: 2 });
  expect((await (await stack.watch(later)).until(isEnd)).event).toBe('completed');
  expect(openai.calls).toHaveLength(4);
});
