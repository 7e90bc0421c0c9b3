/** Puts a worker's metrics together: what counts its runs, and what is read at a scrape. */
import type { Config } from '../src/config.ts';
import { kindOf } from '../src/jobs/to-snapshot.ts';
import { addProcessInfo } from '../src/metrics/process-info.ts';
import { ProcessMetrics } from '../src/metrics/process-metrics.ts';
import { addStoreMetrics } from '../src/metrics/store-metrics.ts';
import type { ProcessStore } from '../src/store/store.ts';
import type { Assignment } from './assignments.ts';
import { readOpenBreakers } from './run/shared-breaker.ts';
import type { JobWorker } from './run/worker.ts';
import { WorkerMetrics } from './worker-metrics.ts';

/** What a worker's metrics are made with. `breakers`: the names of its circuit breakers. */
type WorkerMetricsOptions = {
  store: ProcessStore;
  config: Config;
  version: string;
  assignments: ReadonlyMap<string, Assignment>;
  breakers: ReadonlySet<string>;
};

/** The metrics of a worker process. */
export type WorkerMetricsParts = {
  events: WorkerMetrics;
  onCancelled: (jobId: string) => void;
  page: Pick<ProcessMetrics, 'text' | 'contentType'>;
  /**
   * Begins to tell of this worker at each scrape. `trouble`: what keeps it from its work; undefined
   * while it works.
   */
  watch(worker: Pick<JobWorker, 'active' | 'loopAgeMs'>, trouble: () => Promise<string | undefined>): void;
};

/** Opens them. */
export function openWorkerMetrics({ store, config, version, assignments, breakers }: WorkerMetricsOptions): WorkerMetricsParts {
  const metrics = new ProcessMetrics(store.onError('metrics'));
  addProcessInfo(metrics, 'worker', version);
  addStoreMetrics(metrics, store);
  const events = new WorkerMetrics(metrics, assignments);
  const open = metrics.gauge({
    name: 'aijobs_breaker_open',
    help: "Whether a provider's circuit breaker holds jobs back: it is open until a call succeeds.",
    labels: ['provider'],
  });
  metrics.onScrape([open], async () => {
    const found = await store.orUnavailable(() => readOpenBreakers(store, [...breakers]));
    open([...breakers].map((provider) => [{ provider }, found.has(provider) ? 1 : 0]));
  });
  return {
    events,
    onCancelled: (jobId) => events.cancelled(kindOf(jobId)),
    page: metrics,
    watch(worker, trouble) {
      const up = metrics.gauge({
        name: 'aijobs_worker_up',
        help: 'Whether this worker can take jobs, as its health tells. If it can not, `trouble` says why.',
        labels: ['trouble'],
      });
      metrics.onScrape([up], async () => {
        const found = await trouble();
        up([[{ trouble: found ?? '' }, found === undefined ? 1 : 0]]);
      });
      const seconds = 'For how long the loop has been expected to ask for a job. It is 0 while all slots are busy.';
      metrics.value('aijobs_worker_loop_age_seconds', seconds, () => worker.loopAgeMs() / 1000);
      metrics.value('aijobs_worker_slots', 'How many jobs this worker can run at once.', () => config.worker.concurrency);
      metrics.value('aijobs_worker_slots_busy', 'How many jobs this worker runs now.', () => worker.active());
    },
  };
}
