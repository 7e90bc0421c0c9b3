/**
 * How many of what N jobs an hour of M seconds need: the formula, and the figures that it takes from
 * the benches. `npm run size` shows it; the handbook's tables are printed by it.
 */
import { schema } from '../src/env/schema.ts';

/**
 * What was measured, each in the unit that its name ends with. A job makes ten cards out of 490
 * characters of notes, and one client follows it. `npm run bench -- NAME` measures it again.
 */
export const FIGURES = {
  /** bench `scale`: the workers' CPU for a job, the vendor's answer read token by token. */
  workerMs: 8,
  /** bench `scale`: the APIs' CPU for a job in the process that takes it and those that stream it. */
  apiMs: 1.8,
  /** bench `scale`: the CPU of each API for reading a job's events, whoever follows it. */
  apiReadMs: 0.65,
  /** bench `scale`: Redis' CPU for a job with one API. */
  redisMs: 1.2,
  /** bench `scale`: Redis' CPU for a job and each further API. */
  redisReadMs: 0.15,
  /** bench `scale`: what Redis holds of a finished job. */
  finishedBytes: 5400,
  /** bench `stream`: the memory of an API for each open stream. */
  streamBytes: 17_600,
  /** bench `stream-capacity`: the open streams of an API that were measured. */
  streamsOfApi: 10_000,
  /** bench `run`: the slots of a worker that were measured with slow work. */
  slotsOfWorker: 100,
  /** bench `growth`: the memory of an API without streams. */
  apiBytes: 150_000_000,
  /** bench `growth`: the memory of a worker. */
  workerBytes: 160_000_000,
  /** curl: what an API sends for a job, which is the answer to its submission and its stream. */
  sentBytes: 5000,
} as const;

/** How much of a core or of the slots is used at most: above this, what comes waits. */
export const UTILISATION = 0.7;

/** Two of each at least, so that one can be replaced. */
const LEAST = 2;

/** What jobs there are: in an hour, the seconds that each runs, and the hours that ended jobs are kept. */
export type Demand = { jobsPerHour: number; seconds: number; retentionHours: number };

/** What they need. CPU in cores, of all processes of a sort together; memory in bytes. */
export type Need = {
  jobsPerSecond: number;
  /** The least `WORKER_RATE_MAX` with `WORKER_RATE_DURATION_MS` of 1000. */
  rateMax: number;
  slots: number;
  workers: number;
  /** Infinity where no number of APIs is enough, because each has to read all events. */
  apis: number;
  openStreams: number;
  workersCpu: number;
  apisCpu: number;
  redisCpu: number;
  redisBytes: number;
  streamBytesOfApi: number;
};

/** Reckons what jobs need. */
export function needOf({ jobsPerHour, seconds, retentionHours }: Demand): Need {
  const perSecond = jobsPerHour / 3600;
  const slots = Math.ceil((perSecond * seconds) / UTILISATION);
  const openStreams = Math.ceil(perSecond * seconds);
  const workersByCpu = (perSecond * FIGURES.workerMs) / 1000 / UTILISATION;
  const workers = Math.max(LEAST, Math.ceil(slots / FIGURES.slotsOfWorker), Math.ceil(workersByCpu));
  const apis = Math.max(LEAST, Math.ceil(openStreams / FIGURES.streamsOfApi), apisByCpu(perSecond));
  return {
    jobsPerSecond: perSecond,
    rateMax: Math.ceil(perSecond / UTILISATION),
    slots,
    workers,
    apis,
    openStreams,
    workersCpu: (perSecond * FIGURES.workerMs) / 1000,
    apisCpu: (perSecond * (FIGURES.apiMs + FIGURES.apiReadMs * apis)) / 1000,
    redisCpu: (perSecond * redisMsOf(apis)) / 1000,
    redisBytes: jobsPerHour * retentionHours * FIGURES.finishedBytes,
    streamBytesOfApi: (openStreams / apis) * FIGURES.streamBytes,
  };
}

/** How many APIs the jobs' CPU needs: each reads the events of all jobs, and the rest is shared. */
function apisByCpu(perSecond: number): number {
  const left = UTILISATION - (perSecond * FIGURES.apiReadMs) / 1000;
  return left <= 0 ? Infinity : Math.ceil((perSecond * FIGURES.apiMs) / 1000 / left);
}

const redisMsOf = (apis: number) => FIGURES.redisMs + FIGURES.redisReadMs * (apis - 1);

/** Jobs an hour at which each wall is. */
export type Walls = {
  /** The limiter's default, over all workers. */
  limiter: number;
  /** For each GB of Redis. */
  memory(retentionHours: number): number;
  /** For each worker with so many slots. */
  slots(slots: number, seconds: number): number;
  /** Where an API's core is full of reading alone. */
  readers: number;
  /** Where Redis' core is full. */
  redis(apis: number): number;
};

const setting = (name: 'WORKER_RATE_MAX' | 'WORKER_RATE_DURATION_MS' | 'WORKER_CONCURRENCY') => schema.shape[name].parse(undefined);

/** The slots of a worker by default. */
export const DEFAULT_SLOTS = setting('WORKER_CONCURRENCY');

/** The walls. */
export const WALLS: Walls = {
  limiter: (setting('WORKER_RATE_MAX') / setting('WORKER_RATE_DURATION_MS')) * 3_600_000,
  memory: (retentionHours) => 1e9 / FIGURES.finishedBytes / retentionHours,
  slots: (slots, seconds) => ((slots * UTILISATION) / seconds) * 3600,
  readers: (UTILISATION * 3_600_000) / FIGURES.apiReadMs,
  redis: (apis) => (UTILISATION * 3_600_000) / redisMsOf(apis),
};
