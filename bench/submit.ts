/** What a submission costs, from the request to the 202: here, in a bare handler, in a naive service, and with the same features put together the usual way. */
import { cpus } from 'node:os';
import type { Redis } from 'ioredis';
import { flashcards } from '../src/kinds/flashcards.ts';
import { keysUnder } from '../src/queue/keys.ts';
import { ratio, ratios, spread, table } from './figures.ts';
import type { Bench, Form, Report } from './harness.ts';
import { compareServers, CONNECTIONS, type Extent, type HttpContender, type HttpCosts } from './http-costs.ts';
import { httpRequest, type Target } from './load.ts';
import { registerWorker, startOurApi } from './ours.ts';
import { startPart } from './processes.ts';
import { PREFIX } from './redis.ts';

const USERS = 200;

const EXTENT: Record<Form, Extent> = {
  normal: { rounds: 5, warm: 5000, alone: 300, block: 2000, blocks: 4, seconds: 4 },
  short: { rounds: 1, warm: 500, alone: 50, block: 500, blocks: 1, seconds: 1 },
  guard: { rounds: 1, warm: 3000, alone: 200, block: 500, blocks: 12, seconds: 0 },
};

const NAIVE = 'naive Hono + zod + add';
const OURS = 'ai-jobs';
const OURS_KEYED = 'ai-jobs, with Idempotency-Key';

/** A server that others would write, in `peers`. `keyed`: every request has an Idempotency-Key. */
const peer = (name: string, file: string, keyed = false): HttpContender => ({
  name,
  async start({ url, redis }) {
    const part = await startPart(`peers/${file}`, { REDIS_URL: url });
    return { part, target: targetOf(part.port, keyed), check: (requests) => checkQueue(redis, name, 'bull:peer:', requests) };
  },
});

const ours = (name: string, keyed = false): HttpContender => ({
  name,
  async start({ url, redis }) {
    const leave = await registerWorker(redis);
    const part = await startOurApi(url);
    const check = async (requests: number) => {
      await checkQueue(redis, name, keysUnder(PREFIX).job(''), requests);
      await leave();
    };
    return { part, target: targetOf(part.port, keyed), check };
  },
});

/** Every submission that was answered must wait in the queue: who answers 202 and does nothing is not compared. */
async function checkQueue(redis: Redis, name: string, base: string, requests: number): Promise<void> {
  const waiting = (await redis.llen(`${base}wait`)) + (await redis.zcard(`${base}prioritized`));
  if (waiting !== requests) throw new Error(`${name} accepted ${requests} submissions, and ${waiting} jobs wait`);
}

const guarded = [peer(NAIVE, 'hono.ts'), ours(OURS), ours(OURS_KEYED, true)];
const all = [
  peer('bare node:http + add', 'bare.ts'),
  ...guarded,
  peer('Express, same features', 'express.ts'),
  peer('Express, with Idempotency-Key', 'express.ts', true),
  peer('Fastify, same features', 'fastify.ts'),
  peer('Fastify, with Idempotency-Key', 'fastify.ts', true),
];

const NOTES = 'The mitochondrion is the power plant of the cell. Water boils at 100 degrees Celsius at the level of the sea. '.repeat(5);

/** Submissions as an app on a phone sends them through a gateway, by one user after another. */
function targetOf(port: number, keyed: boolean): Target {
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
  return {
    port,
    request: (n) => (keyed ? requestOf(n, { 'idempotency-key': crypto.randomUUID() }) : (made[n % USERS] ?? '')),
    complaint({ status, body }) {
      if (status !== 202) return `a submission was answered with ${status}`;
      return /^\{"jobId":"[^"]+","kind":"generate-flashcards","status":"queued",.*"cancelUrl":/.test(body) ? undefined : 'this is no job';
    },
  };
}

type Column = [title: string, of: keyof HttpCosts, digits: number];

const COSTS: Column[] = [
  ['API CPU, µs', 'apiCpu', 0],
  ['Redis CPU, µs', 'redisCpu', 0],
  ['requests/s', 'perSecond', 0],
  ['p50, ms', 'p50', 2],
  ['p99, ms', 'p99', 2],
];
const COUNTS: Column[] = [
  ['commands, alone', 'commandsAlone', 1],
  ['trips, alone', 'tripsAlone', 1],
  [`commands, ${CONNECTIONS} at once`, 'commands', 1],
  [`trips, ${CONNECTIONS} at once`, 'trips', 2],
];
const GUARDED = ['apiCpu', 'redisCpu', 'commandsAlone', 'tripsAlone', 'commands', 'trips'] as const;

async function run(form: Form): Promise<Report> {
  const contenders = form === 'guard' ? guarded : all;
  const costs = await compareServers(contenders, EXTENT[form]);
  const of = (name: string, what: keyof HttpCosts) => costs.get(name)?.[what] ?? [];
  const figures = (columns: Column[]) =>
    table(
      ['', ...columns.map(([title]) => title)],
      contenders.map(({ name }) => [name, ...columns.map(([, what, digits]) => spread(of(name, what), digits))]),
    );
  const compared = (['apiCpu', 'redisCpu', 'perSecond', 'p50', 'p99'] as const).map(
    (what) => (name: string) => ratio(of(name, what), of(NAIVE, what)).toFixed(2),
  );
  const toNaive = (key: string, name: string) => GUARDED.map((what) => [`${key}: ${what}`, ratios(of(name, what), of(NAIVE, what))]);
  return {
    text: `# What a submission costs

\`npm run bench -- submit\`: a POST of ${NOTES.length} characters of notes by one of ${USERS} users, until its 202. ${EXTENT[form].rounds} rounds; in each of them every server is
started and warmed up, then they take turns, ${EXTENT[form].blocks} times ${EXTENT[form].block} requests each. Medians (quartiles). Each server is a process of its own with Node ${process.versions.node},
logs silent, beside a native Redis that keeps nothing on disk; Redis and the load generator share the machine's ${cpus().length} cores with it. ai-jobs is the API as
\`npm run start:api\` starts it: every feature is on, and every limit is on and out of reach. The Express and Fastify servers are in [bench/peers](../peers).

CPU is that of the process for each submission, and requests/s is what it answers, at ${CONNECTIONS} connections that always have a request on its way.
p50 and p99 are from request to answer at half of that pace, in an open loop. Machines differ, and are shared: read the ratios.

${figures(COSTS)}

The same as ratios to the naive service, which has no limits, identity, idempotency, fair turns and stream tokens:

${table(
  ['', 'API CPU', 'Redis CPU', 'requests/s', 'p50', 'p99'],
  contenders.map(({ name }) => [name, ...compared.map((show) => show(name))]),
)}

What Redis does for a submission. Commands inside of scripts count, too. Commands that arrive together are one trip, so submissions that come
at the same time can share one.

${figures(COUNTS)}
`,
    ratios: Object.fromEntries([...toNaive('submit', OURS), ...toNaive('submit with key', OURS_KEYED)]) as Record<string, number[]>,
  };
}

/** The benchmark. */
export const submit: Bench = { limitS: { normal: 1800, short: 120, guard: 120 }, run };
