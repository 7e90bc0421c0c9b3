/** What a job of each kind costs a worker, an API and Redis: CPU, and the memory that Redis holds of it after its end. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';
import { kinds } from '../src/kinds/index.ts';
import { lines } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { type Part, startPart } from './processes.ts';
import { openPlaces, type Place, PREFIX, startRedis } from './redis.ts';
import { readUsage } from './redis-usage.ts';

/** How many jobs of each kind are measured, after as many for warming up as run at once. */
const JOBS: Record<UnguardedForm, number> = { normal: 60, short: 4 };

/** How many jobs there are at once. */
const AT_ONCE = 4;

/** 500 characters of notes, or of a text that is spoken. */
const TEXT = 'The heart pumps blood through the body. Water boils at 100 degrees. Light is faster than sound. '.repeat(6).slice(0, 500);

const smoke = (name: string) => new Blob([readFileSync(new URL(`../scripts/smoke/${name}`, import.meta.url))]);

const form = (fields: Record<string, string | Blob>) => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return body;
};

/** What a submission of each kind has in it, in words, and its body. `vendor`: who does it here. */
const WORK: Record<string, { of: string; vendor: string; body: () => string | FormData }> = {
  'generate-flashcards': { of: '500 characters, 10 cards', vendor: 'offline', body: () => JSON.stringify({ content: TEXT, count: 10 }) },
  'generate-lesson': { of: '500 characters, 4 sections', vendor: 'offline', body: () => JSON.stringify({ content: TEXT, sections: 4 }) },
  'pronunciation-assess': {
    of: 'a sentence',
    vendor: 'azure-speech, a server on this machine',
    body: () => form({ audio: smoke('water.ogg'), referenceText: 'Water boils at one hundred degrees.', language: 'en-US' }),
  },
  'process-image': { of: 'one line of text', vendor: 'tesseract', body: () => form({ image: smoke('water.png') }) },
  'generate-audio': { of: '500 characters', vendor: 'espeak-ng', body: () => JSON.stringify({ text: TEXT, language: 'en' }) },
};

/** Answers as Azure Speech does: each word well spoken. */
async function startSpeech(): Promise<string> {
  const server = createServer((request, response) => {
    const wanted = JSON.parse(Buffer.from(String(request.headers['pronunciation-assessment']), 'base64').toString()) as Record<
      string,
      string
    >;
    const text = wanted['ReferenceText'] ?? '';
    const words = text.split(' ').map((word, n) => ({ Word: word, Offset: n * 4e6, Duration: 3e6, AccuracyScore: 98, ErrorType: 'None' }));
    const best = { Lexical: text, Display: text, AccuracyScore: 98, FluencyScore: 97, CompletenessScore: 100, PronScore: 98, Words: words };
    request.resume().once('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ RecognitionStatus: 'Success', Offset: 0, Duration: 3e7, DisplayText: text, NBest: [best] }));
    });
  }).listen(0, '127.0.0.1');
  server.unref();
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

/** The CPU of a process and of the programs that it has run, in µs. Linux counts ticks of 10 ms. */
function cpuOf({ pid }: Part): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return 10_000 * fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

/** What a job has cost, in µs and bytes. */
type Cost = { worker: number; api: number; redis: number; record: number; files: number };

/** Submits a job, and waits for its end. Resolves with its id. */
async function runJob(url: string, path: string, body: string | FormData): Promise<string> {
  const headers = { prefer: 'wait=60', 'user-id': 'bench', ...(typeof body === 'string' && { 'content-type': 'application/json' }) };
  const response = await fetch(url + path, { method: 'POST', headers, body });
  const job = (await response.json()) as { jobId: string; status: string };
  if (job.status !== 'completed') throw new Error(`${path} gave ${JSON.stringify(job)}`);
  return job.jobId;
}

async function runJobs(url: string, name: string, count: number): Promise<string[]> {
  const path = kinds.find((kind) => kind.name === name)?.path ?? '';
  const ids: string[] = [];
  let begun = 0;
  const take = async () => {
    while (begun++ < count) ids.push(await runJob(url, path, WORK[name]?.body() ?? ''));
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, take));
  return ids;
}

/** The bytes of all keys of a job: its record, and its files. */
async function bytesOf({ redis }: Place, id: string): Promise<{ record: number; files: number }> {
  const held = { record: 0, files: 0 };
  for (const key of await redis.keys(`${PREFIX}*${id}*`)) {
    const bytes = Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
    held[/:JOB(?::logs)?$/.test(key.replace(id, 'JOB')) ? 'record' : 'files'] += bytes;
  }
  return held;
}

async function measure(name: string, place: Place, api: Part, worker: Part, count: number): Promise<Cost> {
  const url = `http://127.0.0.1:${api.port}`;
  await runJobs(url, name, AT_ONCE);
  const read = async () => ({ worker: cpuOf(worker), api: cpuOf(api), redis: (await readUsage(place.redis)).cpu });
  const before = await read();
  const ids = await runJobs(url, name, count);
  const after = await read();
  const held = await bytesOf(place, ids.at(-1) ?? '');
  const each = (part: 'worker' | 'api' | 'redis') => (after[part] - before[part]) / count;
  return { worker: each('worker'), api: each('api'), redis: each('redis'), ...held };
}

async function run(form: UnguardedForm): Promise<Report> {
  const store = await startRedis();
  const [place] = openPlaces(store, 1);
  if (!place) throw new Error('there is no database');
  const env = {
    REDIS_URL: place.url,
    REDIS_KEY_PREFIX: PREFIX,
    NODE_ENV: 'test',
    AI_PROVIDER: 'offline',
    LOG_LEVEL: 'silent',
    WORKER_RATE_MAX: '10000',
    RATE_LIMIT_MAX: '1000000',
    AZURE_SPEECH_KEY: 'bench',
    AZURE_SPEECH_ENDPOINT: await startSpeech(),
  };
  const worker = await startPart('../worker/main.ts', { ...env, WORKER_HEALTH_PORT: '0' }, HEAP_FLAGS.worker);
  const api = await startPart('../src/main.ts', { ...env, PORT: '0' }, HEAP_FLAGS.api);
  const rows: string[][] = [];
  for (const [name, { of, vendor }] of Object.entries(WORK)) {
    const cost = await step(name, 200, () => measure(name, place, api, worker, JOBS[form]));
    const ms = (us: number) => (us / 1000).toFixed(1);
    const bytes = (count: number) => Math.round(count).toLocaleString('en');
    rows.push([`\`${name}\``, of, vendor, ms(cost.worker), ms(cost.api), ms(cost.redis), bytes(cost.record), bytes(cost.files)]);
  }
  await Promise.all([api.stop(), worker.stop()]);
  place.redis.disconnect();
  store.stop();
  return {
    text: `# What a job of each kind costs

\`npm run bench -- kinds\`: ${JOBS[form]} jobs of each kind, ${AT_ONCE} at once, whose callers wait for the end by \`Prefer: wait\`. CPU is that of the process for each job, with
the programs that it runs (espeak-ng, ffmpeg), in ms; bytes are those that Redis holds of the last job after its end. Node ${process.versions.node}, a native Redis that keeps nothing on disk, one machine for all.
Machines differ: a model on another server takes less of the worker's CPU than what is done on this machine.

${lines(['kind', 'a job of', 'done by', 'worker, ms', 'API, ms', 'Redis, ms', 'record, bytes', 'files, bytes'], rows)}
`,
  };
}

/** The benchmark. */
export const jobsByKind: Bench = { limitS: { normal: 600, short: 90 }, run };
