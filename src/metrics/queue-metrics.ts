/** The metrics of the queue as a whole. Every API process tells the same: take one, never their sum. */
import type { OldestJobs } from '../jobs/oldest-jobs.ts';
import { estimate, type LaneStats, type QueueStats } from '../jobs/stats.ts';
import type { ProcessMetrics, Sample } from './process-metrics.ts';

/** What the figures are read from. */
export type QueueSources = {
  stats: () => Promise<QueueStats>;
  oldest: () => Promise<OldestJobs[]>;
};

/** The label of the queue that all kinds share. It has the jobs that are in no lane, and all ended ones. */
const SHARED = 'shared';

/** Adds them. */
export function addQueueMetrics(metrics: ProcessMetrics, { stats, oldest }: QueueSources): void {
  const inLane = <const Name extends string>(name: string, help: string, labels: readonly Name[]) =>
    metrics.gauge({ name: `aijobs_${name}`, help, labels: ['lane', ...labels] });
  const jobs = inLane('queue_jobs', 'Jobs by lane and state. Those that have ended are in the lane `shared`.', ['state']);
  const eta = inLane('queue_eta_seconds', 'When a job that is submitted now would have ended. Absent while that is not known.', []);
  const backlog = inLane('queue_backlog_seconds', 'How long the live workers need for what waits. Absent while that is not known.', []);
  const slots = inLane('workers_slots', 'How many jobs of a lane can run at once, over all workers.', []);
  const busy = inLane('workers_slots_busy', 'How many jobs of a lane run now, over all workers.', []);
  const live = metrics.gauge({ name: 'aijobs_workers_live', help: 'Workers that have said lately that they live.', labels: [] });
  const paused = metrics.gauge({ name: 'aijobs_paused', help: 'Whether jobs of this scope are kept from beginning.', labels: ['scope'] });
  metrics.onScrape([jobs, eta, backlog, slots, busy, live, paused], async () => {
    const figures = await stats();
    const depths = depthsOf(figures);
    const lanes = Object.entries({ ...figures.lanes, [SHARED]: toSharedLane(figures, depths) });
    const ofLanes = (value: (lane: LaneStats, name: string) => number | undefined) =>
      lanes.flatMap(([lane, of]): Sample<'lane'>[] => {
        const found = value(of, lane);
        return found === undefined ? [] : [[{ lane }, found]];
      });
    jobs(depths);
    eta(ofLanes(({ waiting }, lane) => estimate(figures, waiting + 1, lane)));
    backlog(ofLanes(({ backlogSeconds }) => backlogSeconds));
    slots(ofLanes(({ concurrency }) => concurrency));
    busy(ofLanes(({ active }) => active));
    live([[{}, figures.workers]]);
    paused([[{ scope: 'all' }, figures.paused ? 1 : 0]]);
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

/** The queue that all kinds share, as a lane: all slots may run its jobs. */
function toSharedLane({ meanRunMs, concurrency }: QueueStats, depths: readonly Sample<'lane' | 'state'>[]): LaneStats {
  const countOf = (wanted: string) => depths.find(([{ lane, state }]) => lane === SHARED && state === wanted)?.[1] ?? 0;
  const [waiting, active, delayed] = [countOf('waiting'), countOf('active'), countOf('delayed')];
  const isKnown = concurrency > 0 && (meanRunMs !== undefined || waiting === 0);
  const backlogSeconds = isKnown ? Math.ceil((waiting * (meanRunMs ?? 0)) / concurrency / 1000) : undefined;
  return { waiting, active, delayed, concurrency, meanRunMs, backlogSeconds };
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
