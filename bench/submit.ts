/** What a submission costs, from the request to the 202: here, in a bare handler, in a naive service, and with the same features put together the usual way. */
import { cpus } from 'node:os';
import { flashcards } from '../src/kinds/flashcards.ts';
import { keysUnder } from '../src/store/keys.ts';
import { pairs, ratioTable, table } from './figures.ts';
import type { Bench, Form, Report } from './harness.ts';
import { CONNECTIONS, COSTS, COUNTS, GUARDED, httpContender, type HttpExtent, type HttpFigure, type HttpServer } from './http-costs.ts';
import { httpRequest, type Target } from './load.ts';
import { registerWorker, startOurApi } from './ours.ts';
import { listLeftOut } from './peers/left-out.ts';
import { startPart } from './processes.ts';
import { type Place, PREFIX } from './redis.ts';
import { compare, type Contender, type Rounds } from './rounds.ts';
import type { RedisClient } from '../src/store/redis-client.ts';

const EXTENT: Record<Form, Rounds & HttpExtent> = {
  normal: { rounds: 5, warm: 5000, blocks: 4, block: 2000, alone: 300, seconds: 4 },
  short: { rounds: 1, warm: 300, blocks: 1, block: 300, alone: 50, seconds: 1 },
  guard: { rounds: 1, warm: 3000, blocks: 20, block: 300, alone: 100, seconds: 0 },
  counts: { rounds: 1, warm: 300, blocks: 4, block: 300, alone: 50, seconds: 0 },
};
const USERS = 200;

const NAIVE = 'naive Hono + zod + add';
const OURS = 'ai-jobs';
const OURS_KEYED = 'ai-jobs, with Idempotency-Key';

type Start = (place: Place) => Promise<HttpServer>;

/** A server in `peers`: what others would write. `keyed`: every request has an Idempotency-Key. */
const peer =
  (file: string, keyed = false): Start =>
  async ({ url, redis }) => {
    const part = await startPart(`peers/${file}`, { REDIS_URL: url });
    return { part, target: targetOf(part.port, keyed), check: (requests) => checkQueue(redis, ['bull:peer:'], requests) };
  };

/** Starts our API. `env`, `flags`: see {@link startOurApi}. */
export const ours =
  (keyed = false, env: Record<string, string> = {}, flags: string[] = []): Start =>
  async ({ url, redis }) => {
    const leave = await registerWorker(redis);
    const part = await startOurApi(url, env, flags);
    const check = async (requests: number) => {
      await leave();
      const keys = keysUnder(PREFIX);
      await checkQueue(redis, [keys.queue(), keys.queue(flashcards.name)], requests); // jobs are in the lane of their kind, or in none
    };
    return { part, target: targetOf(part.port, keyed), check };
  };

/** Every submission that was answered must wait in the queue: who answers 202 and does nothing is not compared. */
async function checkQueue(redis: RedisClient, bases: readonly string[], requests: number): Promise<void> {
  let waiting = 0;
  for (const base of bases) waiting += (await redis.llen(`${base}wait`)) + (await redis.zcard(`${base}prioritized`));
  if (waiting !== requests) throw new Error(`${requests} submissions under ${bases.join(', ')} were accepted, and ${waiting} jobs wait`);
}

const guarded: Record<string, Start> = { [NAIVE]: peer('hono.ts'), [OURS]: ours(), [OURS_KEYED]: ours(true) };
const all: Record<string, Start> = {
  'bare node:http + add': peer('bare.ts'),
  ...guarded,
  'Express, same features': peer('express.ts'),
  'Express, with Idempotency-Key': peer('express.ts', true),
  'Fastify, same features': peer('fastify.ts'),
  'Fastify, with Idempotency-Key': peer('fastify.ts', true),
};

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

async function run(form: Form): Promise<Report> {
  const extent = EXTENT[form];
  const starts = form === 'guard' || form === 'counts' ? guarded : all;
  const names = Object.keys(starts);
  const contenders = Object.entries(starts).map(([name, start]): Contender<HttpFigure> => httpContender(name, start, extent));
  const figures = await compare(contenders, extent);
  return {
    text: `# What a submission costs

\`npm run bench -- submit\`: a POST of ${NOTES.length} characters of notes by one of ${USERS} users, until its 202. ${extent.rounds} rounds; in each of them every server is
started and warmed up, then they take turns, ${extent.blocks} times ${extent.block} requests each. Medians (quartiles). Each server is a process of its own with Node ${process.versions.node},
logs silent, beside a native Redis that keeps nothing on disk; Redis and the load generator share the machine's ${cpus().length} cores with it. ai-jobs is the API as
\`npm run start:api\` starts it: every feature is on, and every limit is on and out of reach. The Express and Fastify servers are in [bench/peers](../peers).

CPU is that of the process for each submission, and requests/s is what it answers, at ${CONNECTIONS} connections that always have a request on its way.
p50 and p99 are from request to answer at half of that pace, in an open loop. Machines differ, and are shared: read the ratios.

${table(figures, names, COSTS)}

The same as ratios to the naive service:

${ratioTable(figures, names, COSTS, () => NAIVE)}

${listLeftOut(names)}

What Redis does for a submission. Commands inside of scripts count, too. Commands that arrive together are one trip, so submissions that come
at the same time can share one.

${table(figures, names, COUNTS)}
`,
    pairs: {
      ...pairs(figures, 'submit', GUARDED, [OURS, NAIVE]),
      ...pairs(figures, 'submit with key', GUARDED, [OURS_KEYED, NAIVE]),
    },
  };
}

/** The benchmark. */
export const submit: Bench = { limitS: { normal: 1800, short: 180, guard: 180, counts: 180 }, run };
