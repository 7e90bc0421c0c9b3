/** The metrics of what is handed on when jobs have ended: to the archive, to webhooks and to phones. */
import type { ProcessMetrics } from './process-metrics.ts';

/** What is read. `archive`: undefined where there is none; ages in ms. */
type OutboxSources = {
  archive: (() => Promise<{ waiting: number; lagMs: number; parked: number }>) | undefined;
  notifications: () => Promise<{ waiting: number; failed: number }>;
};

/** Adds them. Those of the archive are 0 where there is none. */
export function addOutboxMetrics(metrics: ProcessMetrics, { archive, notifications }: OutboxSources): void {
  const unsent = metrics.gauge({
    name: 'aijobs_notifications',
    help: 'Webhooks and push notifications that wait, and that have failed for good and are kept for a while.',
    labels: ['channel', 'state'],
  });
  metrics.onScrape([unsent], async () => {
    const { waiting, failed } = await notifications();
    const channel = 'all'; // they are in one queue
    unsent([
      [{ channel, state: 'waiting' }, waiting],
      [{ channel, state: 'failed' }, failed],
    ]);
  });
  const gauge = (name: string, help: string) => metrics.gauge({ name: `aijobs_archive_${name}`, help, labels: [] });
  const pending = gauge('pending', 'Jobs that have ended and are not in the archive yet.');
  const oldest = gauge('oldest_seconds', 'For how long the oldest of them has waited.');
  const parked = gauge('parked', 'Rows that the archive has refused for good.');
  if (!archive) return;
  metrics.onScrape([pending, oldest, parked], async () => {
    const state = await archive();
    pending([[{}, state.waiting]]);
    oldest([[{}, state.lagMs / 1000]]);
    parked([[{}, state.parked]]);
  });
}
