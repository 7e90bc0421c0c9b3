/** The embedded store, as `npm start` runs it without a REDIS_URL. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedStore } from '../src/embedded/start.ts';

/** More than Valkey has places for: 10,128, of which the first 4,096 are not for connections here. */
const CONNECTIONS = 6100;
const AT_ONCE = 100;

test('it takes connections however many there were before', async () => {
  const store = await startEmbeddedStore();
  onTestFinished(() => store.stop());
  const { port } = new URL(store.url);
  const comeAndGo = async (): Promise<void> => {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end('PING\r\n');
    socket.resume();
    await once(socket, 'close');
  };
  for (let done = 0; done < CONNECTIONS; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, comeAndGo));
  const redis = new Redis(store.url, { maxRetriesPerRequest: 0, retryStrategy: () => null });
  onTestFinished(() => redis.disconnect());
  expect(await redis.ping()).toBe('PONG');
});
