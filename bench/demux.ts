/** One reader of the eventReader's stream: bare, or with a feed and a follower for each job. Says what CPU the events took. */
import { QueueEvents } from 'bullmq';
import { connect, readyWithin } from '../src/store/redis-connection.ts';
import { QUEUE_NAME } from '../src/store/keys.ts';
import { EventReader } from '../src/stream/event-reader.ts';
import { Connections } from '../src/stream/connections.ts';
import { Feed } from '../src/stream/feed.ts';
import { openQueue, PREFIX } from './redis.ts';

const { REDIS_URL = '', MODE = 'bare' } = process.env;

process.on('message', (order: { follow: string[]; events: number } | 'probe') => {
  if (typeof order !== 'object' || !('follow' in order)) return;
  void (MODE === 'bare' ? bare(order.events) : feed(order.follow, order.events));
});
process.send?.({ ready: true });

/** Counts down to the last event, from when it is called. */
function counter(events: number): () => void {
  const start = process.cpuUsage();
  let left = events;
  process.send?.({ following: true });
  return () => {
    if (--left > 0) return;
    const { user, system } = process.cpuUsage(start);
    process.send?.({ done: true, cpu: user + system });
  };
}

async function bare(events: number): Promise<void> {
  const reader = new QueueEvents(QUEUE_NAME, { connection: connect(REDIS_URL, 'wait', () => {}), prefix: PREFIX });
  await reader.waitUntilReady();
  reader.on('progress', counter(events));
}

async function feed(jobIds: string[], events: number): Promise<void> {
  const redis = connect(REDIS_URL, 'fail', () => {});
  await readyWithin(redis, 5000);
  const queue = openQueue(redis);
  const made = new Feed({
    readJob: (jobId, after) => queue.read(jobId, after),
    connections: new Connections(600_000),
    eta: async () => undefined,
    onError: console.error,
  });
  const begun = Promise.withResolvers<void>();
  const reader = new EventReader({
    pattern: connect(REDIS_URL, 'wait', () => {}, { lazyConnect: true }),
    redis,
    keyPrefix: PREFIX,
    interest: { when: () => 'now', has: (jobId) => made.isFollowed(jobId) },
    onSignal(signal) {
      made.signal(signal);
      begun.resolve();
    },
    onError: console.error,
  });
  await begun.promise;
  process.once('disconnect', () => reader.close());
  let count = (): void => {};
  for (const id of jobIds) {
    const following = await made.follow(id, 0);
    following?.feed({ write: () => count(), close: () => {} });
  }
  count = counter(events);
}
