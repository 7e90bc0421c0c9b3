/** The lanes that a worker serves. */
import type { Config } from '../src/config.ts';
import type { WorkerDescription } from '../src/jobs/worker-registry.ts';
import type { ServedLane } from './run/lane-worker.ts';

/** What the environment says of them. */
type LaneConfig = Pick<Config['worker'], 'concurrency' | 'concurrencyTotal' | 'laneSettings' | 'kinds'>;

/** Whether a worker is for a kind (`WORKER_KINDS`). */
export function isServed(kind: string, { kinds }: Pick<LaneConfig, 'kinds'>): boolean {
  return kinds?.includes(kind) ?? true;
}

/** The queue that all kinds share, and the lanes of the kinds that the worker is for. */
export function servedLanes(kinds: readonly { name: string }[], config: LaneConfig): ServedLane[] {
  const { concurrency, laneSettings } = config;
  const lanes = kinds.flatMap(({ name }): ServedLane[] => {
    const own = laneSettings.get(name);
    return isServed(name, config) ? [{ lane: name, concurrency: own?.concurrency ?? concurrency, rateMax: own?.rateMax }] : [];
  });
  return [{ lane: undefined, concurrency }, ...lanes];
}

/**
 * How many jobs such a worker runs at once: in all, and of
 * each kind. `isDone`: whether it can do a kind.
 */
export function concurrencyIn(
  served: readonly ServedLane[],
  { concurrencyTotal: total }: LaneConfig,
  isDone: (kind: string) => boolean,
): Pick<WorkerDescription, 'concurrency'> & { lanes: NonNullable<WorkerDescription['lanes']> } {
  const done = served.flatMap(({ lane, concurrency }): [string, { concurrency: number }][] =>
    lane !== undefined && isDone(lane) ? [[lane, { concurrency: Math.min(concurrency, total) }]] : [],
  );
  const sum = done.reduce((slots, [, { concurrency }]) => slots + concurrency, 0);
  return { concurrency: Math.min(sum, total), lanes: Object.fromEntries(done) };
}
