/** Whether costs and memory grow with the jobs that wait, the users there are, and the jobs that were done. */
import { setTimeout as pause } from 'node:timers/promises';
import { flashcards } from '../src/kinds/flashcards.ts';
import { lines } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { isBounded, takeCensus } from './key-census.ts';
import { closedLoop, httpRequest, openConnections, type Target } from './load.ts';
import { registerWorker, startOurApi } from './ours.ts';
import type { Part } from './processes.ts';
import { openPlaces, type Place, startRedis } from './redis.ts';
import { readUsage, usagePer } from './redis-usage.ts';
import { startOurWorker } from './workers.ts';

/** At how many waiting jobs is measured, and with how many submissions or jobs each time. `users`: the few and the many. */
type Extent = { waiting: [few: number, some: number, many: number]; block: number; users: [few: number, many: number] };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { waiting: [1000, 10_000, 100_000], block: 5000, users: [10, 100_000] },
  short: { waiting: [200, 1000, 2000], block: 200, users: [10, 2000] },
};

/** CPU in µs for each operation, and what the process and Redis hold, in bytes. `live`: the process, with all garbage collected. */
type Sample = { cpu: number; redisCpu: number; rss: number; live: number; redis: number };

const CONNECTIONS = 50;
const NOTES = 'The mitochondrion is the power plant of the cell. '.repeat(10);

/** Makes submissions by so many users in turn. Each call of `submit` goes on where the last one stopped. */
function submitter(port: number, users: number): { submit(count: number): Promise<void> } {
  let from = 0;
  const body = JSON.stringify({ content: NOTES, count: 1 });
  const target: Target = {
    port,
    request: (n) =>
      httpRequest('POST', flashcards.path, { 'content-type': 'application/json', 'user-id': `user-${(from + n) % users}` }, body),
    complaint: ({ status }) => (status === 202 ? undefined : `a submission was answered with ${status}`),
  };
  return {
    async submit(count) {
      const connections = await openConnections(target, CONNECTIONS);
      await closedLoop(connections, count);
      connections.forEach(({ close }) => close());
      from += count;
    },
  };
}

/** Measures a part of the work: the CPU of a process and of Redis for each of `count` operations, and the memory after it. */
async function measure({ usage, settled }: Part, { redis }: Place, count: number, work: () => Promise<void>): Promise<Sample> {
  const [redisBefore, before] = [await readUsage(redis), await usage()];
  await work();
  const [after, redisAfter] = [await usage(), await readUsage(redis)];
  return {
    cpu: (after.cpu - before.cpu) / count,
    redisCpu: usagePer(count, redisBefore, redisAfter).cpu,
    rss: after.rss,
    live: (await settled()).rss,
    redis: await usedMemory({ redis }),
  };
}

async function usedMemory({ redis }: Pick<Place, 'redis'>): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** Submits up to the most jobs that are to wait, and measures a block just before each number of them. */
async function fill(at: Place, users: number, { waiting, block }: Extent): Promise<{ empty: number; samples: Sample[] }> {
  await at.redis.flushdb();
  const leave = await registerWorker(at.redis);
  const api = await startOurApi(at.url);
  const { submit } = submitter(api.port, users);
  await submit(Math.min(block, waiting[0] / 2)); // what is compiled then is not a job's
  const empty = await usedMemory(at);
  const samples: Sample[] = [];
  let there = Math.min(block, waiting[0] / 2);
  for (const goal of waiting) {
    const counted = Math.min(block, goal - there);
    await part(`submitting up to ${goal} jobs of ${users} users`, 300, () => submit(goal - there - counted));
    samples.push(await part(`${goal} jobs wait`, 120, () => measure(api, at, counted, () => submit(counted))));
    there = goal;
  }
  await leave();
  await api.stop();
  return { empty, samples };
}

/** Works through all jobs, and measures a block at the start, after as many as `some`, and at the end. */
async function drain(at: Place, { waiting: [, some, many], block }: Extent): Promise<Sample[]> {
  const worker = await startOurWorker(at, { concurrency: 10 });
  const until = async (completed: number) => {
    while ((await worker.completed()) < completed) await pause(5);
  };
  const samples: Sample[] = [];
  for (const goal of [block, some, many]) {
    await part(`jobs up to ${goal}`, 600, () => until(goal - block));
    const done = await worker.completed();
    samples.push(await part(`${goal} jobs done`, 120, () => measure(worker.part, at, goal - done, () => until(goal))));
  }
  await worker.check(many);
  await worker.stop();
  return samples;
}

const MB = 1e6;
const us = (value: number) => value.toFixed(0);
const mb = (value: number) => (value / MB).toFixed(0);
const number = (value: number) => value.toLocaleString('en');

/** Does a part of the bench, and says which. */
function part<T>(what: string, limitS: number, work: () => Promise<T>): Promise<T> {
  process.stderr.write(`${what}\n`);
  return step(what, limitS, work);
}

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const { waiting, users } = extent;
  const many = waiting[2];
  const store = await startRedis();
  const [at] = openPlaces(store, 1) as [Place];
  const byFew = await fill(at, users[0], extent);
  const byMany = await fill(at, users[1], extent);
  const waitingBytes = ((byMany.samples[2]?.redis ?? 0) - (byMany.samples[0]?.redis ?? 0)) / (many - waiting[0]);
  const censusWaiting = await takeCensus(at.redis);
  const done = await drain(at, extent);
  const census = await takeCensus(at.redis);
  const doneBytes = ((done[2]?.redis ?? 0) - byMany.empty) / many;
  at.redis.disconnect();
  store.stop();

  const unbounded = [...censusWaiting, ...census].filter(([, pattern]) => !isBounded(pattern)).map(([name]) => name);
  if (unbounded.length > 0) throw new Error(`these keys have neither an expiry nor a bound that is known: ${unbounded.join(', ')}`);
  const row = (what: string, sample: Sample | undefined) =>
    sample ? [what, us(sample.cpu), us(sample.redisCpu), mb(sample.rss), mb(sample.live)] : [];
  const submitted = (usersThere: number, samples: Sample[]) =>
    samples.map((sample, n) => row(`a submission: ${number(waiting[n] ?? 0)} jobs wait, ${number(usersThere)} users`, sample));
  const keys = [...new Map([...censusWaiting, ...census])].toSorted(([one], [other]) => one.localeCompare(other));
  return {
    text: `# What grows

\`npm run bench -- growth\`: ${number(many)} submissions by ${number(users[0])} users, then as many by ${number(users[1])}; then a worker does the latter, with one card each. CPU is that of a process
for each submission or job, over ${number(extent.block)} of them just before that number was reached; memory is that of the process then. Node ${process.versions.node}, ${NOTES.length} characters of notes,
every limit on and out of reach, a native Redis that keeps nothing on disk.

${lines(
  ['', 'CPU of the process, µs', 'Redis CPU, µs', 'memory, MB', 'the same, garbage collected, MB'],
  [
    ...submitted(users[0], byFew.samples),
    ...submitted(users[1], byMany.samples),
    ...[extent.block, waiting[1], many].map((goal, n) => row(`a job: ${number(goal)} were done, ${number(many - goal)} wait`, done[n])),
  ],
)}

A waiting job takes ${number(Math.round(waitingBytes))} bytes of Redis, and a finished one ${number(Math.round(doneBytes))}; its input of ${NOTES.length} characters and its result are in that.

All keys in Redis after that, and those that were there while the jobs waited:

${lines(
  ['key', 'keys', 'bytes each', 'expires within', 'bounded by'],
  keys.map(([name, { keys: count, bytes, without, longestS, bound }]) => [
    `\`${name}\``,
    number(count),
    number(Math.round(bytes / count)),
    without > 0 ? '–' : `${number(longestS)} s`,
    without > 0 ? (bound ?? '') : '',
  ]),
)}
`,
  };
}

/** The benchmark. */
export const growth: Bench = { limitS: { normal: 1800, short: 120 }, run };
