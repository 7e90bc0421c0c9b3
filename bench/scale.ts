/** What several workers and several APIs do together: jobs and submissions a second, streams, and what a job costs each process. */
import { cpus } from 'node:os';
import { lines } from './figures.ts';
import type { Bench, Report, UnguardedForm } from './harness.ts';
import { startPart } from './processes.ts';
import { openPlaces, type Place, startRedis } from './redis.ts';
import {
  ANSWER_MS,
  CARDS,
  CONNECTIONS,
  JOBS_A_SLOT,
  measureLimited,
  measureSetup,
  type Seen,
  type SetupExtent,
  USERS,
} from './scale-costs.ts';

/** How many workers and APIs stand beside each other, each with each, and how much is measured of them. */
type Extent = SetupExtent & { workers: number[]; apis: number[] };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { workers: [1, 2, 4], apis: [1, 2], slots: 15, warmS: 3, seconds: 5, warm: 1000, block: 5000 },
  short: { workers: [1, 2], apis: [2], slots: 5, warmS: 1, seconds: 2, warm: 200, block: 400 },
};

/** A limiter that is never the bound. */
const OUT_OF_REACH = 1_000_000_000;

async function run(form: UnguardedForm): Promise<Report> {
  const { workers, apis, ...extent } = EXTENT[form];
  const store = await startRedis();
  const [place] = openPlaces(store, 1) as [Place];
  const model = await startPart('servers/paced-model.ts', { CARDS: String(CARDS) });
  const seen: Seen[] = [];
  for (const many of apis)
    for (const working of workers)
      seen.push(await measureSetup(place, model, { workers: working, apis: many, rate: OUT_OF_REACH }, extent));
  const most = { workers: Math.max(...workers), apis: Math.max(...apis) };
  const limited = await measureLimited(place, model, most, extent);
  await model.stop();
  place.redis.disconnect();
  store.stop();
  return { text: report(extent, seen, { ...most, jobs: limited }) };
}

const number = (value: number, digits = 0) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share: number) => `${number(100 * share)} %`;

function report(extent: SetupExtent, seen: readonly Seen[], limited: Pick<Seen, 'workers' | 'apis' | 'jobs'>): string {
  return `# Several workers and several APIs

\`npm run bench -- scale\`: jobs of ${CARDS} cards whose model takes ${ANSWER_MS / 1000} s for each answer, token by token. Each worker has ${extent.slots} slots. ${JOBS_A_SLOT} callers for each slot submit a job,
follow its stream to the end, and submit the next; where there are two APIs, the stream is opened at the other one. ${extent.seconds} s are measured after a warm-up with quick
answers. Then, while all slots are busy, ${number(extent.block)} submissions of ${USERS} users come over ${CONNECTIONS} connections. Workers and APIs are those of \`npm run start:worker\` and \`npm run start:api\`, every limit is
out of reach. They share the machine's ${cpus().length} cores with a native Redis that keeps nothing on disk, the model and the callers. Node ${process.versions.node}.

${lines(
  ['workers', 'APIs', 'jobs/s', 'of the slots', 'machine, of all cores', 'submissions/s', 'each API meanwhile, of a core'],
  seen.map((one) => [
    String(one.workers),
    String(one.apis),
    number(one.jobs, 1),
    percent((one.jobs * ANSWER_MS) / 1000 / (one.workers * extent.slots)),
    percent(one.machine),
    number(one.submissions),
    percent(one.submissionApi),
  ]),
)}

${fullMachine(seen)}With the limiter that is the default (\`WORKER_RATE_MAX\`), ${limited.workers} workers and ${limited.apis} APIs did ${number(limited.jobs, 1)} jobs/s: it bounds all workers together.

What a job cost, its submission and its follower included. CPU is that of all processes of a sort. The age of a card is from the last byte that the model wrote of it to its
event at the follower. Every card of every job arrived.

${lines(
  [
    'workers',
    'APIs',
    'workers, µs a job',
    'APIs, µs a job',
    'Redis, µs a job',
    'open streams',
    'events/s',
    'card p50, ms',
    'card p99, ms',
    'finished job, bytes of Redis',
  ],
  seen.map((one) => [
    String(one.workers),
    String(one.apis),
    ...[one.workerCpu, one.apiCpu, one.redisCpu, one.open, one.events].map((value) => number(value)),
    number(one.p50, 1),
    number(one.p99, 1),
    number(one.jobBytes),
  ]),
)}

${furtherApi(seen)}`;
}

/** From this share of all cores on, the machine may be what bounds a setup. */
const FULL = 0.95;

/** What to think of setups for which the machine had no room. */
function fullMachine(seen: readonly Seen[]): string {
  if (!seen.some(({ machine }) => machine >= FULL)) return '';
  return `Where the machine is above ${percent(FULL)}, its cores are the wall, and not the processes that are measured.\n\n`;
}

/** What one API more costs, where the same workers were measured with one and with two. */
function furtherApi(seen: readonly Seen[]): string {
  const [one, two] = [1, 2].map((apis) => seen.findLast((row) => row.apis === apis));
  if (!one || !two || one.workers !== two.workers) return '';
  return `A second API reads all events, too. At ${one.workers} workers this took:

${lines(
  ['', 'one API, µs a job', 'two APIs, µs a job', 'the second one, µs a job'],
  [
    ['APIs', number(one.apiCpu), number(two.apiCpu), number(two.apiCpu - one.apiCpu)],
    ['Redis', number(one.redisCpu), number(two.redisCpu), number(two.redisCpu - one.redisCpu)],
  ],
)}
`;
}

/** The benchmark. */
export const scale: Bench = { limitS: { normal: 300, short: 90 }, run };
