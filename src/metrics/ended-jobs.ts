/** The counter of jobs' ends, which both processes have. */
import type { Count, ProcessMetrics } from './process-metrics.ts';

/**
 * Makes it. A worker counts the ends of its runs. A job that was cancelled is counted by the process
 * that did it.
 */
export function createEndedJobs(metrics: ProcessMetrics): Count<'kind' | 'provider' | 'outcome' | 'code'> {
  return metrics.counter({
    name: 'aijobs_jobs_ended_total',
    help: 'Jobs that ended, by how: completed, failed with a code, or cancelled.',
    labels: ['kind', 'provider', 'outcome', 'code'],
  });
}
