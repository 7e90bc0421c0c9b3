/** A lane in figures: what waits and runs in it, and for how long that keeps the workers busy. */
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/**
 * A lane in figures. Jobs that wait or run in the queue that all kinds
 * share count in the sums only.
 */
export type LaneStats = {
  waiting: number;
  active: number;
  delayed: number;
  /** How many of its jobs can run at once, over all workers. */
  concurrency: number;
  /** Mean time one of its jobs runs, in ms; absent until one has run. */
  meanRunMs?: number | undefined;
  /**
   * How long it would take to run what waits, in s. An autoscaler goes by it, so it is always there:
   * without a worker as if there were one slot, and until a job of the lane has run with the mean
   * time of all kinds, or else 5 s a job.
   */
  backlogSeconds: number;
  /**
   * How many of its slots are busy: 1 is all of them. Without a slot it is 1 while jobs wait. It can
   * be above 1 where a worker was lost and its jobs still count as running.
   */
  utilization: number;
};

/** What a job is taken to run while none has run, in ms. */
const GUESSED_RUN_MS = 5000;

/** How many jobs are in a lane, by where they are. */
export type Depth = { waiting: number; active: number; delayed: number };

const NOTHING: Depth = { waiting: 0, active: 0, delayed: 0 };

/** Reads how many jobs are in each lane, and in the queue that all kinds share. */
export async function readDepths({ redis, keys }: Store, names: readonly string[]): Promise<Map<Lane, Depth>> {
  const lanes: Lane[] = [undefined, ...names];
  const depths = lanes.map(async (lane): Promise<[Lane, Depth]> => {
    const [wait, prioritized, active, delayed] = await Promise.all([
      redis.llen(keys.of('wait', lane)),
      redis.zcard(keys.of('prioritized', lane)),
      redis.llen(keys.of('active', lane)),
      redis.zcard(keys.of('delayed', lane)),
    ]);
    return [lane, { waiting: wait + prioritized, active, delayed }];
  });
  return new Map(await Promise.all(depths));
}

/** How many jobs are in all of them together. */
export function sumOf(depths: ReadonlyMap<Lane, Depth>): Depth {
  const sum = { ...NOTHING };
  for (const { waiting, active, delayed } of depths.values()) {
    sum.waiting += waiting;
    sum.active += active;
    sum.delayed += delayed;
  }
  return sum;
}

/** The figures of a lane. `likeRunMs`: how long jobs run where none of the lane has run. */
export function toLaneStats(
  { waiting, active, delayed }: Depth = NOTHING,
  concurrency: number,
  meanRunMs: number | undefined,
  likeRunMs = meanRunMs,
): LaneStats {
  const runMs = meanRunMs ?? likeRunMs ?? GUESSED_RUN_MS;
  const backlogSeconds = Math.ceil((waiting * runMs) / Math.max(concurrency, 1) / 1000);
  const busy = concurrency > 0 ? active / concurrency : Math.min(waiting + active, 1);
  return { waiting, active, delayed, concurrency, meanRunMs, backlogSeconds, utilization: Number(busy.toFixed(2)) };
}

/** What an autoscaler of workers that serve all of these lanes goes by: the lane that needs them most. */
export function worstOf(lanes: readonly LaneStats[]): Pick<LaneStats, 'backlogSeconds' | 'utilization'> {
  return {
    backlogSeconds: Math.max(...lanes.map(({ backlogSeconds }) => backlogSeconds)),
    utilization: Math.max(...lanes.map(({ utilization }) => utilization)),
  };
}
