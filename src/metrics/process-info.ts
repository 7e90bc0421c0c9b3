/** Which process it is, and which version it runs. */
import type { ProcessMetrics } from './process-metrics.ts';

/** Adds that, as a gauge that is always 1. */
export function addProcessInfo(metrics: ProcessMetrics, process: 'api' | 'worker', version: string): void {
  const info = metrics.gauge({
    name: 'aijobs_info',
    help: 'Which process this is, and its version. Always 1.',
    labels: ['process', 'version'],
  });
  info([[{ process, version }, 1]]);
}
