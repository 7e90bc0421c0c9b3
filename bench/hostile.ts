/** What an innocent user feels while another one asks too much of the API, at the default limits, and what that costs in memory. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { lines, quantile } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import type { Experience, Waited } from './hostile/innocent.ts';
import { ways } from './hostile/ways.ts';
import { type Part, startPart } from './processes.ts';
import { PREFIX, startRedis } from './redis.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';

/** How long each way is gone, in ms; how long the innocent user is alone before; and whether each way meets fresh processes. */
type Extent = { ms: number; aloneMs: number; fresh: boolean };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { ms: 60_000, aloneMs: 60_000, fresh: true },
  short: { ms: 3000, aloneMs: 500, fresh: false }, // the largest way is whole after 1.6 s; twelve visits are beside each
};

/** How long the innocent user comes before anything is measured, in ms. */
const WARM_MS = 1500;

/** How often the API's memory is read, in ms. */
const LOOK_MS = 100;

/** What the API's memory has to stay under, in MB. */
const MEMORY_MB = 300;

const WAITS: readonly Waited[] = ['submit', 'end', 'webhook', 'poll', 'list'];

/** What was seen in one way. `answers`: what the hostile user got, by status. `peakMb`: the API's largest resident set. */
type Seen = { experience: Experience; answers: Record<string, number>; peakMb: number };

/** An API and a worker with the limits that they have by default, an innocent user, and a hostile one. */
async function openScene() {
  const store = await startRedis();
  const env = { REDIS_URL: store.url, REDIS_KEY_PREFIX: PREFIX, LOG_LEVEL: 'silent', NODE_ENV: 'development', AI_PROVIDER: 'offline' };
  const at = { PORT: '0', HOST: '127.0.0.1', ALLOWED_HOSTS: 'bench.example', ADMIN_TOKEN: 'token-of-the-operator' };
  const api = await startPart('../src/main.ts', { ...env, ...at }, HEAP_FLAGS.api);
  const worker = await startPart('../worker/main.ts', { ...env, WORKER_HEALTH_PORT: '0', WORKER_RATE_MAX: '1000' }, HEAP_FLAGS.worker);
  const innocent = await startPart('hostile/innocent.ts', { API_URL: `http://127.0.0.1:${api.port}` });
  const attacker = await startPart('hostile/attacker.ts');
  const parts: Part[] = [innocent, attacker, api, worker];
  return {
    api,
    attacker,
    experience: async () => (await innocent.ask<{ experience: Experience }>({ want: 'experience' }, 'experience')).experience,
    async close() {
      for (const part of parts) await part.stop();
      store.stop();
    },
  };
}

type Scene = Awaited<ReturnType<typeof openScene>>;

/** Goes one way beside the innocent user, who was alone before. */
async function go(scene: Scene, way: string, { ms, aloneMs }: Extent): Promise<{ alone: Experience; beside: Seen }> {
  await pause(WARM_MS); // what is compiled then, or is left of the way before, is nobody's wait
  await scene.experience();
  await pause(aloneMs);
  const alone = await scene.experience();
  let peakMb = 0;
  const timer = setInterval(() => (peakMb = Math.max(peakMb, rssOf(scene.api))), LOOK_MS);
  const { answers } = await scene.attacker.ask<{ answers: Record<string, number> }>({ way, port: scene.api.port, ms }, 'answers');
  clearInterval(timer);
  return { alone, beside: { experience: await scene.experience(), answers, peakMb } };
}

/** The resident set of a process, in MB. */
function rssOf({ pid }: Part): number {
  return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 1e6;
}

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const rows: string[][] = [];
  const faults: string[] = [];
  let scene: Scene | undefined;
  for (const way of Object.keys(ways)) {
    process.stderr.write(`${way}\n`);
    scene ??= await openScene();
    const there = scene;
    const { alone, beside } = await step(way, 60 + (extent.ms + extent.aloneMs) / 500, () => go(there, way, extent));
    if (extent.fresh) {
      await scene.close();
      scene = undefined;
    }
    const { failures, waits } = beside.experience;
    if (failures.length > 0) faults.push(`${way}: ${failures.length} failures of the innocent user, such as ${failures[0]}`);
    // Processes that went all ways keep what each has left them.
    if (extent.fresh && beside.peakMb > MEMORY_MB) faults.push(`${way}: the API took ${beside.peakMb.toFixed(0)} MB`);
    const ratios = WAITS.flatMap((what) => [0.5, 0.95].map((share) => quantile(waits[what], share) / quantile(alone.waits[what], share)));
    rows.push([
      way,
      ...ratios.map((ratio) => ratio.toFixed(1)),
      String(failures.length),
      beside.peakMb.toFixed(0),
      inWords(beside.answers),
    ]);
  }
  await scene?.close();
  const head = WAITS.flatMap((what) => [`${what}, p50`, 'p95']);
  const text = `# One hostile user beside an innocent one

\`npm run bench -- hostile\`: the innocent user submits a job every 250 ms, watches it to its end, is called back by a webhook, polls it and lists. Figures are its waits beside the hostile
user in ratio to its waits alone just before, ${extent.ms / 1000} s each; \`failures\` are answers of 4xx and 5xx, and what did not come within 20 s. The API, a worker with the offline generator and Redis
have their default limits (the worker's rate is out of reach) and share the machine's cores with both users. \`MB\` is the API's largest resident set. Node ${process.versions.node}.

${lines(['the hostile user sends', ...head, 'failures', 'MB', 'what the hostile user got'], rows)}
`;
  if (faults.length > 0) throw new Error(`${text}\n${faults.join('\n')}`);
  return { text };
}

function inWords(answers: Record<string, number>): string {
  return Object.entries(answers)
    .map(([status, count]) => `${count.toLocaleString('en')} × ${status}`)
    .join(', ');
}

/** The benchmark. */
export const hostile: Bench = { limitS: { normal: 3600, short: 600 }, run };
