/** When it will be a job's turn, by the figures of the queue. */
import type { Snapshot } from '../job/snapshot.ts';
import type { QueueStats } from './stats.ts';

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
  const { msPerStart, paused, pausedKinds = [] } = stats;
  const { meanRunMs, concurrency } = paceOf(stats, kind);
  if (position === undefined || meanRunMs === undefined || concurrency === 0 || paused || pausedKinds.includes(kind ?? ''))
    return undefined;
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
