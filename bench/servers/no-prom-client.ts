/** What ai-jobs uses of prom-client, doing nothing. */

class Metric {
  inc(): void {}
  observe(): void {}
  set(): void {}
  reset(): void {}
  remove(): void {}
}

export class Counter extends Metric {}
export class Gauge extends Metric {}
export class Histogram extends Metric {}

export class Registry {
  static readonly PROMETHEUS_CONTENT_TYPE = 'text/plain';

  metrics(): Promise<string> {
    return Promise.resolve('');
  }
}

export function collectDefaultMetrics(): void {}
