/**
 * `npm run smoke -- URL [WORKER_URL]`: checks any deployment. It tests the queue with flashcards,
 * and then each other kind that is on.
 */
import { addressAt } from '../conformance/http.ts';
import { readEnvFile } from '../src/env/read-env-file.ts';
import { flashcards } from '../src/kinds/flashcards.ts';
import { kinds as known } from '../src/kinds/index.ts';
import type { Kind } from '../src/kinds/kind.ts';
import { smokeRequest } from './smoke/request.ts';

readEnvFile('.env', process.env);
const local = (variable: string, fallback: string) => `http://localhost:${process.env[variable] || fallback}`;
const [given, givenWorker] = process.argv.slice(2);
const base = given ?? local('PORT', '3001');
const workerBase = givenWorker ?? (given === undefined ? local('WORKER_HEALTH_PORT', '3002') : undefined);
for (const url of [base, workerBase ?? base]) {
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    process.stderr.write(`${url} is no address; give it as in: npm run smoke -- https://your.api https://your.worker\n`);
    process.exit(2);
  }
}

/** How long one job may take to end, in ms: a model may be asked. */
const PATIENCE_MS = 120_000;

/** A kind as `GET /api/kinds` tells it. */
type KindInfo = { name: string; path: string; available: boolean | null; provider?: string; missing?: string[]; needs?: string[] };

type Job = { jobId: string; status: string; statusUrl: string; error?: { code: string; detail: string } };

const user = `smoke-${crypto.randomUUID()}`;

/**
 * Who asks: a user that nobody else is or, with SMOKE_TOKEN, the user of that session. It is for
 * the API alone.
 */
const session = process.env['SMOKE_TOKEN'];
const identity: Record<string, string> = session ? { authorization: `Bearer ${session}` } : { 'user-id': user };

/** What a submission that is 401 lacks. */
const unidentified = session
  ? 'SMOKE_TOKEN is not taken; it may have expired'
  : "set SMOKE_TOKEN to the access token of a user's session, or to what your gateway takes as Authorization: Bearer";

/** A check says what it saw, or throws why it failed. */
type Check = [name: string, run: () => Promise<string>];

let job: Job | undefined;
let three: Job[] = [];

const checks: Check[] = [
  [
    'worker health',
    async () => {
      if (workerBase !== undefined) {
        const { status, provider } = await get<{ status: string; provider: string }>(workerBase, '/health');
        return `${status}, provider ${provider}`;
      }
      const { workers } = await get<{ workers: number }>(base, '/api/queue/stats');
      if (workers === 0) throw new Error('no worker is connected to the queue');
      return `${workers} connected (name the worker's URL to ask it itself)`;
    },
  ],
  [
    'Redis',
    async () => {
      const { status, latencyMs } = await get<{ status: string; latencyMs: number }>(base, '/api/redis/health');
      return `${status}, ${latencyMs} ms`;
    },
  ],
  [
    'fast enqueue (under 500 ms)',
    async () => {
      const start = performance.now();
      job = await submit();
      const ms = Math.round(performance.now() - start);
      if (ms >= 500) throw new Error(`it took ${ms} ms`);
      return `${ms} ms`;
    },
  ],
  [
    'initial status',
    async () => {
      const { status } = await look(present(job));
      if (!['waiting', 'active', 'completed'].includes(status)) throw new Error(`the status is ${status}`);
      return status;
    },
  ],
  ['completion', async () => completed(present(job))],
  [
    'three at once',
    async () => {
      three = await Promise.all([submit(), submit(), submit()]);
      return three.map(({ status }) => status).join(', ');
    },
  ],
  [
    'all complete',
    async () => {
      if (three.length === 0) throw new Error('there are no jobs: they could not be enqueued');
      return (await Promise.all(three.map(completed))).join(', ');
    },
  ],
  [
    'statistics',
    async () => {
      const { counts, workers } = await get<{ counts: Record<string, number>; workers: number }>(base, '/api/queue/stats');
      if ((counts['completed'] ?? 0) < 4) throw new Error(`only ${counts['completed']} jobs are counted as completed`);
      return `${JSON.stringify(counts)}, ${workers} worker(s)`;
    },
  ],
];

async function get<T>(root: string, path: string): Promise<T> {
  const response = await send(root, path, { headers: root === base ? identity : {} });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/**
 * Sends to an address of the server alone. No answer and no redirect can lead the token to another
 * server.
 */
function send(root: string, path: string, init: RequestInit): Promise<Response> {
  return fetch(addressAt(new URL(root), path), { ...init, redirect: 'manual', signal: AbortSignal.timeout(10_000) });
}

/** Submits a small job. The user is named in the body, too, for servers that need no identity. */
async function submit(kind: Kind = flashcards): Promise<Job> {
  const { body, headers } = smokeRequest(kind, { userId: user });
  const response = await send(base, kind.path, { method: 'POST', headers: { ...identity, ...headers }, body });
  const advice = response.status === 401 ? ` (${unidentified})` : '';
  if (response.status !== 202) throw new Error(`the submission was answered ${response.status}${advice}: ${await response.text()}`);
  return (await response.json()) as Job;
}

/**
 * The checks of all kinds beside flashcards. A kind that is off is no failure: its check says what
 * is missing.
 */
async function kindChecks(): Promise<Check[]> {
  const { kinds } = await get<{ kinds: KindInfo[] }>(base, '/api/kinds');
  return kinds.flatMap(({ name, available, provider, missing = [] }): Check[] => {
    const kind = known.find((one: Kind) => one !== flashcards && one.name === name);
    if (!kind) return []; // a later version's
    const run = async () =>
      available === false ? `off (it lacks ${missing.join(', ')})` : `${await completed(await submit(kind))}, by ${provider}`;
    return [[name, run]];
  });
}

const look = ({ statusUrl }: Job) => get<Job>(base, statusUrl);

async function completed(submitted: Job): Promise<string> {
  const start = performance.now();
  for (;;) {
    const { status, error } = await look(submitted);
    const ms = Math.round(performance.now() - start);
    if (status === 'completed') return `completed in ${ms} ms`;
    if (status === 'failed') throw new Error(`it failed: ${error?.code}: ${error?.detail}`);
    if (ms > PATIENCE_MS) throw new Error(`it is still ${status} after ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function present(submitted: Job | undefined): Job {
  if (!submitted) throw new Error('there is no job: it could not be enqueued');
  return submitted;
}

/** Does all checks and says what each saw. Resolves with how many failed. */
async function doAll(all: Check[]): Promise<number> {
  let failures = 0;
  for (const [index, [name, run]] of all.entries()) {
    try {
      process.stdout.write(`✓ ${index + 1}. ${name}: ${await run()}\n`);
    } catch (error) {
      failures++;
      process.stdout.write(`✗ ${index + 1}. ${name}: ${inWords(error)}\n`);
    }
  }
  process.stdout.write(`\n${all.length - failures} passed, ${failures} failed\n`);
  return failures;
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

let failures = await doAll(checks);
if (failures < checks.length) {
  process.stdout.write('\nThe other kinds:\n\n');
  failures += await doAll(await kindChecks().catch((error: Error): Check[] => [['kinds', () => Promise.reject(error)]]));
}
process.exitCode = failures === 0 ? 0 : 1;
