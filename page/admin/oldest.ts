/** For how long the oldest jobs have waited, out of the metrics (Prometheus' text format). */

const LINE = /^aijobs_queue_oldest_waiting_seconds\{(?=[^}]*lane="([^"]*)")(?=[^}]*state="waiting")[^}]*\} ([\d.e+-]+)$/gm;

/** By lane, in s. Jobs that wait in no lane of their own are in `shared`. */
export function oldestIn(metrics: string): ReadonlyMap<string, number> {
  return new Map([...metrics.matchAll(LINE)].map(([, lane = '', seconds]) => [lane, Number(seconds)]));
}
