/** Puts an API's metrics together: what counts requests and streams, and what is read at a scrape. */
import type { ArchiveOutbox } from './archive/outbox.ts';
import type { Config } from './config.ts';
import type { AppDeps } from './http/app-deps.ts';
import { figuresOf, type Shares } from './http/shares.ts';
import type { JobQueue } from './jobs/queue.ts';
import { ESTIMATE_AGE_MS } from './jobs/stats.ts';
import { kindOf } from './jobs/to-snapshot.ts';
import type { Kind } from './kinds/kind.ts';
import { metricsAccessOf } from './metrics/access.ts';
import { addOutboxMetrics } from './metrics/outbox-metrics.ts';
import { addProcessInfo } from './metrics/process-info.ts';
import { ProcessMetrics } from './metrics/process-metrics.ts';
import { addQueueMetrics } from './metrics/queue-metrics.ts';
import { RequestMetrics } from './metrics/request-metrics.ts';
import { addStoreMetrics } from './metrics/store-metrics.ts';
import { StreamMetrics } from './metrics/stream-metrics.ts';
import type { NotificationQueue } from './notifications/notification-queue.ts';
import type { NotifierOptions } from './notification-parts.ts';
import type { ProcessStore } from './store/store.ts';

/** What an API's metrics are made with. */
type ApiMetricsOptions = { store: ProcessStore; config: Config; kinds: readonly Kind[]; version: string };

/** What is read at a scrape. */
type Watched = {
  queue: JobQueue;
  outbox: ArchiveOutbox | undefined;
  notifications: Pick<NotificationQueue<unknown>, 'counts'>;
  shares: Shares;
};

/** The metrics of an API process. */
export type ApiMetrics = {
  requests: RequestMetrics;
  streams: StreamMetrics;
  page: AppDeps['metrics'];
  onCancelled: (jobId: string) => void;
  onTry: NonNullable<NotifierOptions['onTry']>;
  /** Begins to tell these at each scrape. */
  watch(watched: Watched): void;
};

/** Opens them. */
export function openApiMetrics({ store, config, kinds, version }: ApiMetricsOptions): ApiMetrics {
  const metrics = new ProcessMetrics(store.onError('metrics'));
  addProcessInfo(metrics, 'api', version);
  addStoreMetrics(metrics, store);
  const requests = new RequestMetrics(
    metrics,
    kinds.map(({ name }) => name),
  );
  const tries = metrics.counter({
    name: 'aijobs_notification_tries_total',
    help: 'Tries to send a webhook or a push notification, or to read the receipt of one, by what came of them.',
    labels: ['channel', 'outcome'],
  });
  return {
    requests,
    streams: new StreamMetrics(metrics, store.clock),
    page: { text: () => metrics.text(), contentType: metrics.contentType, access: metricsAccessOf(config) },
    onCancelled: (jobId) => requests.cancelled(kindOf(jobId)),
    onTry: (channel, outcome) => tries({ channel, outcome }),
    watch({ queue, outbox, notifications, shares }) {
      addQueueMetrics(metrics, { stats: () => queue.stats(ESTIMATE_AGE_MS), oldest: () => queue.oldest() });
      addOutboxMetrics(metrics, { archive: outbox && (() => outbox.state()), notifications: () => notifications.counts() });
      addHoldMetrics(metrics, shares, config.shares);
    },
  };
}

/** Adds the metrics of what requests hold, and of how much they may hold. */
function addHoldMetrics(metrics: ProcessMetrics, shares: Shares, limits: Config['shares']): void {
  const held = metrics.gauge({
    name: 'aijobs_held',
    help: 'What requests hold now: bytes of bodies and answers, streams, costly reads of Redis.',
    labels: ['what'],
  });
  const limit = metrics.gauge({ name: 'aijobs_held_limit', help: 'How much of it all requests may hold together.', labels: ['what'] });
  const waiting = metrics.gauge({ name: 'aijobs_held_waiting', help: 'Requests that wait until they may hold it.', labels: ['what'] });
  metrics.onScrape([held, limit, waiting], () => {
    const figures = Object.entries(figuresOf(shares));
    held(figures.map(([what, { held: now }]) => [{ what }, now]));
    waiting(figures.map(([what, { waiting: now }]) => [{ what }, now]));
    limit(Object.entries(limits).map(([what, { all }]) => [{ what }, all]));
  });
}
