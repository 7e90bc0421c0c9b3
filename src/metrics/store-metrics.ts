/** The metrics of Redis as a process sees it. Both processes have them. */
import type { ProcessStore } from '../store/store.ts';
import { nodeWith } from '../store/slot-node.ts';
import type { ProcessMetrics } from './process-metrics.ts';

/** What is told of the store. */
type WatchedStore = Pick<ProcessStore, 'redis' | 'monitor' | 'clock' | 'keys'>;

/** Adds them. A scrape costs one write, at most once a second, and one `INFO`. */
export function addStoreMetrics(metrics: ProcessMetrics, store: WatchedStore): void {
  const { monitor, redis, clock, keys } = store;
  const up = metrics.gauge({
    name: 'aijobs_redis_up',
    help: 'Whether this process can write to Redis. If it can not, `trouble` says why.',
    labels: ['trouble'],
  });
  metrics.onScrape([up], async () => {
    const trouble = await monitor.probe();
    const name = trouble === undefined ? '' : trouble.type === 'away' ? 'away' : trouble.code;
    up([[{ trouble: name }, trouble === undefined ? 1 : 0]]);
  });

  const of = (name: string, help: string) => metrics.gauge({ name: `aijobs_redis_${name}`, help, labels: [] });
  const latency = of('latency_seconds', 'The time of one command, as this process measured it for this scrape.');
  const used = of('used_memory_bytes', 'The memory that Redis uses.');
  const limit = of('maxmemory_bytes', 'The memory that Redis may use. It is 0 where no limit is set.');
  metrics.onScrape([latency, used, limit], async () => {
    if (redis.status !== 'ready') return [latency, used, limit].forEach((replace) => replace([]));
    const start = performance.now();
    const memory = await nodeWith(redis, keys.probe).info('memory');
    latency([[{}, (performance.now() - start) / 1000]]);
    used([[{}, bytesOf(memory, 'used_memory')]]);
    limit([[{}, bytesOf(memory, 'maxmemory')]]);
  });

  metrics.total('aijobs_redis_trouble_seconds_total', 'For how long Redis was in trouble since this process began.', () => {
    return monitor.troubleMs() / 1000;
  });
  metrics.value(
    'aijobs_clock_ahead_seconds',
    "By how much this process' clock is ahead of Redis', if it is off by more than a second.",
    () => {
      return (clock.aheadMs() ?? 0) / 1000;
    },
  );
}

function bytesOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
}
