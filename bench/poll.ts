/** What it costs to ask for a job's status: here, and in a naive handler over BullMQ's `getJob`. */
import { cpus } from 'node:os';
import { pairs, ratioTable, table } from './figures.ts';
import type { Bench, Form, Report } from './harness.ts';
import { CONNECTIONS, COSTS, COUNTS, GUARDED, httpContender, type HttpExtent, type HttpServer } from './http-costs.ts';
import { httpRequest, type Target } from './load.ts';
import { registerWorker, startOurApi } from './ours.ts';
import { listLeftOut } from './peers/left-out.ts';
import { startPart } from './processes.ts';
import type { Place } from './redis.ts';
import { compare, type Rounds } from './rounds.ts';
import { CARD } from './servers/card.ts';
import { openBareSource, openOurSource, type Source, startBareWorker, startOurWorker } from './workers.ts';
import type { WorkerUnderTest } from './job-costs.ts';

const EXTENT: Record<Form, Rounds & HttpExtent> = {
  normal: { rounds: 5, warm: 5000, blocks: 4, block: 2000, alone: 300, seconds: 2 },
  short: { rounds: 1, warm: 200, blocks: 1, block: 200, alone: 20, seconds: 0.5 },
  guard: { rounds: 1, warm: 2000, blocks: 16, block: 250, alone: 50, seconds: 0 },
  counts: { rounds: 1, warm: 200, blocks: 4, block: 250, alone: 50, seconds: 0 },
};

/** How many jobs there are, asked for one after another. */
const JOBS = 100;

/** The jobs that are asked for. `length`: the characters of their content. */
type Case = { state: 'waiting' | 'completed'; length: number };

const CASES = (['waiting', 'completed'] as const).flatMap((state) => [100, 50_000].map((length): Case => ({ state, length })));

/** The guard has no time for all of them. */
const GUARDED_CASES: Case[] = [
  { state: 'waiting', length: 50_000 },
  { state: 'completed', length: 100 },
];

const NAIVE = 'naive getJob';
const OURS = 'ai-jobs';
const nameOf = (who: string, { state, length }: Case): string => `${who}: ${state}, ${length.toLocaleString('en')} bytes`;
const naiveOf = (name: string): string => name.replace(OURS, NAIVE);

async function startNaive(place: Place, one: Case): Promise<HttpServer> {
  const source = openBareSource(place, one.length);
  const paths = await makeJobs(source, one, () => startBareWorker(place, { concurrency: 10 }));
  await source.close();
  const part = await startPart('peers/hono.ts', { REDIS_URL: place.url });
  return { part, target: targetOf(part.port, paths, one) };
}

async function startOurs(place: Place, one: Case): Promise<HttpServer> {
  const source = openOurSource(place, one.length);
  const paths = await makeJobs(source, one, () => startOurWorker(place, { concurrency: 10 }));
  await source.close();
  const leave = await registerWorker(place.redis);
  const part = await startOurApi(place.url);
  return { part, target: targetOf(part.port, paths, one), check: leave };
}

type AskedJob = { id: string; owner: string };

/** Submits the jobs, and has a worker complete them if they are to be complete. */
async function makeJobs({ queue, add }: Source, { state }: Case, startWorker: () => Promise<WorkerUnderTest>): Promise<AskedJob[]> {
  for (let n = 0; n < JOBS; n++) await add(n);
  if (state === 'completed') {
    const worker = await startWorker();
    while ((await worker.completed()) < JOBS) await new Promise((resolve) => setTimeout(resolve, 10));
    await worker.check(JOBS);
    await worker.stop();
  }
  const jobs = await queue.getJobs(state === 'completed' ? ['completed'] : ['waiting', 'prioritized']);
  return jobs.map(({ id = '', data }) => ({ id, owner: (data as { owner: string }).owner }));
}

/** The app asks for the status of a job of its user. */
function targetOf(port: number, jobs: AskedJob[], { state }: Case): Target {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'okhttp/4.12.0',
    'x-forwarded-for': '203.0.113.7',
  };
  const requests = jobs.map(({ id, owner }) => httpRequest('GET', `/api/job-status/${id}`, { ...headers, 'user-id': owner }));
  const expected = { waiting: /"status":"(?:waiting|prioritized)"/, completed: /"status":"completed"/ }[state];
  const result = `"result":${JSON.stringify({ flashcards: [CARD] })}`;
  return {
    port,
    request: (n) => requests[n % requests.length] ?? '',
    complaint({ status, body }) {
      if (status !== 200) return `a status was answered with ${status}`;
      if (!expected.test(body)) return `this job should be ${state}`;
      return state === 'completed' && !body.includes(result) ? 'this job lacks its result' : undefined;
    },
  };
}

async function run(form: Form): Promise<Report> {
  const extent = EXTENT[form];
  const cases = form === 'guard' || form === 'counts' ? GUARDED_CASES : CASES;
  const contenders = cases.flatMap((one) => [
    httpContender(nameOf(NAIVE, one), (place) => startNaive(place, one), extent),
    httpContender(nameOf(OURS, one), (place) => startOurs(place, one), extent),
  ]);
  const names = contenders.map(({ name }) => name);
  const figures = await compare(contenders, extent);
  const guarded = cases.map((one) => {
    const [ours, naive] = [nameOf(OURS, one), nameOf(NAIVE, one)];
    return pairs(figures, `poll ${one.state}, ${one.length} bytes`, GUARDED, [ours, naive]);
  });
  return {
    text: `# What a poll costs

\`npm run bench -- poll\`: GET /api/job-status/:id, for one of ${JOBS} jobs after another, that wait or have completed, with 100 or 50,000 characters of content.
${extent.rounds} rounds; in each of them every server is started and warmed up, then they take turns, ${extent.blocks} times ${extent.block} requests each. Medians (quartiles). Each server is a
process of its own with Node ${process.versions.node}, logs silent, beside a native Redis that keeps nothing on disk; Redis and the load generator share the machine's ${cpus().length} cores with it.
ai-jobs is the API as \`npm run start:api\` starts it. The naive handler ([bench/peers/hono.ts](../peers/hono.ts)) answers what \`getJob\` and \`getState\` give, to anyone.

CPU is that of the process for each poll, and requests/s is what it answers, at ${CONNECTIONS} connections that always have a request on its way.
p50 and p99 are from request to answer at half of that pace, in an open loop. Machines differ, and are shared: read the ratios.

${table(figures, names, COSTS)}

The same as ratios to the naive handler:

${ratioTable(
  figures,
  names.filter((name) => name.startsWith(OURS)),
  COSTS,
  naiveOf,
)}

${listLeftOut([NAIVE])}

What Redis does for a poll. Commands inside of scripts count, too. Commands that arrive together are one trip.

${table(figures, names, COUNTS)}
`,
    pairs: Object.assign({}, ...guarded) as NonNullable<Report['pairs']>,
  };
}

/** The benchmark. */
export const poll: Bench = { limitS: { normal: 1800, short: 180, guard: 180, counts: 180 }, run };
