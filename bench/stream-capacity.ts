/** How many events one API process streams to many followers, and where it can't take more: the pace rises until events arrive late. */
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Arrived } from './crowd.ts';
import { lines } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { busyShare, machineTimes } from './machine-times.ts';
import { registerWorker, startOurApi } from './ours.ts';
import { type Part, startPart } from './processes.ts';
import { readUsage } from './redis-usage.ts';
import { openPlaces, startRedis } from './redis.ts';
import type { RedisClient } from '../src/store/redis-client.ts';

/** How much is measured. `paces`: events in a second, one pace after the other, each for so many seconds. */
type Extent = { followers: number; jobs: number; users: number; paces: number[]; seconds: number };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { followers: 10_000, jobs: 1000, users: 100, paces: [500, 1000, 2000, 3000, 4000, 5000, 6000, 8000], seconds: 8 },
  short: { followers: 500, jobs: 50, users: 10, paces: [50, 100], seconds: 2 },
};

/** Events that arrive later than this are late, in ms at the p99. The pace does not rise beyond. */
const LATE_MS = 1000;

/** How long events may still be on their way after the last one was appended, in ms. */
const DRAIN_MS = 10_000;

/** How often it is asked whether all events have come, in ms. */
const ASK_MS = 100;

/** Files that a process has open beside its streams. */
const SPARE_FILES = 100;

/** What was seen at a pace. CPU in shares of one core, `machine` in shares of all cores; ages of events in ms; memory in MB. */
type Seen = {
  perSecond: number;
  delivered: number;
  missing: number;
  api: number;
  redis: number;
  machine: number;
  p50: number;
  p99: number;
  rss: number;
};

/** The processes of a run, and a connection to their Redis. */
type Scene = { api: Part; publisher: Part; crowd: Part; redis: RedisClient; close(): Promise<void> };

/** Starts all, with the limits on streams that the API has by default, and opens the followers' streams. */
async function openScene({ followers, jobs, users }: Extent): Promise<Scene> {
  const store = await startRedis();
  const [place] = openPlaces(store, 1);
  if (!place) throw new Error('there is no database');
  const leave = await registerWorker(place.redis);
  const api = await startOurApi(place.url, { MAX_STREAMS_PER_USER: '300', MAX_STREAMS: '20000' });
  const [publisher, crowd] = [await startPart('publisher.ts', { REDIS_URL: place.url }), await startPart('crowd.ts')];
  const { holding } = await step('holding jobs', 60, () => publisher.ask<{ holding: string[] }>({ hold: jobs, users }, 'holding'));
  const urls = await Promise.all(holding.map((id, n) => streamUrl(api.port, id, `user ${n % users}`)));
  const open = Array.from({ length: followers }, (_, n) => urls[n % urls.length]);
  await step('opening streams', 120, () => crowd.ask({ open }, 'opened'));
  const close = async () => {
    await leave();
    for (const part of [crowd, publisher, api]) await part.stop(); // a stream that ends is an error for the crowd
    place.redis.disconnect();
    store.stop();
  };
  return { api, publisher, crowd, redis: place.redis, close };
}

/** The address of a job's stream, as the API gives it to the job's user. */
async function streamUrl(port: number, jobId: string, user: string): Promise<string> {
  const origin = `http://127.0.0.1:${port}`;
  const response = await fetch(`${origin}/api/jobs/${jobId}`, { headers: { 'user-id': user } });
  if (response.status !== 200) throw new Error(`the API answered ${response.status} when it was asked for a job`);
  return origin + ((await response.json()) as { streamUrl: string }).streamUrl;
}

/** Publishes at a pace, and waits until all events have arrived. */
async function measure({ api, publisher, crowd, redis }: Scene, perSecond: number, { followers, jobs, seconds }: Extent): Promise<Seen> {
  await crowd.ask({ count: true }, 'counting');
  const [before, redisBefore, machineBefore, start] = [await api.usage(), await readUsage(redis), machineTimes(), performance.now()];
  const { published } = await publisher.ask<{ published: number }>({ publish: perSecond, seconds }, 'published');
  const [after, redisAfter, machineAfter, end] = [await api.usage(), await readUsage(redis), machineTimes(), performance.now()];
  const expected = (published * followers) / jobs;
  let arrived = await tell(crowd);
  const givenUp = performance.now() + DRAIN_MS;
  while (arrived.events < expected && performance.now() < givenUp) {
    await pause(ASK_MS);
    arrived = await tell(crowd);
  }
  if (arrived.events > expected) throw new Error(`${arrived.events} events have arrived, and ${expected} were sent`);
  const us = (end - start) * 1000;
  return {
    perSecond: (published * 1e6) / us,
    delivered: (arrived.events * 1e6) / us,
    missing: expected - arrived.events,
    api: (after.cpu - before.cpu) / us,
    redis: (redisAfter.cpu - redisBefore.cpu) / us,
    machine: busyShare(machineBefore, machineAfter),
    p50: ageAt(arrived, 0.5),
    p99: ageAt(arrived, 0.99),
    rss: after.rss / 1e6,
  };
}

const tell = async (crowd: Part): Promise<Arrived> => (await crowd.ask<{ arrived: Arrived }>({ tell: true }, 'arrived')).arrived;

/** The age below which a share (0 to 1) of the events was. */
function ageAt({ events, ages }: Arrived, share: number): number {
  let below = 0;
  return ages.findIndex((many) => (below += many) > share * events);
}

/** @throws Error that says what to do if a process may not have as many open files as there are followers */
function checkDescriptors(followers: number): void {
  const { userLimits } = process.report.getReport() as { userLimits: { open_files: { hard: number | 'unlimited' } } };
  const { hard } = userLimits.open_files;
  if (hard !== 'unlimited' && hard < followers + SPARE_FILES)
    throw new Error(`a process may open ${hard} files, which is too few for ${followers} followers: raise the hard limit (ulimit -Hn)`);
}

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  checkDescriptors(extent.followers);
  const { paces } = extent;
  const scene = await openScene(extent);
  const { rss } = await scene.api.usage();
  await step('warming up', 60, () => measure(scene, paces[0] ?? 0, { ...extent, seconds: 2 }));
  const seen: Seen[] = [];
  for (const pace of paces) {
    process.stderr.write(`${pace} events/s\n`);
    const one = await step(`${pace} events/s`, 90, () => measure(scene, pace, extent));
    seen.push(one);
    if (one.missing > 0 || one.p99 > LATE_MS) break;
  }
  await scene.close();
  return { text: report(extent, seen, rss) };
}

function report({ followers, jobs, users, seconds }: Extent, seen: readonly Seen[], openedRss: number): string {
  const number = (value: number, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });
  const percent = (share: number) => `${number(100 * share)} %`;
  const last = seen.at(-1);
  const isLate = last !== undefined && (last.missing > 0 || last.p99 > LATE_MS);
  return `# How much one API process streams

\`npm run bench -- stream-capacity\`: ${number(followers)} followers of ${number(jobs)} jobs of ${users} users, ${number(followers / jobs)} of each job. Rows are appended to the jobs in turn, for ${seconds} s at each pace, until
the p99 is above ${number(LATE_MS)} ms. The API is the process that \`npm run start:api\` starts, with the limits on streams that it has by default. Redis, the process that appends,
and one process with all clients share the machine's ${cpus().length} cores with it. Ages are from the row's append to its event at the client. Node ${process.versions.node}.

${lines(
  [
    'rows/s',
    'events/s at clients',
    'API, of a core',
    'µs an event',
    'Redis, of a core',
    'machine, of all cores',
    'p50, ms',
    'p99, ms',
    'API memory, MB',
  ],
  seen.map((one) => [
    number(one.perSecond),
    number(one.delivered),
    percent(one.api),
    number((1e6 * one.api) / one.delivered, 1),
    percent(one.redis),
    percent(one.machine),
    number(one.p50),
    number(one.p99),
    number(one.rss),
  ]),
)}

With all streams open and no events yet the process took ${number(openedRss / 1e6)} MB. ${isLate ? 'The last pace was too much.' : 'No pace was too much.'}
`;
}

/** The benchmark. */
export const streamCapacity: Bench = { limitS: { normal: 480, short: 120 }, run };
