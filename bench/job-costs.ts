/** What a job costs a worker: CPU, pace, and the work of Redis. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Column } from './figures.ts';
import { step } from './harness.ts';
import type { Part } from './processes.ts';
import { readUsage, usagePer } from './redis-usage.ts';
import type { Place } from './redis.ts';
import type { Contender } from './rounds.ts';

/** What is measured. CPU in µs for each job, counts for each job. */
export type JobFigure = 'workerCpu' | 'redisCpu' | 'perSecond' | 'commands' | 'trips';

/** The columns of a result that say what a job costs. */
export const COSTS: readonly Column<JobFigure>[] = [
  ['worker CPU, µs', 'workerCpu', 0],
  ['Redis CPU, µs', 'redisCpu', 0],
  ['jobs/s', 'perSecond', 0],
];

/** The columns that say what Redis does for a job. */
export const COUNTS: readonly Column<JobFigure>[] = [
  ['commands', 'commands', 1],
  ['trips', 'trips', 1],
];

/** A worker under test, and its queue. */
export type WorkerUnderTest = {
  part: Part;
  /** Lets no worker take jobs, or lets them. */
  hold(): Promise<void>;
  release(): Promise<void>;
  add(n: number): Promise<unknown>;
  /** How many jobs have completed, in one command. */
  completed(): Promise<number>;
  /** Throws if the jobs have not had the result that they should have. `jobs`: how many there were. */
  check(jobs: number): Promise<void>;
  /** Stops the worker, and closes its queue. */
  stop(): Promise<void>;
};

/** How many jobs a worker gets: to warm up, and in each block. */
export type JobExtent = { warm: number; block: number };

/** Makes a contender out of a worker. */
export function workerContender(
  name: string,
  start: (place: Place) => Promise<WorkerUnderTest>,
  { warm, block }: JobExtent,
): Contender<JobFigure> {
  return {
    name,
    async start(place) {
      const worker = await start(place);
      let jobs = 0;
      const measure = (what: string, count: number) => {
        jobs += count;
        return step(`${name}: ${what}`, 60, () => workThrough(worker, place, count));
      };
      await measure('warming up', warm);
      return {
        block: () => measure('a block of jobs', block),
        async finish() {
          await worker.check(jobs);
          await worker.stop();
          return {};
        },
      };
    },
  };
}

/** Submissions that are on their way at once while a queue is filled. */
const FILL_LANES = 50;

/** How often it is asked whether all jobs have ended, in ms. */
const ASK_MS = 5;

/** How long a worker has to finish what it does after its last job, in ms. */
const SETTLE_MS = 20;

/** Fills the queue with so many jobs while no worker takes any, then lets the worker work through them, and measures. */
export async function workThrough(worker: WorkerUnderTest, { redis }: Place, jobs: number): Promise<Record<JobFigure, number>> {
  const wanted = (await worker.completed()) + jobs;
  await worker.hold();
  let next = 0;
  const lane = async () => {
    while (next < jobs) await worker.add(next++);
  };
  await Promise.all(Array.from({ length: FILL_LANES }, lane));

  const [redisBefore, before] = [await readUsage(redis), await worker.part.usage()];
  const start = performance.now();
  await worker.release();
  let asked = 0;
  do {
    await pause(ASK_MS);
    asked++;
  } while ((await worker.completed()) < wanted);
  const seconds = (performance.now() - start) / 1000;
  await pause(SETTLE_MS);
  const [after, redisAfter] = [await worker.part.usage(), await readUsage(redis)];
  const ofRedis = usagePer(jobs, redisBefore, redisAfter);
  return {
    workerCpu: (after.cpu - before.cpu) / jobs,
    redisCpu: ofRedis.cpu,
    perSecond: jobs / seconds,
    commands: ofRedis.commands - asked / jobs,
    trips: ofRedis.trips - asked / jobs,
  };
}
