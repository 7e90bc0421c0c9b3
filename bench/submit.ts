/** What a submission costs, from the request to the 202: here, in a bare handler, in a naive service, and with the same features put together the usual way. */
import { cpus } from 'node:os';
import type { Redis } from 'ioredis';
import { flashcards } from '../src/kinds/flashcards.ts';
import { QUEUE_NAME } from '../src/queue/keys.ts';
import { connect } from '../src/queue/redis-connection.ts';
import { ratio, ratios, spread, table } from './figures.ts';
import { type Bench, type Form, interleave, step } from './harness.ts';
import { closedLoop, httpRequest, openLoop, type Target } from './load.ts';
import { registerWorker, startOurApi } from './ours.ts';
import { type Part, startPart } from './processes.ts';
import { PREFIX, startRedis, type Store } from './redis.ts';
import { readUsage, usagePer } from './redis-usage.ts';

const CONNECTIONS = 50;
const USERS = 200;

/** How much is measured: rounds, then requests to warm up, one by one, and at `CONNECTIONS` connections, and seconds at half of capacity. */
const EXTENT: Record<Form, { rounds: number; warm: number; alone: number; crowded: number; seconds: number }> = {
  normal: { rounds: 5, warm: 4000, alone: 300, crowded: 12_000, seconds: 4 },
  short: { rounds: 1, warm: 1000, alone: 100, crowded: 2000, seconds: 1 },
};

/** Who is compared. `keyed`: every request has an Idempotency-Key. `base`: under which BullMQ keeps its queue. */
type Contender = { name: string; keyed: boolean; base: string; start(store: Store): Promise<Part> };

const NAIVE = 'naive Hono + zod + add';
const OURS = 'ai-jobs';
const OURS_KEYED = 'ai-jobs, with Idempotency-Key';

const peer = (name: string, file: string, keyed = false): Contender => ({
  name,
  keyed,
  base: 'bull:peer',
  start: ({ url }) => startPart(`peers/${file}`, { REDIS_URL: url }),
});
const ours = (name: string, keyed: boolean): Contender => ({ name, keyed, base: `${PREFIX}:${QUEUE_NAME}`, start: startOurApi });

const contenders = [peer('bare node:http + add', 'bare.ts'), peer(NAIVE, 'hono.ts'), ours(OURS, false), ours(OURS_KEYED, true)];

/** What a submission costs a contender: µs of CPU, ms from request to answer; what Redis does for one alone, and where many come at once. */
type Cost = {
  apiCpu: number;
  redisCpu: number;
  perSecond: number;
  p50: number;
  p99: number;
  commands: number;
  trips: number;
  commandsAlone: number;
  tripsAlone: number;
};

async function measure(store: Store, redis: Redis, contender: Contender, form: Form): Promise<Cost> {
  const { warm, alone, crowded, seconds } = EXTENT[form];
  const { name } = contender;
  await redis.flushall();
  const leave = await registerWorker(redis);
  const part = await contender.start(store);
  const target = targetOf(part.port, contender.keyed);
  await step(`${name}: warming up`, 60, () => closedLoop(target, CONNECTIONS, warm));

  const quiet = await readUsage(redis);
  await step(`${name}: one by one`, 30, () => closedLoop(target, 1, alone));
  const oneByOne = usagePer(alone, quiet, await readUsage(redis));

  const [before, apiBefore] = [await readUsage(redis), await part.usage()];
  const took = await step(`${name}: at ${CONNECTIONS} connections`, 60, () => closedLoop(target, CONNECTIONS, crowded));
  const [apiAfter, after] = [await part.usage(), await readUsage(redis)];
  const { cpu: redisCpu, commands, trips } = usagePer(crowded, before, after);
  const perSecond = crowded / took.seconds;

  const paced = Math.round((perSecond / 2) * seconds);
  const latency = await step(`${name}: at half of capacity`, 30 + seconds, () => openLoop(target, perSecond / 2, seconds));
  await checkQueue(redis, contender, warm + alone + crowded + paced);
  await leave();
  await part.stop();
  const apiCpu = (apiAfter.cpu - apiBefore.cpu) / crowded;
  return { apiCpu, redisCpu, perSecond, ...latency, commands, trips, commandsAlone: oneByOne.commands, tripsAlone: oneByOne.trips };
}

/** Every submission that was answered must wait in the queue: a contender that answers 202 and does nothing is not compared. */
async function checkQueue(redis: Redis, { name, base }: Contender, expected: number): Promise<void> {
  const waiting = (await redis.llen(`${base}:wait`)) + (await redis.zcard(`${base}:prioritized`));
  if (waiting !== expected) throw new Error(`${name} accepted ${expected} submissions, and ${waiting} jobs wait`);
}

const NOTES = 'The mitochondrion is the power plant of the cell. Water boils at 100 degrees Celsius at the level of the sea. '.repeat(5);

/** Submissions as an app on a phone sends them through a gateway, by one user after another. */
function targetOf(port: number, keyed: boolean): Target {
  const run = crypto.randomUUID();
  const body = JSON.stringify({ content: NOTES, subject: 'biology', count: 10, language: 'en' });
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'content-type': 'application/json',
    'user-agent': 'okhttp/4.12.0',
    'x-forwarded-for': '203.0.113.7',
  };
  const requestOf = (n: number, more: Record<string, string>) =>
    httpRequest('POST', flashcards.path, { ...headers, 'user-id': `user-${n % USERS}`, ...more }, body);
  const made = Array.from({ length: USERS }, (_, n) => requestOf(n, {}));
  let keys = 0;
  return {
    port,
    request: (n) => (keyed ? requestOf(n, { 'idempotency-key': `${run}-${keys++}` }) : (made[n % USERS] ?? '')),
    complaint({ status, body }) {
      if (status !== 202) return `a submission was answered with ${status}`;
      return /^\{"jobId":"[^"]+","kind":"generate-flashcards","status":"queued",.*"cancelUrl":/.test(body) ? undefined : 'this is no job';
    },
  };
}

const COLUMNS: [title: string, of: keyof Cost, digits: number][] = [
  ['API CPU, µs', 'apiCpu', 0],
  ['Redis CPU, µs', 'redisCpu', 0],
  ['requests/s', 'perSecond', 0],
  ['p50, ms', 'p50', 2],
  ['p99, ms', 'p99', 2],
];
const COUNTS: [title: string, of: keyof Cost, digits: number][] = [
  ['commands, alone', 'commandsAlone', 1],
  ['trips, alone', 'tripsAlone', 1],
  [`commands, ${CONNECTIONS} at once`, 'commands', 1],
  [`trips, ${CONNECTIONS} at once`, 'trips', 2],
];

async function run(form: Form): Promise<{ text: string; ratios: Record<string, number[]> }> {
  const store = await startRedis();
  const redis = connect(store.url, 'wait', console.error);
  const costs = await interleave(EXTENT[form].rounds, contenders, (contender) => measure(store, redis, contender, form));
  redis.disconnect();
  store.stop();
  const of = (name: string, what: keyof Cost) => (costs.get(name) ?? []).map((cost) => cost[what]);
  const row = (columns: typeof COLUMNS) =>
    contenders.map(({ name }) => [name, ...columns.map(([, what, digits]) => spread(of(name, what), digits))]);
  const times = contenders.map(({ name }) => [
    name,
    ...(['apiCpu', 'redisCpu', 'perSecond', 'p99'] as const).map((what) => ratio(of(name, what), of(NAIVE, what)).toFixed(2)),
  ]);
  const titles = (columns: typeof COLUMNS) => ['', ...columns.map(([title]) => title)];
  const guarded = ([key, name]: [string, string]) =>
    (['apiCpu', 'redisCpu', 'commandsAlone', 'tripsAlone', 'commands', 'trips'] as const).map((what): [string, number[]] => [
      `${key}: ${what}`,
      ratios(of(name, what), of(NAIVE, what)),
    ]);
  return {
    text: `# What a submission costs

\`npm run bench -- submit\`: a POST of ${NOTES.length} characters of notes by one of ${USERS} users, until its 202. ${EXTENT[form].rounds} rounds, contenders in turns, medians (lowest–highest).
Each server is a process of its own with Node ${process.versions.node}, logs silent, beside a native Redis that keeps nothing on disk, on ${cpus().length} cores
that Redis and the load generator share. ai-jobs is the API as \`npm run start:api\` starts it: every feature is on, and every limit is on and out of reach.

CPU is that of the process for each submission, and requests/s is what it answers, at ${CONNECTIONS} connections that always have a request on its way.
p50 and p99 are from request to answer at half of that pace, in an open loop.

${table(titles(COLUMNS), row(COLUMNS))}

The same as ratios to the naive service:

${table(['', 'API CPU', 'Redis CPU', 'requests/s', 'p99'], times)}

What Redis does for a submission. Commands inside of scripts count, too. Commands that arrive together are one trip. The naive service has
one script and no limits; submissions that arrive at the same time may share a trip.

${table(titles(COUNTS), row(COUNTS))}
`,
    ratios: Object.fromEntries(
      [['submit', OURS] as [string, string], ['submit with key', OURS_KEYED] as [string, string]].flatMap(guarded),
    ),
  };
}

/** The benchmark. */
export const submit: Bench = { limitS: { normal: 1200, short: 120 }, run };
