/** Puts the streams together: the event reader hands its signals to the feeds, and timers make up for signals that are lost. */
import type { Config } from './config.ts';
import type { Closer } from './process.ts';
import { EventReader } from './stream/event-reader.ts';
import type { JobQueue } from './jobs/queue.ts';
import { estimate, ESTIMATE_AGE_MS } from './jobs/stats.ts';
import type { Store } from './store/store.ts';
import { Connections } from './stream/connections.ts';
import { Feed } from './stream/feed.ts';
import { UserFeed, type UserFeedOptions } from './stream/user-feed.ts';

/** How many of a user's newest jobs the user's stream takes stock of, beside all that have not ended. */
const USER_JOBS = 100;

/** How often every followed job is read, whatever was signalled, in ms. */
const RECONCILE_MS = 20_000;

/** What streams are opened with. `onEnded` is told of each job that has ended. */
export type StreamOptions = Required<Pick<UserFeedOptions, 'turn' | 'addressing' | 'onEndSent'>> & {
  store: Store;
  keyPrefix: string;
  queue: JobQueue;
  settings: Config['stream'];
  onEnded: (jobId: string) => void;
};

/** What the routes use of streams. `listening`: whether the event reader is reading. */
export type StreamParts = { feed: Feed; userFeed: UserFeed; connections: Connections; listening: () => boolean };

/** Opens them. `closers` undo what was opened. */
export function openStreams(
  { store, keyPrefix, queue, settings, turn, addressing, onEndSent, onEnded }: StreamOptions,
  closers: Closer[],
): StreamParts {
  const { redis, clock } = store;
  const connections = new Connections(settings.maxAgeMs);
  const common = { readJob: queue.read, connections, addressing, onEndSent, onError: store.onError('stream') };
  const feed = new Feed({ ...common, eta: async ({ position }) => estimate(await queue.stats(ESTIMATE_AGE_MS), position) });
  const userFeed = new UserFeed({ ...common, jobsOf: (owner) => currentJobsOf(queue, owner), turn, clock });
  const eventReader = new EventReader({
    pattern: store.connect('wait', { lazyConnect: true }),
    redis,
    keyPrefix,
    onSignal(signal) {
      feed.signal(signal);
      userFeed.signal(signal);
      if (signal.type === 'changed' && signal.change === 'ended') onEnded(signal.jobId);
    },
    onError: store.onError('events'),
  });
  closers.push(() => eventReader.close());

  const reconcile = () => {
    feed.reconcile();
    userFeed.reconcile();
  };
  redis.on('ready', reconcile);
  const beat = Math.min(settings.heartbeatMs, settings.maxAgeMs / 10);
  const timers = [setInterval(() => connections.heartbeat(), beat), setInterval(reconcile, RECONCILE_MS)];
  closers.push(() => timers.forEach(clearInterval));
  return { feed, userFeed, connections, listening: () => eventReader.listening() };
}

/** A user's newest jobs, then those that have not ended and are older than all of them. */
async function currentJobsOf(queue: JobQueue, owner: string) {
  const [{ jobs }, open] = await Promise.all([queue.jobsOf(owner, { limit: USER_JOBS }), queue.openJobsOf(owner)]);
  const newest = new Set(jobs.map(({ id }) => id));
  return [...jobs, ...open.filter(({ id }) => !newest.has(id)).toReversed()];
}
