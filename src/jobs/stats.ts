/** The queue in figures, derived from what BullMQ keeps anyway. */
import type { Queue } from 'bullmq';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import { type LaneStats, readDepths, sumOf, toLaneStats, worstOf } from './lane-stats.ts';
import { meanOf, readRunSamples, type Spread, spread } from './run-samples.ts';
import { type OperatorPause, pauseOf } from './operator-pauses.ts';
import { concurrencyOf, type KnownWorker, msPerStartOf } from './worker-registry.ts';

/** The queue in figures. */
export type QueueStats = {
  counts: { waiting: number; active: number; delayed: number; completed: number; failed: number; cancelled: number };
  /** The same for each lane, by its kind. */
  lanes: Readonly<Record<string, LaneStats>>;
  /** The same for the queue that all kinds share: all slots may run its jobs. */
  shared: LaneStats;
  /** The longest backlog of a lane or of the shared queue, in s. */
  backlogSeconds: number;
  /** The highest utilization of a lane, and of all slots together. */
  utilization: number;
  /** There where the queue is paused: no job begins until it is resumed. */
  paused?: true | undefined;
  /** What operators have paused; absent where that is nothing. */
  pauses?: OperatorPause[] | undefined;
  /** The kinds whose jobs do not begin because of that. */
  pausedKinds?: string[] | undefined;
  /** Worker processes that live now. */
  workers: number;
  /** Jobs that can run at once, over all workers. */
  concurrency: number;
  /** The limiter's pace: the least time between two starts, on average, in ms. */
  msPerStart: number;
  /** Jobs that ended in the last minute. */
  perMinute: { completed: number; failed: number; cancelled: number };
  /**
   * Of the last completed jobs, in ms: from when their last run could begin (they were submitted,
   * retried or handed back, or a pause was over) to when it began, and from then to their end.
   */
  waitMs?: Spread | undefined;
  runMs?: Spread | undefined;
  /** Mean time a job runs, in ms. */
  meanRunMs?: number | undefined;
  /**
   * What bounds the pace at which jobs begin: the limiter, or
   * how many run at once; absent while that is not known.
   */
  bottleneck?: 'rate' | 'concurrency' | undefined;
  /**
   * The vendors' calls that the last completed jobs made: how
   * many have a known cost; absent until one was made.
   */
  costs?: { known: number; unknown: number } | undefined;
  /**
   * Processes whose own clock is more than a second ahead of Redis', or
   * behind where `aheadMs` is negative; absent where there are none.
   */
  clocksOff?: ClockOff[] | undefined;
};

/** A process whose clock is off. */
export type ClockOff = { process: 'api' | 'worker'; aheadMs: number };

/** How old figures for an estimate may be, in ms: a busy API asks Redis once a second at most. */
export const ESTIMATE_AGE_MS = 1000;

/** The limiter's rate: `max` starts in `duration` ms, over all workers. */
export type Rate = { max: number; duration: number };

/** What the figures are made from, beside BullMQ's own. `rate`: counts while no worker says its own. */
export type StatsSources = {
  rate: Rate;
  lanes: readonly string[];
  workers: (maxAgeMs?: number) => Promise<KnownWorker[]>;
  pauses: () => Promise<OperatorPause[]>;
};

/**
 * How long a reading waits after the one before, where some
 * wait for it, in ms: it costs as much as hundreds of polls.
 */
const REST_MS = 50;

/**
 * Makes the function that reads the figures, once at a time: who asks
 * meanwhile shares the next reading, so that nobody is told what was before.
 */
export function createStats(queue: Queue, store: Store, sources: StatsSources): (maxAgeMs?: number) => Promise<QueueStats> {
  let latest: { at: number; figures: Promise<QueueStats> } | undefined;
  let running: Promise<QueueStats> | undefined;
  let following: Promise<QueueStats> | undefined;

  const begin = (): Promise<QueueStats> => {
    const figures = read(queue, store, sources);
    running = figures;
    latest = { at: performance.now(), figures };
    figures.then(
      () => (running = undefined),
      () => (running = latest = undefined),
    );
    return figures;
  };
  const follow = async (before: Promise<QueueStats>): Promise<QueueStats> => {
    try {
      await before; // where it fails, so do those that waited for it: they have waited for one time limit
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    } finally {
      following = undefined;
    }
    return begin();
  };

  return (maxAgeMs = 0) => {
    if (latest && performance.now() - latest.at <= maxAgeMs) return latest.figures;
    if (!running) return following ?? begin();
    following ??= follow(running);
    return following;
  };
}

async function read(
  queue: Queue,
  store: Store,
  { rate, lanes: names, workers: known, pauses: readPauses }: StatsSources,
): Promise<QueueStats> {
  const minuteAgo = store.clock.now() - 60_000;
  const { redis, keys } = store;
  const [inLanes, isPaused, workers, allCompleted, allFailed, completed, failed, cancelled, allCancelled, { times, costs }, pauses] =
    await Promise.all([
      readDepths(store, names),
      queue.isPaused(),
      known(),
      redis.zcard(keys.of('completed')),
      redis.zcard(keys.of('failed')),
      redis.zcount(keys.of('completed'), minuteAgo, '+inf'),
      redis.zcount(keys.of('failed'), minuteAgo, '+inf'),
      redis.zcount(keys.cancelled, minuteAgo, '+inf').catch(ifWrongType(0)),
      redis.zcard(keys.cancelled).catch(ifWrongType(0)),
      readRunSamples(store),
      readPauses(),
    ]);
  const pausedKinds = names.filter((name) => pauseOf(name, pauses, workers));
  const clocksOff = workers.flatMap(({ live, clockAheadMs: aheadMs }): ClockOff[] =>
    live && aheadMs !== undefined ? [{ process: 'worker', aheadMs }] : [],
  );
  const runs = times.map(({ run }) => run);
  const meanRunMs = meanOf(runs);
  const concurrency = concurrencyOf(workers);
  const msPerStart = msPerStartOf(workers) ?? rate.duration / rate.max;
  const depth = sumOf(inLanes);
  const lanes = Object.fromEntries(
    names.map((name) => {
      const ownRunMs = meanOf(times.flatMap(({ kind, run }) => (kind === name ? [run] : [])));
      return [name, toLaneStats(inLanes.get(name), concurrencyOf(workers, name), ownRunMs, meanRunMs)];
    }),
  );
  const shared = toLaneStats(inLanes.get(undefined), concurrency, meanRunMs);
  const waits = times.flatMap(({ wait }) => (wait === undefined ? [] : [wait]));
  return {
    counts: {
      ...depth,
      completed: allCompleted,
      failed: Math.max(allFailed - allCancelled, 0),
      cancelled: allCancelled,
    },
    lanes,
    shared,
    ...worstOf([...Object.values(lanes), shared, toLaneStats({ ...depth, waiting: 0 }, concurrency, meanRunMs)]),
    paused: isPaused ? true : undefined,
    pauses: pauses.length > 0 ? pauses : undefined,
    pausedKinds: pausedKinds.length > 0 ? pausedKinds : undefined,
    workers: workers.filter(({ live }) => live).length,
    concurrency,
    msPerStart,
    perMinute: { completed, failed: Math.max(failed - cancelled, 0), cancelled },
    waitMs: spread(waits),
    runMs: spread(runs),
    costs: costs.known + costs.unknown > 0 ? costs : undefined,
    clocksOff: clocksOff.length > 0 ? clocksOff : undefined,
    meanRunMs,
    bottleneck: meanRunMs === undefined || concurrency === 0 ? undefined : meanRunMs / concurrency < msPerStart ? 'rate' : 'concurrency',
  };
}
