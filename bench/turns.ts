/** What turns cost: submitting and working through jobs whose users take turns, against plain first in, first out. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Job, Queue, Worker } from 'bullmq';
import { tenantOf } from '../src/job/tenant.ts';
import { QUEUE_NAME } from '../src/store/keys.ts';
import { readyWithin } from '../src/store/redis-connection.ts';
import { createFairQueue } from '../src/jobs/fair-queue.ts';
import { type Column, median, pairs, ratioTable, table } from './figures.ts';
import { type Bench, type Report, step, type UncountedForm } from './harness.ts';
import { listLeftOut } from './peers/left-out.ts';
import { readUsage, usagePer } from './redis-usage.ts';
import { openQueue, type Place, PREFIX, ownClock } from './redis.ts';
import { compare, type Contender, type Rounds } from './rounds.ts';
import { Store } from '../src/store/store.ts';

/** How much is measured: in each block so many jobs are submitted; and then so many others, and worked through. */
type Extent = Rounds & { submissions: number; jobs: number };

const EXTENT: Record<UncountedForm, Extent> = {
  normal: { rounds: 1, blocks: 6, submissions: 4000, jobs: 600 },
  short: { rounds: 1, blocks: 2, submissions: 500, jobs: 60 },
  guard: { rounds: 1, blocks: 20, submissions: 500, jobs: 0 },
};

/** How many submissions are on their way at once. */
const AT_ONCE = 50;
/** How many ms the work on a job takes, three at a time. */
const JOB_MS = 10;
const USERS = 20;

/** Jobs a second, and CPU for each submission in µs. */
type Figure = 'submitted' | 'worked' | 'cpu' | 'redisCpu';

const COLUMNS: readonly Column<Figure>[] = [
  [`submitted, ${AT_ONCE} at once, jobs/s`, 'submitted', 0],
  [`worked through, ${JOB_MS} ms each, 3 at a time, jobs/s`, 'worked', 0],
  ['CPU of a submission, µs', 'cpu', 0],
  ['of Redis, µs', 'redisCpu', 0],
];

/** How a contender submits the n-th job; what its worker does of turns when a job begins. */
type Way = { submit(n: number): Promise<unknown>; begin(job: Job): void; close(): Promise<void> };

function plain({ redis }: Place): Way {
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix: PREFIX });
  const submit = (n: number) =>
    queue.add('generate-flashcards', { requestId: 'bench', input: { n } }, { jobId: `generate-flashcards-${crypto.randomUUID()}` });
  return { submit, begin() {}, close: () => queue.close() };
}

function inTurns({ redis }: Place): Way {
  const queue = openQueue(redis);
  const fairQueue = createFairQueue(new Store(redis, PREFIX, ownClock), undefined);
  return {
    submit(n) {
      const owner = `user ${n % USERS}`;
      const payload = { owner, tenant: tenantOf(owner, undefined), requestId: 'bench', input: { n } };
      return queue.add({ kind: 'generate-flashcards', ...payload });
    },
    begin: (job) => void fairQueue.served(job.priority),
    close: () => queue.close(),
  };
}

function contender(name: string, open: (place: Place) => Way, { submissions, jobs }: Extent): Contender<Figure> {
  return {
    name,
    async start(place) {
      await readyWithin(place.redis, 5000);
      const way = open(place);
      const measure = async () => {
        const submitted = await measureSubmissions(place, way, submissions);
        await place.redis.flushdb();
        if (jobs === 0) return submitted;
        await submitAll(way, jobs);
        const worked = await workThrough(place, way, jobs);
        await place.redis.flushdb();
        return { ...submitted, worked };
      };
      await step(`${name}: warming up`, 60, measure);
      return {
        block: () => step(name, 60, measure),
        async finish() {
          await way.close();
          return {};
        },
      };
    },
  };
}

async function measureSubmissions({ redis }: Place, way: Way, count: number) {
  const [redisBefore, before, start] = [await readUsage(redis), process.cpuUsage(), performance.now()];
  await submitAll(way, count);
  const [seconds, { user, system }] = [(performance.now() - start) / 1000, process.cpuUsage(before)];
  const { cpu: redisCpu } = usagePer(count, redisBefore, await readUsage(redis));
  return { submitted: count / seconds, cpu: (user + system) / count, redisCpu };
}

async function submitAll({ submit }: Way, count: number): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await submit(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Works through the jobs that were submitted. Returns how many it did in a second. */
async function workThrough({ redis }: Place, { begin }: Way, count: number): Promise<number> {
  let ended = 0;
  const work = async (job: Job) => {
    begin(job);
    await pause(JOB_MS);
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = new Worker(QUEUE_NAME, work, { connection: redis, prefix: PREFIX, concurrency: 3, autorun: false });
  worker.on('completed', () => ++ended === count && resolve());
  await worker.waitUntilReady();
  const start = performance.now();
  void worker.run();
  await promise;
  const seconds = (performance.now() - start) / 1000;
  await worker.close();
  return count / seconds;
}

const FIFO = 'plain, first in first out';
const TURNS = 'turns';
const NAMES = [FIFO, TURNS];

async function run(form: UncountedForm): Promise<Report> {
  const extent = EXTENT[form];
  const figures = await compare([contender(FIFO, plain, extent), contender(TURNS, inTurns, extent)], extent);
  const microseconds = (name: string) => 1e6 / median(figures.get(name)?.submitted ?? []);
  return {
    text: `# What turns cost

\`npm run bench -- turns\`: ${extent.blocks} times each in turns, ${extent.submissions} submissions and ${extent.jobs} jobs each time, medians (quartiles), one process with Node ${process.versions.node} beside a
native Redis; ${USERS} users. Plain is BullMQ's \`add\` alone; ours decides on room, turn and deadline before it, in a trip of its own.

${table(figures, NAMES, COLUMNS)}

The same as ratios to plain:

${ratioTable(figures, NAMES, COLUMNS, () => FIFO)}

${listLeftOut(NAMES)}

So a submission costs ${(microseconds(TURNS) - microseconds(FIFO)).toFixed(0)} µs more of the machine.
`,
    pairs: pairs(figures, 'turns', { cpu: 1.3, redisCpu: 1.25 }, [TURNS, FIFO]),
  };
}

/** The benchmark. */
export const turns: Bench = { limitS: { normal: 600, short: 120, guard: 120 }, run };
