/** How streams live and end: heartbeats, a bounded age, a drain; and what is left behind in a real process: nothing. */
import { readdirSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedStore } from '../../src/embedded/start.ts';
import { connect } from '../../src/store/redis-connection.ts';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { startStack as startProcesses } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';

test('an idle stream is kept alive by comments', async () => {
  const stack = await startStack({ SSE_HEARTBEAT_MS: '50' });
  const stream = await stack.watch(await stack.submit());
  await expect.poll(() => stream.text().match(/^: ping$/gm)?.length ?? 0).toBeGreaterThan(2);
  expect(stream.events.map(({ event }) => event)).toEqual(['status', 'live']);
});

test('past its age a stream ends with a retry, and the client goes on where it was', async () => {
  const stack = await startStack({ SSE_MAX_AGE_MS: '300' });
  const job = await stack.submit();
  const first = await stack.watch(job);
  await first.ended;
  expect(first.retries).toHaveLength(2);
  expect(first.events.some(isEnd)).toBe(false);
  await stack.startWorker();
  const seen: StreamEvent[] = [];
  while (!seen.some(isEnd)) {
    const cursor = lasting(seen).at(-1)?.id;
    const again = await stack.watch(job, cursor === undefined ? {} : { 'last-event-id': cursor });
    await again.ended;
    seen.push(...again.events);
  }
  expect(lasting(seen).map(({ id }) => id)).toEqual(['1', '2', '3']);
});

test('at shutdown streams end with a jittered retry, and go on at another process', async () => {
  const stack = await startProcesses();
  const second = await stack.startApi();
  const job = await stack.submit(undefined, { 'user-id': 'ana' });
  const streams = await Promise.all(Array.from({ length: 5 }, () => stack.watch(job)));
  const user = await watch(`${stack.url}/api/events`, { 'user-id': 'ana' });
  await Promise.all([...streams, user].map((stream) => stream.until(({ event }) => event === 'status')));
  expect(await stack.api.stop('SIGTERM')).toBe(0);
  await Promise.all([...streams, user].map(({ ended }) => ended));
  const retries = streams.map((stream) => stream.retries.at(-1) ?? 0);
  expect(Math.min(...retries)).toBeGreaterThanOrEqual(1000);
  expect(new Set(retries).size).toBeGreaterThan(1);
  await stack.startWorker();
  const resumed = await watch(second.url + job['streamUrl']);
  expect((await resumed.until(isEnd)).event).toBe('completed');
});

test('followers cost Redis no connection', async () => {
  const store = await startEmbeddedStore(); // its connections are this test's alone
  onTestFinished(() => store.stop());
  const redis = connect(store.url, 'wait', () => {});
  onTestFinished(() => redis.disconnect());
  const connections = async () => Number(/connected_clients:(\d+)/.exec(await redis.info('clients'))?.[1]);
  const stack = await startStack({ REDIS_URL: store.url });
  const jobs = await Promise.all(Array.from({ length: 50 }, () => stack.submit(undefined, { 'user-id': 'ana' })));
  const before = await connections();
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  streams.push(await watch(`${stack.url}/api/events`, { 'user-id': 'ana' }));
  await Promise.all(streams.map((stream) => stream.until(({ event }) => event === 'status')));
  expect(await connections()).toBe(before);
});

test('10,000 clients that leave, politely or not, leave nothing behind', async () => {
  const stack = await startProcesses();
  const job = await stack.submit();
  const { port } = new URL(stack.url);
  const path = new URL(stack.url + job['streamUrl']);
  const come = async (n: number): Promise<void> => {
    const socket = dial(Number(port), '127.0.0.1');
    const gone = once(socket, 'close');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`GET ${path.pathname}${path.search} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`);
    if (n % 3 > 0) await once(socket, 'data'); // some are gone before the first byte
    if (n % 2) socket.resetAndDestroy();
    else socket.destroySoon();
    await gone;
  };
  const open = () => readdirSync(`/proc/${stack.api.pid}/fd`).length;
  const cycle = async (clients: number) => {
    await Promise.all(Array.from({ length: clients }, (_, n) => come(n)));
    await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
  };
  await cycle(100);
  const before = open();
  for (let round = 0; round < 50; round++) await cycle(200);
  await expect.poll(open).toBeLessThanOrEqual(before + 2); // our own polls keep a connection alive
  const stream = await stack.watch(job);
  await stack.startWorker();
  expect((await stream.until(isEnd)).event).toBe('completed');
});
