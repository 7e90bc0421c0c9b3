/** Whether anything grows without an end: jobs of all fates at a short retention, for an hour, with what the processes and Redis hold. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { lines } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { isBounded, type Pattern, takeCensus } from './key-census.ts';
import { type Part, startPart } from './processes.ts';
import { openPlaces, PREFIX, startRedis } from './redis.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';

/** How long jobs come, in s; how many in a second; and `JOB_RETENTION_S`. */
type Extent = { seconds: number; perSecond: number; retentionS: number };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { seconds: 3600, perSecond: 10, retentionS: 60 },
  short: { seconds: 30, perSecond: 5, retentionS: 10 }, // 150 jobs: three at least of each fate, and three retentions
};

/** How many times what is held is looked at. */
const LOOKS = 6;

/** How much later than its retention a job may still be there, in s: removal comes with other ends, or with a sweep. */
const SLACK_S = 90;

/** How many users the jobs are of. */
const USERS = 20;

const JSON_TYPE = { 'content-type': 'application/json' };
const FLASHCARDS = '/api/ai/generate-flashcards';
const CONTENT = { content: 'The mitochondrion is the power plant of the cell. Hund: dog', count: 2 };
const PICTURE = readFileSync(new URL('../scripts/smoke/water.png', import.meta.url)).toString('base64');

type Job = { jobId: string; statusUrl: string; streamUrl: string; cancelUrl: string };

/** A user who asks the API. `submit` resolves with the job, or undefined where it was refused. */
class Caller {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly hook: string;

  constructor(url: string, user: string, hook: string) {
    this.#url = url;
    this.#headers = { 'user-id': user };
    this.hook = hook;
  }

  async submit(path: string, input: object, headers: Record<string, string> = {}): Promise<Job | undefined> {
    const response = await this.ask(path, 'POST', { ...JSON_TYPE, ...headers }, JSON.stringify(input));
    if (response.status === 202) return (await response.json()) as Job;
    await response.body?.cancel();
    return undefined;
  }

  ask(path: string, method = 'GET', headers: Record<string, string> = {}, body?: string): Promise<Response> {
    return fetch(this.#url + path, { method, headers: { ...this.#headers, ...headers }, ...(body !== undefined && { body }) });
  }

  /** Watches a job to its end. */
  async ended({ streamUrl }: Job): Promise<void> {
    await (await this.ask(streamUrl)).text();
  }
}

/** What becomes of a job, by name. Each fate does all that it takes with one submission. */
const fates: Record<string, (caller: Caller) => Promise<void>> = {
  async completed(caller) {
    const job = await caller.submit(FLASHCARDS, CONTENT);
    if (job) await caller.ended(job);
  },
  async polled(caller) {
    const job = await caller.submit(FLASHCARDS, CONTENT, { 'idempotency-key': crypto.randomUUID() });
    if (job) await (await caller.ask(`${job.statusUrl}?wait=10`)).text();
  },
  async notified(caller) {
    await caller.submit(FLASHCARDS, { ...CONTENT, callbackUrl: caller.hook });
  },
  async cancelled(caller) {
    const job = await caller.submit(FLASHCARDS, CONTENT);
    if (job) await (await caller.ask(job.cancelUrl, 'POST')).text();
  },
  async timed(caller) {
    await caller.submit(FLASHCARDS, CONTENT, { 'cancel-after': '1s' });
  },
  async 'failed and retried'(caller) {
    const job = await caller.submit('/api/ai/generate-lesson', { content: 'Ok.' });
    if (!job) return;
    await caller.ended(job);
    await (await caller.ask(`/api/jobs/${job.jobId}/retry`, 'POST')).text();
  },
  async erased(caller) {
    const job = await caller.submit(FLASHCARDS, { ...CONTENT, callbackUrl: caller.hook });
    if (job) await (await caller.ask(`/api/jobs/${job.jobId}`, 'DELETE')).text();
  },
  async 'of a user who goes'(caller) {
    await caller.submit(FLASHCARDS, CONTENT);
    await (await caller.ask('/api/me/data', 'DELETE')).text();
  },
  async spoken(caller) {
    const job = await caller.submit('/api/ai/generate-audio', { text: 'Water boils.', language: 'en' });
    if (job) await caller.ended(job);
  },
  async 'a picture with a child'(caller) {
    await caller.submit('/api/process-image', { image: PICTURE, then: 'flashcards' });
  },
};

/** How many of a hundred submissions have each fate. */
const SHARES: [fate: string, share: number][] = [
  ['completed', 40],
  ['polled', 10],
  ['notified', 10],
  ['cancelled', 10],
  ['timed', 6],
  ['failed and retried', 8],
  ['erased', 8],
  ['of a user who goes', 4],
  ['spoken', 2],
  ['a picture with a child', 2],
];

/** What is held at one moment: memory in MB, open file descriptors, and keys in Redis, those of jobs apart. */
type Held = { at: number; api: number; worker: number; redis: number; apiFiles: number; workerFiles: number; jobs: number; keys: number };

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const { seconds, perSecond, retentionS } = extent;
  const store = await startRedis();
  const [at] = openPlaces(store, 1);
  if (!at) throw new Error('there is no database');
  const env = {
    REDIS_URL: at.url,
    REDIS_KEY_PREFIX: PREFIX,
    LOG_LEVEL: 'silent',
    NODE_ENV: 'development',
    JOB_RETENTION_S: String(retentionS),
  };
  const limits = { RATE_LIMIT_MAX: '1000000', MAX_JOBS_PER_USER: '10000' };
  const api = await startPart('../src/main.ts', { ...env, ...limits, PORT: '0', HOST: '127.0.0.1' }, HEAP_FLAGS.api);
  const rate = { WORKER_RATE_MAX: '1000', WORKER_HEALTH_PORT: '0', AI_PROVIDER: 'offline', JOB_BACKOFF_MS: '50' };
  const worker = await startPart('../worker/main.ts', { ...env, ...rate }, HEAP_FLAGS.worker);
  const hooks = createServer((request, response) => void request.resume().on('end', () => response.writeHead(204).end()));
  await once(hooks.listen(0, '127.0.0.1'), 'listening');
  const hook = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/`;

  const counts = new Map<string, number>();
  const errors = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  const begin = (n: number): void => {
    const fate = fateOf(n);
    counts.set(fate, (counts.get(fate) ?? 0) + 1);
    const caller = new Caller(`http://127.0.0.1:${api.port}`, fate === 'of a user who goes' ? `leaving-${n}` : `user-${n % USERS}`, hook);
    const work = (fates[fate]?.(caller) ?? Promise.resolve()).catch((error: unknown) => {
      const text = `${fate}: ${String(error)}`;
      errors.set(text, (errors.get(text) ?? 0) + 1);
    });
    pending.add(work);
    void work.finally(() => pending.delete(work));
  };

  const held: Held[] = [];
  let census = new Map<string, Pattern>();
  await step('jobs of all fates', seconds + 120, async () => {
    const start = performance.now();
    let sent = 0;
    for (let look = 1; look <= LOOKS; look++) {
      const until = (seconds * 1000 * look) / LOOKS;
      while (performance.now() - start < until) {
        while (sent < ((performance.now() - start) / 1000) * perSecond) begin(sent++);
        await pause(10);
      }
      census = await takeCensus(at.redis);
      const info = await at.redis.info('memory');
      held.push({
        at: until / 1000,
        ...(await heldBy(api, worker)),
        redis: Number(/^used_memory:(\d+)/m.exec(info)?.[1]) / 1e6,
        ...countsOf(census),
      });
    }
    await Promise.all(pending);
  });
  hooks.closeAllConnections();
  hooks.close();
  await api.stop();
  await worker.stop();
  at.redis.disconnect();
  store.stop();

  const text = report(extent, { held, census, counts });
  const faults = faultsOf(extent, { held, census, errors });
  if (faults.length > 0) throw new Error(`${text}\n${faults.join('\n')}`);
  return { text };
}

/** The fate of the n-th submission: shares are spread evenly, so that each minute is like the others. */
function fateOf(n: number): string {
  let point = (n * 37) % 100;
  for (const [fate, share] of SHARES) {
    if (point < share) return fate;
    point -= share;
  }
  return 'completed';
}

async function heldBy(api: Part, worker: Part) {
  const [ofApi, ofWorker] = await Promise.all([api.settled(), worker.settled()]);
  const files = ({ pid }: Part) => readdirSync(`/proc/${pid}/fd`).length;
  return { api: ofApi.rss / 1e6, worker: ofWorker.rss / 1e6, apiFiles: files(api), workerFiles: files(worker) };
}

function countsOf(census: Map<string, Pattern>): { jobs: number; keys: number } {
  const keys = [...census.values()].reduce((total, pattern) => total + pattern.keys, 0);
  return { jobs: census.get('ai-jobs:JOB')?.keys ?? 0, keys };
}

/** What has no bound, or is above it. */
function faultsOf(
  { perSecond, retentionS, seconds }: Extent,
  { held, census, errors }: { held: Held[]; census: Map<string, Pattern>; errors: Map<string, number> },
): string[] {
  const unbounded = [...census].filter(([, pattern]) => !isBounded(pattern)).map(([name]) => name);
  const most = 1.3 * perSecond * Math.min(retentionS + SLACK_S, seconds);
  const jobs = held.at(-1)?.jobs ?? 0;
  return [
    ...unbounded.map((name) => `the keys ${name} have neither an expiry nor a bound that is known`),
    ...(jobs > most ? [`${jobs} jobs are in Redis, and ${most} at most should be`] : []),
    ...[...errors].map(([what, count]) => `${count} × ${what}`),
  ];
}

function report(
  { seconds, perSecond, retentionS }: Extent,
  { held, census, counts }: { held: Held[]; census: Map<string, Pattern>; counts: Map<string, number> },
): string {
  const number = (value: number) => Math.round(value).toLocaleString('en');
  const keys = [...census].toSorted(([one], [other]) => one.localeCompare(other));
  return `# What grows with time

\`npm run bench -- soak\`: ${perSecond} jobs a second for ${number(seconds)} s, with \`JOB_RETENTION_S=${retentionS}\`: ${[...counts].map(([fate, count]) => `${number(count)} ${fate}`).join(', ')}. Memory is that
of a process with all garbage collected. Node ${process.versions.node}, a native Redis that keeps nothing on disk.

${lines(
  ['after, s', 'API, MB', 'worker, MB', 'Redis, MB', 'file descriptors of the API', 'of the worker', 'jobs in Redis', 'keys in all'],
  held.map((one) => [one.at, one.api, one.worker, one.redis, one.apiFiles, one.workerFiles, one.jobs, one.keys].map(number)),
)}

All keys in Redis at the end:

${lines(
  ['key', 'keys', 'expires within', 'bounded by'],
  keys.map(([name, { keys: count, without, longestS, bound }]) => [
    `\`${name}\``,
    number(count),
    without > 0 ? '–' : `${number(longestS)} s`,
    without > 0 ? (bound ?? '') : '',
  ]),
)}
`;
}

/** The benchmark. */
export const soak: Bench = { limitS: { normal: 4200, short: 240 }, run };
