/** The queue in figures, derived from what BullMQ keeps anyway. */
import { parseJson } from '../job/parse-json.ts';
import type { Queue } from 'bullmq';
import type { Snapshot, Usage } from '../job/snapshot.ts';
import { concurrencyOf, type KnownWorker, msPerStartOf } from './worker-registry.ts';
import { FIELDS } from '../job/record.ts';
import { kindOf } from './to-snapshot.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';

/** A median and a 95th percentile in ms; absent until a job has run. */
export type Spread = { p50: number; p95: number };

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

/** A process whose clock is off. */
export type ClockOff = { process: 'api' | 'worker'; aheadMs: number };

/** How many of the last completed jobs the times are taken from. */
const SAMPLE = 200;
/** How old figures for an estimate may be, in ms: a busy API asks Redis once a second at most. */
export const ESTIMATE_AGE_MS = 1000;

/** The limiter's rate: `max` starts in `duration` ms, over all workers. */
export type Rate = { max: number; duration: number };

/** What the figures are made from, beside BullMQ's own. `rate`: counts while no worker says its own. */
export type StatsSources = { rate: Rate; lanes: readonly string[]; workers: (maxAgeMs?: number) => Promise<KnownWorker[]> };

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

async function read(queue: Queue, store: Store, { rate, lanes: names, workers: known }: StatsSources): Promise<QueueStats> {
  const minuteAgo = store.clock.now() - 60_000;
  const { redis, keys } = store;
  const [inLanes, isPaused, workers, allCompleted, allFailed, completed, failed, cancelled, allCancelled, sample] = await Promise.all([
    readDepths(store, names),
    queue.isPaused(),
    known(),
    redis.zcard(keys.of('completed')),
    redis.zcard(keys.of('failed')),
    redis.zcount(keys.of('completed'), minuteAgo, '+inf'),
    redis.zcount(keys.of('failed'), minuteAgo, '+inf'),
    redis.zcount(keys.cancelled, minuteAgo, '+inf').catch(ifWrongType(0)),
    redis.zcard(keys.cancelled).catch(ifWrongType(0)),
    redis.zrevrange(keys.of('completed'), 0, SAMPLE - 1),
  ]);
  const { times, costs } = await readSample(store, sample);
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

/** How many jobs are in a lane, by where they are. */
type Depth = { waiting: number; active: number; delayed: number };

const NOTHING: Depth = { waiting: 0, active: 0, delayed: 0 };

/** Reads how many jobs are in each lane, and in the queue that all kinds share. */
async function readDepths({ redis, keys }: Store, names: readonly string[]): Promise<Map<Lane, Depth>> {
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

function sumOf(depths: ReadonlyMap<Lane, Depth>): Depth {
  const sum = { ...NOTHING };
  for (const { waiting, active, delayed } of depths.values()) {
    sum.waiting += waiting;
    sum.active += active;
    sum.delayed += delayed;
  }
  return sum;
}

/** The figures of a lane. `likeRunMs`: how long jobs run where none of the lane has run. */
function toLaneStats(
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
function worstOf(lanes: readonly LaneStats[]): Pick<QueueStats, 'backlogSeconds' | 'utilization'> {
  return {
    backlogSeconds: Math.max(...lanes.map(({ backlogSeconds }) => backlogSeconds)),
    utilization: Math.max(...lanes.map(({ utilization }) => utilization)),
  };
}

function meanOf(times: number[]): number | undefined {
  return times.length === 0 ? undefined : Math.round(times.reduce((sum, time) => sum + time, 0) / times.length);
}

/** What the records of completed jobs tell. */
type Sample = { times: { kind: string; wait: number | undefined; run: number }[]; costs: { known: number; unknown: number } };

async function readSample({ redis, keys }: Store, ids: string[]): Promise<Sample> {
  const costs = { known: 0, unknown: 0 };
  if (ids.length === 0) return { times: [], costs };
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmget(keys.job(id), 'timestamp', 'processedOn', 'finishedOn', 'ats', 'stc', FIELDS.ready, FIELDS.calls);
  const replies = (await pipeline.exec()) ?? [];
  const times = replies.flatMap(([error, reply], n) => {
    const fields = error ? [] : (reply as (string | null)[]);
    const [created, started, finished, starts, stalls, ready] = fields.slice(0, 6).map(readNumber);
    for (const { costUsd } of callsIn(fields[6])) costs[costUsd === undefined ? 'unknown' : 'known']++;
    if (!created || !started || !finished || finished < started) return [];
    // When a lost job could begin again nobody has noted, nor did
    // a version before note it of any second run.
    const since = stalls ? undefined : (ready ?? (starts === 1 ? created : undefined));
    return [{ kind: kindOf(ids[n] ?? ''), wait: since === undefined ? undefined : Math.max(started - since, 0), run: finished - started }];
  });
  return { times, costs };
}

/** What the calls of a job have used, each on its own; none where that can't be read. */
function callsIn(text: string | null | undefined): Usage[] {
  return Object.values((parseJson(text ?? '{}') ?? {}) as Record<string, Usage>);
}

function readNumber(text: string | null): number | undefined {
  const value = Number(text ?? undefined);
  return Number.isFinite(value) ? value : undefined;
}

function spread(times: number[]): Spread | undefined {
  if (times.length === 0) return undefined;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}

/**
 * When so many of the waiting jobs will have been started, in
 * ms: as fast as they go now; 5 s where nothing is known.
 */
export function untilAdmitted({ meanRunMs, concurrency, msPerStart }: QueueStats, jobs: number): number {
  if (meanRunMs === undefined || concurrency === 0) return 5000;
  return Math.max(jobs * Math.max(meanRunMs / concurrency, msPerStart), 1000);
}

/**
 * When a job at a place in its queue (1 is next) will have ended, in s from now; undefined where it
 * has no place, while nothing is known of how long jobs run, and while nobody runs any. `kind`: the
 * job's; a lane in which jobs wait has a pace of its own.
 */
export function estimate(stats: QueueStats, position: number | undefined, kind?: string): number | undefined {
  const { msPerStart, paused } = stats;
  const { meanRunMs, concurrency } = paceOf(stats, kind);
  if (position === undefined || meanRunMs === undefined || concurrency === 0 || paused) return undefined;
  const untilStart = Math.max((position / concurrency) * meanRunMs, (position - 1) * msPerStart);
  return Math.ceil((untilStart + meanRunMs) / 1000);
}

function paceOf({ lanes, meanRunMs, concurrency }: QueueStats, kind = ''): { meanRunMs?: number | undefined; concurrency: number } {
  const lane = lanes[kind];
  return lane && lane.waiting > 0 ? { meanRunMs: lane.meanRunMs ?? meanRunMs, concurrency: lane.concurrency } : { meanRunMs, concurrency };
}

/**
 * When a job that has not ended is worth another poll, in s: what
 * the queue says, within reason. `now`: as {@link Clock} tells it.
 */
export function pollAgainIn({ kind, status, retryAt, position, startedAt }: Snapshot, stats: QueueStats | undefined, now: number): number {
  const inSeconds = (ms: number) => Math.ceil(ms / 1000);
  const isRunning = status === 'active' && startedAt !== undefined && stats?.meanRunMs !== undefined;
  const seconds =
    retryAt !== undefined
      ? inSeconds(retryAt - now)
      : isRunning
        ? inSeconds(startedAt + (stats?.meanRunMs ?? 0) - now)
        : ((stats && estimate(stats, position, kind)) ?? 2);
  return Math.min(Math.max(seconds, 1), 30);
}
