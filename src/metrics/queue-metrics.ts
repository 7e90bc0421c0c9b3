/** The metrics of the queue as a whole. Every API process tells the same: take one, never their sum. */
import type { OldestJobs } from '../jobs/oldest-jobs.ts';
import { estimate } from '../jobs/eta.ts';
import { scopeText } from '../jobs/operator-pauses.ts';
import type { LaneStats } from '../jobs/lane-stats.ts';
import type { QueueStats } from '../jobs/stats.ts';
import type { ProcessMetrics, Sample } from './process-metrics.ts';

/** What the figures are read from. */
export type QueueSources = {
  stats: () => Promise<QueueStats>;
  oldest: () => Promise<OldestJobs[]>;
};

/** The label of the queue that all kinds share: of jobs that are in no lane, and of all ended ones. */
const SHARED = 'shared';

/** A gauge of each lane: its name, what it tells, and its value; undefined where that is not known. */
type LaneGauge = readonly [name: string, help: string, read: (lane: LaneStats, name: string, all: QueueStats) => number | undefined];

const LANE_GAUGES: readonly LaneGauge[] = [
  [
    'queue_eta_seconds',
    'When a job that is submitted now would have ended. Absent while that is not known.',
    ({ waiting }, name, all) => estimate(all, waiting + 1, name),
  ],
  [
    'queue_backlog_seconds',
    'How long the live workers need for what waits. Without any, as if there were one slot.',
    ({ backlogSeconds }) => backlogSeconds,
  ],
  ['workers_slots', 'How many jobs of a lane can run at once, over all workers.', ({ concurrency }) => concurrency],
  ['workers_slots_busy', 'How many jobs of a lane run now, over all workers.', ({ active }) => active],
  ['workers_utilization_ratio', 'How many of the slots of a lane are busy: 1 is all of them.', ({ utilization }) => utilization],
];

/** A gauge of the queue as a whole. */
type QueueGauge = readonly [name: string, help: string, read: (all: QueueStats) => number];

const QUEUE_GAUGES: readonly QueueGauge[] = [
  ['backlog_seconds', 'The longest backlog of a lane.', ({ backlogSeconds }) => backlogSeconds],
  ['utilization_ratio', 'The highest utilization of a lane, and of all slots together.', ({ utilization }) => utilization],
  ['workers_live', 'Workers that have said lately that they live.', ({ workers }) => workers],
];

/** Adds them. */
export function addQueueMetrics(metrics: ProcessMetrics, { stats, oldest }: QueueSources): void {
  const inLane = <const Name extends string>(name: string, help: string, labels: readonly Name[]) =>
    metrics.gauge({ name: `aijobs_${name}`, help, labels: ['lane', ...labels] });
  const jobs = inLane('queue_jobs', 'Jobs by lane and state. Those that have ended are in the lane `shared`.', ['state']);
  const paused = metrics.gauge({ name: 'aijobs_paused', help: 'Whether jobs of this scope are kept from beginning.', labels: ['scope'] });
  const ofLanes = LANE_GAUGES.map(([name, help, read]) => ({ replace: inLane(name, help, []), read }));
  const ofQueue = QUEUE_GAUGES.map(([name, help, read]) => ({
    replace: metrics.gauge({ name: `aijobs_${name}`, help, labels: [] }),
    read,
  }));
  metrics.onScrape([jobs, paused, ...[...ofLanes, ...ofQueue].map(({ replace }) => replace)], async () => {
    const figures = await stats();
    const lanes = Object.entries({ ...figures.lanes, [SHARED]: figures.shared });
    jobs(depthsOf(figures));
    const others = (figures.pauses ?? []).flatMap((pause): Sample<'scope'>[] =>
      pause.scope === 'all' ? [] : [[{ scope: scopeText(pause) }, 1]],
    );
    paused([[{ scope: 'all' }, figures.paused ? 1 : 0], ...others]);
    for (const { replace, read } of ofQueue) replace([[{}, read(figures)]]);
    for (const { replace, read } of ofLanes) {
      replace(
        lanes.flatMap(([lane, of]): Sample<'lane'>[] => {
          const value = read(of, lane, figures);
          return value === undefined ? [] : [[{ lane }, value]];
        }),
      );
    }
  });

  const help = 'For how long the oldest job has waited since it could begin. A pause that was intended is no wait.';
  const age = inLane('queue_oldest_waiting_seconds', help, ['state']);
  metrics.onScrape([age], async () => {
    const found = await oldest();
    age(
      found.flatMap(({ lane = SHARED, waiting, delayed }): Sample<'lane' | 'state'>[] => [
        [{ lane, state: 'waiting' }, waiting / 1000],
        [{ lane, state: 'delayed' }, delayed / 1000],
      ]),
    );
  });
}

/** How many jobs are where. The counts of the queue are sums over the lanes and the shared queue. */
function depthsOf({ counts, lanes }: QueueStats): Sample<'lane' | 'state'>[] {
  const shared = { ...counts };
  const samples = Object.entries(lanes).flatMap(([lane, depth]) =>
    (['waiting', 'active', 'delayed'] as const).map((state): Sample<'lane' | 'state'> => {
      shared[state] -= depth[state];
      return [{ lane, state }, depth[state]];
    }),
  );
  return [...Object.entries(shared).map(([state, count]): Sample<'lane' | 'state'> => [{ lane: SHARED, state }, count]), ...samples];
}
