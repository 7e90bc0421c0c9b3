/**
 * Puts the streams together: the event reader hands its signals
 * to the feeds, and timers make up for signals that are lost.
 */
import type { Archiving } from './archive-parts.ts';
import type { Config } from './config.ts';
import type { AppDeps } from './http/app-deps.ts';
import type { Shares } from './http/shares.ts';
import type { Snapshot } from './job/snapshot.ts';
import { tenantOf } from './job/tenant.ts';
import type { JobQueue } from './jobs/queue.ts';
import { estimate } from './jobs/eta.ts';
import { ESTIMATE_AGE_MS } from './jobs/stats.ts';
import type { StreamMetrics } from './metrics/stream-metrics.ts';
import type { Notifier } from './notification-parts.ts';
import type { Fail, Part } from './process.ts';
import { endWhenStuck } from './store/loop-age.ts';
import type { ProcessStore } from './store/store.ts';
import { Connections, type Sink } from './stream/connections.ts';
import { EventReader, type JobSignal } from './stream/event-reader.ts';
import { Feed } from './stream/feed.ts';
import type { Addressing } from './stream/job-channel.ts';
import { UserFeed } from './stream/user-feed.ts';
import type { Interest } from './stream/wanted-events.ts';

/** How many of a user's newest jobs the user's stream takes stock of, beside all that have not ended. */
const USER_JOBS = 100;

/** How often every followed job is read, whatever was signalled, in ms. */
const RECONCILE_MS = 20_000;

/** Streams and jobs that are due for such work are served so many times in their interval. */
const PARTS = 100;

/** What streams are opened with: beside what they read, those who want to know of jobs' ends. */
export type StreamOptions = {
  store: ProcessStore;
  fail: Fail;
  queue: JobQueue;
  config: Pick<Config, 'stream'>;
  shares: Pick<Shares, 'reads'>;
  addressing: Addressing;
  notifications: Pick<Notifier, 'endSeen' | 'ended' | 'awaits' | 'onAccepted'>;
  archiving: Pick<Archiving, 'ended' | 'isOn'>;
  metrics: StreamMetrics;
};

/**
 * What the routes use of streams. `drain` ends all streams and
 * begins no new one; `close` stops what serves them.
 */
export type StreamParts = Pick<AppDeps, 'feed' | 'userFeed' | 'connections' | 'listening'> & Part & { drain(): void };

/** Opens feeds, event reader and timers. */
export function openStreams({ archiving, metrics, ...options }: StreamOptions): StreamParts {
  const { store, config, queue, notifications } = options;
  const { heartbeatMs, maxAgeMs } = config.stream;
  const connections = new Connections(maxAgeMs, metrics);
  const { feed, userFeed } = createFeeds(connections, options, () => eventReader.wake());
  const tell = (signal: JobSignal): void => {
    feed.signal(signal);
    userFeed.signal(signal);
  };
  const eventReader: EventReader = new EventReader({
    pattern: store.connect('block', { lazyConnect: true }).redis,
    redis: store.redis,
    keyPrefix: store.keyPrefix,
    interest: interestOf({ feed, userFeed, notifications, archiving }),
    onSignal(signal) {
      if (signal.type === 'paused') return void queue.pausesChanged().then(() => tell(signal), store.onError('pauses'));
      tell(signal);
      if (signal.type !== 'changed' || signal.change !== 'ended') return;
      archiving.ended(signal.jobId);
      notifications.ended(signal.jobId);
    },
    onError: store.onError('events'),
  });
  notifications.onAccepted(() => eventReader.wake());
  metrics.read({
    followers: () => connections.counts(),
    restarts: () => eventReader.restarts(),
    async lagMs() {
      const oldest = await eventReader.oldestUnread();
      return oldest === undefined ? 0 : Math.max(store.clock.now() - oldest, 0);
    },
  });

  const reconcile = () => {
    feed.reconcile();
    userFeed.reconcile();
  };
  store.redis.on('ready', reconcile);
  store.monitor.watch({
    onTrouble: () => {},
    onBack() {
      eventReader.begin();
      reconcile(); // a cluster does not become `ready` anew when one of its masters is another one
    },
  });
  const stuck = { what: 'the event reader', ageMs: () => eventReader.ageMs(), monitor: store.monitor, fail: options.fail };
  const watch = endWhenStuck({ ...stuck, onError: store.onError('events') });
  const pingMs = Math.min(heartbeatMs, maxAgeMs / 10);
  const timers = [
    setInterval(() => connections.heartbeat(pingMs), pingMs / PARTS),
    setInterval(() => feed.reconcile(RECONCILE_MS), RECONCILE_MS / PARTS),
    setInterval(() => userFeed.reconcile(), RECONCILE_MS),
  ];
  return {
    feed,
    userFeed,
    connections,
    listening: () => eventReader.listening(),
    drain: () => connections.close(),
    close() {
      timers.forEach(clearInterval);
      watch.close();
      eventReader.close();
    },
  };
}

/** Who wants which events. Ends are also handed on without a follower, which is no hurry. */
function interestOf({
  feed,
  userFeed,
  notifications,
  archiving,
}: { feed: Feed; userFeed: UserFeed } & Pick<StreamOptions, 'notifications' | 'archiving'>): Interest {
  return {
    when() {
      if (feed.isFollowed() || userFeed.isFollowed()) return 'now';
      return archiving.isOn || notifications.awaits() ? 'soon' : 'never';
    },
    has(jobId, topic) {
      if (topic === 'ended' && (archiving.isOn || notifications.awaits(jobId))) return true;
      return topic === 'row' ? feed.isFollowed(jobId) : userFeed.isFollowed() || (topic !== 'added' && feed.isFollowed(jobId));
    },
  };
}

function createFeeds(
  connections: Connections,
  { store, queue, shares, addressing, notifications }: Omit<StreamOptions, 'archiving' | 'metrics'>,
  onFollow: () => void,
): { feed: Feed; userFeed: UserFeed } {
  const common = {
    readJob: (jobId: string, after?: number) => queue.read(jobId, after),
    connections,
    addressing,
    onFollow,
    onEndSent: (ended: Snapshot, sink: Sink) => notifications.endSeen(ended, sink.taken),
    onError: store.onError('stream'),
  };
  return {
    feed: new Feed({ ...common, eta: async ({ position, kind }) => estimate(await queue.stats(ESTIMATE_AGE_MS), position, kind) }),
    userFeed: new UserFeed({
      ...common,
      jobsOf: (owner) => currentJobsOf(queue, owner),
      turn: (owner, signal) => shares.reads.turn(tenantOf(owner, undefined), signal),
      clock: store.clock,
    }),
  };
}

/** A user's newest jobs, then those that have not ended and are older than all of them. */
async function currentJobsOf(queue: JobQueue, owner: string) {
  const [{ jobs }, open] = await Promise.all([queue.jobsOf(owner, { limit: USER_JOBS }), queue.openJobsOf(owner)]);
  const newest = new Set(jobs.map(({ id }) => id));
  return [...jobs, ...open.filter(({ id }) => !newest.has(id)).toReversed()];
}
