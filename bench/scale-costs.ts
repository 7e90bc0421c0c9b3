/** What workers and APIs do beside each other, measured in processes of their own. */
import { setTimeout as pause } from 'node:timers/promises';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';
import { flashcards } from '../src/kinds/flashcards.ts';
import type { Told } from './callers.ts';
import { median, quantile, sum } from './figures.ts';
import { step } from './harness.ts';
import { takeCensus } from './key-census.ts';
import { closedLoop, httpRequest, openConnections } from './load.ts';
import { busyShare, machineTimes } from './machine-times.ts';
import { startOurApi } from './ours.ts';
import { type Part, startPart } from './processes.ts';
import { type Place, PREFIX } from './redis.ts';
import { readUsage } from './redis-usage.ts';
import { NOTES } from './workers.ts';

/**
 * How much is measured. `slots`: of each worker; `warmS`: how long jobs are answered quickly, so that
 * all code is compiled; `seconds`: how long is measured then; `warm` and `block`: submissions, before
 * it is measured and while it is.
 */
export type SetupExtent = { slots: number; warmS: number; seconds: number; warm: number; block: number };

/** How long the model takes for an answer, in ms, and how many cards are in it. */
export const ANSWER_MS = 1000;
export const CARDS = 10;

/** How long answers take while all is warmed up, in ms, and how long jobs run at the pace that is measured before that. */
const WARM_ANSWER_MS = 50;
const SETTLE_MS = 1500;

/** How long answers take while submissions are measured, in ms: longer than that takes. */
const ENDLESS_MS = 600_000;

/** How many jobs are under way for each slot: some always wait, so that no slot is ever empty. */
export const JOBS_A_SLOT = 1.5;

export const USERS = 200;
export const CONNECTIONS = 50;

/** Processes that stand beside each other. `rate`: the workers' limiter, in starts a second for all of them. */
export type Setup = { workers: number; apis: number; rate: number | undefined };

/**
 * What was seen of a setup's jobs. Costs in µs of CPU for each job, of all processes of a sort;
 * `machine`: the share of all cores that was busy; ages of cards in ms.
 */
export type SeenJobs = Setup & {
  jobs: number;
  open: number;
  events: number;
  p50: number;
  p99: number;
  workerCpu: number;
  apiCpu: number;
  redisCpu: number;
  machine: number;
};

/** The same, and `submissions` a second, the share of a core that each API took for them, and the memory of a finished job in bytes. */
export type Seen = SeenJobs & { submissions: number; submissionApi: number; jobBytes: number };

/** The running processes of a setup. */
type Scene = { workers: Part[]; apis: Part[]; model: Part; callers: Part; place: Place; stop(): Promise<void> };

async function openScene(place: Place, model: Part, { workers, apis, rate }: Setup, { slots }: SetupExtent): Promise<Scene> {
  await place.redis.flushdb();
  const env = {
    REDIS_URL: place.url,
    REDIS_KEY_PREFIX: PREFIX,
    LOG_LEVEL: 'silent',
    WORKER_HEALTH_PORT: '0',
    WORKER_CONCURRENCY: String(slots),
    ...(rate !== undefined && { WORKER_RATE_MAX: String(rate) }),
    OPENAI_API_KEY: 'bench',
    OPENAI_BASE_URL: `http://127.0.0.1:${model.port}/v1`,
  };
  const some = (count: number, start: () => Promise<Part>) => Promise.all(Array.from({ length: count }, start));
  const working = await some(workers, () => startPart('../worker/main.ts', env, HEAP_FLAGS.worker));
  const serving = await some(apis, () => startOurApi(place.url));
  const callers = await startPart('callers.ts');
  const stop = async () => {
    for (const part of [callers, ...serving, ...working]) await part.stop(); // a stream that ends is an error for the callers
  };
  return { workers: working, apis: serving, model, callers, place, stop };
}

/** The body of each submission. */
const BODY = JSON.stringify({ content: NOTES, subject: 'biology', count: CARDS, language: 'en' });

/** Lets jobs run on all slots, and measures them and their followers. They run on. */
async function measureJobs({ workers, apis, model, callers, place }: Scene, setup: Setup, extent: SetupExtent): Promise<SeenJobs> {
  const ports = apis.map(({ port }) => port);
  const begin = Math.ceil(setup.workers * extent.slots * JOBS_A_SLOT);
  const order = { begin, spreadMs: WARM_ANSWER_MS, ports, path: flashcards.path, body: BODY, users: USERS, cards: CARDS };
  const tell = async () => (await callers.ask<{ told: Told }>({ tell: true }, 'told')).told;
  const read = async () => {
    const [ofWorkers, ofApis, redis] = await Promise.all([cpuOf(workers), cpuOf(apis), readUsage(place.redis)]);
    return { workers: ofWorkers, apis: ofApis, redis: redis.cpu, machine: machineTimes(), at: performance.now(), told: await tell() };
  };
  await model.ask({ answerMs: WARM_ANSWER_MS }, 'pace');
  await callers.ask(order, 'begun');
  await pause(1000 * extent.warmS);
  await model.ask({ answerMs: ANSWER_MS }, 'pace');
  await pause(SETTLE_MS);
  const before = await read();
  await pause(1000 * extent.seconds);
  const after = await read();
  const { told } = after;
  const seconds = (after.at - before.at) / 1000;
  return {
    ...setup,
    jobs: told.jobs / seconds,
    open: told.open,
    events: told.events / seconds,
    p50: median(told.ages),
    p99: quantile(told.ages, 0.99),
    workerCpu: (after.workers - before.workers) / told.jobs,
    apiCpu: (after.apis - before.apis) / told.jobs,
    redisCpu: (after.redis - before.redis) / told.jobs,
    machine: busyShare(before.machine, after.machine),
  };
}

const cpuOf = async (parts: readonly Part[]) => sum(await Promise.all(parts.map(async ({ usage }) => (await usage()).cpu)));

/** Keys that grow with the finished jobs, by their pattern, in whichever queue the jobs were. */
const OF_JOBS = /:JOB$|:JOB:logs$|:completed$|^user:|^open:/;

/** The bytes of Redis that each finished job takes, once all jobs have ended. */
async function bytesOfJob({ redis }: Place): Promise<number> {
  const patterns = [...(await takeCensus(redis))];
  const jobs = sum(patterns.flatMap(([name, { keys }]) => (name.endsWith(':JOB') ? [keys] : [])));
  if (jobs === 0) throw new Error('there is no job in Redis');
  return sum(patterns.flatMap(([name, { bytes }]) => (OF_JOBS.test(name) ? [bytes] : []))) / jobs;
}

/** Submits as fast as the APIs answer, while all slots are busy with jobs that do not end. */
async function measureSubmissions(
  { apis, model }: Scene,
  { warm, block }: SetupExtent,
): Promise<Pick<Seen, 'submissions' | 'submissionApi'>> {
  await model.ask({ answerMs: ENDLESS_MS }, 'pace');
  const request = (n: number) =>
    httpRequest('POST', flashcards.path, { 'content-type': 'application/json', 'user-id': `user ${n % USERS}` }, BODY);
  const requests = Array.from({ length: USERS }, (_, n) => request(n));
  const complaint = ({ status }: { status: number }) => (status === 202 ? undefined : `a submission was answered with ${status}`);
  const targets = apis.map(({ port }) => ({ port, request: (n: number) => requests[n % USERS] ?? '', complaint }));
  const open = (await Promise.all(targets.map((target) => openConnections(target, CONNECTIONS / targets.length)))).flat();
  await closedLoop(open, warm);
  const before = await cpuOf(apis);
  const seconds = await closedLoop(open, block);
  const used = (await cpuOf(apis)) - before;
  open.forEach((connection) => connection.close());
  return { submissions: block / seconds, submissionApi: used / 1e6 / seconds / apis.length };
}

/** Starts a setup over an empty database, and measures its jobs. `model`: what its workers ask. */
async function begin(
  place: Place,
  model: Part,
  setup: Setup,
  extent: SetupExtent,
): Promise<{ what: string; scene: Scene; jobs: SeenJobs }> {
  const what = `${setup.workers} workers, ${setup.apis} APIs${setup.rate === undefined ? ', the default limiter' : ''}`;
  process.stderr.write(`${what}\n`);
  const scene = await step(`${what}: start`, 40, () => openScene(place, model, setup, extent));
  return { what, scene, jobs: await step(`${what}: jobs`, 60, () => measureJobs(scene, setup, extent)) };
}

/** Measures all of a setup. */
export async function measureSetup(place: Place, model: Part, setup: Setup, extent: SetupExtent): Promise<Seen> {
  const { what, scene, jobs } = await begin(place, model, setup, extent);
  await step(`${what}: the last jobs`, 60, () => scene.callers.ask({ finish: true }, 'finished'));
  const jobBytes = await bytesOfJob(place);
  const submissions = await step(`${what}: submissions`, 60, () => measureSubmissions(scene, extent));
  await scene.stop();
  return { ...jobs, ...submissions, jobBytes };
}

/** Jobs a second of a setup whose workers have the limiter that is the default. */
export async function measureLimited(place: Place, model: Part, count: Omit<Setup, 'rate'>, extent: SetupExtent): Promise<number> {
  const { scene, jobs } = await begin(place, model, { ...count, rate: undefined }, extent);
  await scene.stop();
  return jobs.jobs;
}
