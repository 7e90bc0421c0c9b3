/** The queue of notifications in the test's process, over a key prefix of its own; it closes with the test. */
import { inject, onTestFinished } from 'vitest';
import { NotificationQueue } from '../../src/notifications/notification-queue.ts';
import { ProcessStore } from '../../src/store/store.ts';
import { newPrefix } from './stack.ts';

/** Opens it. What it sends is the test's to start. */
export async function openTestQueue<Data>() {
  const keyPrefix = newPrefix();
  const log = { info() {}, warn() {} };
  const store = await ProcessStore.open({ url: inject('redisUrl'), keyPrefix, mayEvict: true, log, logError() {}, onUnusable() {} });
  const queue = new NotificationQueue<Data>(store);
  onTestFinished(async () => {
    await queue.close();
    store.close();
  });
  return { queue, store, redis: store.redis, clock: store.clock, keys: store.keys };
}
