/** What the offline generator costs for texts that are made to be slow, and what they cost other users. */
import { cpus } from 'node:os';
import { cardsFromText } from '../worker/vendors/offline/cards.ts';
import { lines, median } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { startPart } from './processes.ts';
import { startRedis } from './redis.ts';
import { normalText, shapes } from './shapes.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';

/** How much is measured: rounds over every n-th shape, of so many characters each; and how often a first card beside slow jobs. */
type Extent = { rounds: number; everyNth: number; length: number; pairs: number };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { rounds: 3, everyNth: 1, length: 100_000, pairs: 30 },
  short: { rounds: 1, everyNth: 20, length: 20_000, pairs: 2 },
};

/** The normal text is read again after so many shapes. */
const NORMAL_EVERY = 8;
/** How many slow jobs run beside another user's. */
const BESIDE = 6;
/** The largest ratio that is accepted. */
const LIMIT = 5;

/** The ms of the processor that the cards of a text take: a busy machine makes them no more. */
function timeOf(text: string): number {
  const start = process.cpuUsage();
  cardsFromText(text, 50);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** A shape, how many times as long as a normal text it takes, and a text of it. */
type Slow = { name: string; text: string; ratio: number };

/** Reads every shape. Returns the slowest first, and the ms that a normal text takes. */
function compareShapes({ rounds, everyNth, length }: Extent): { slow: Slow[]; unit: number } {
  const normal = normalText(length);
  const texts = Object.entries(shapes)
    .filter((_, n) => n % everyNth === 0)
    .map(([name, shape]) => ({ name, text: shape(length).slice(0, length), times: [] as number[] }));
  for (let warm = 0; warm < 3; warm++) timeOf(normal);
  const base: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [place, { text, times }] of texts.entries()) {
      if (place % NORMAL_EVERY === 0) base.push(timeOf(normal));
      times.push(timeOf(text));
    }
  }
  const unit = median(base);
  const slow = texts.map(({ name, text, times }) => ({ name, text, ratio: median(times) / unit }));
  return { slow: slow.toSorted((a, b) => b.ratio - a.ratio), unit };
}

/** Submits a text as a user, over HTTP; resolves with the ms until its first card, or its end, arrives in the stream. `onRunning`: it runs. */
async function firstCard(url: string, user: string, content: string, onRunning = () => {}): Promise<number> {
  const start = performance.now();
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream', 'user-id': user };
  const response = await fetch(`${url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ content, count: 50 }),
  });
  const decoder = new TextDecoder();
  let seen = '';
  for await (const chunk of response.body ?? []) {
    seen += decoder.decode(chunk, { stream: true });
    if (/^event: progress$/m.test(seen)) onRunning();
    if (/^event: (?:item|completed|failed)$/m.test(seen)) return performance.now() - start;
  }
  throw new Error(`the stream of ${user} ended before its job:\n${seen}`);
}

/** First cards through API, Redis and worker: alone, and while another user's slow jobs run, in turns. */
async function compareFirstCards(shapes: Slow[], pairs: number) {
  const store = await startRedis();
  const env = {
    REDIS_URL: store.url,
    NODE_ENV: 'test',
    AI_PROVIDER: 'offline',
    LOG_LEVEL: 'silent',
    WORKER_CONCURRENCY: String(BESIDE + 1),
    WORKER_RATE_MAX: '10000',
    RATE_LIMIT_MAX: '1000000',
    MAX_JOBS_PER_USER: '10000',
  };
  const api = await startPart('../src/main.ts', { ...env, PORT: '0' }, HEAP_FLAGS.api);
  const worker = await startPart('../worker/main.ts', { ...env, WORKER_HEALTH_PORT: '0' }, HEAP_FLAGS.worker);
  const url = `http://127.0.0.1:${api.port}`;
  const slowest = shapes
    .map(({ text }) => text)
    .filter((text) => /[\p{L}\p{N}]/u.test(text)) // the API takes no others
    .slice(0, BESIDE);
  const alone: number[] = [];
  const beside: number[] = [];
  const health: number[] = [];
  for (let round = -2; round < pairs; round++) {
    const one = await firstCard(url, 'ana', 'Hund: dog');
    const slow = slowest.map((content) => {
      const { promise: running, resolve } = Promise.withResolvers<void>();
      return { running, ended: firstCard(url, 'mallory', content, resolve) };
    });
    await Promise.all(slow.map(({ running }) => running));
    const two = await firstCard(url, 'ana', 'Hund: dog');
    const asked = performance.now();
    await fetch(`http://127.0.0.1:${worker.port}/health`);
    const healthy = performance.now() - asked;
    await Promise.all(slow.map(({ ended }) => ended));
    if (round < 0) continue; // warm now
    alone.push(one);
    beside.push(two);
    health.push(healthy);
  }
  await Promise.all([api.stop(), worker.stop()]);
  store.stop();
  return { alone: median(alone), beside: median(beside), healthMs: Math.max(...health) };
}

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const { slow, unit } = await step('reading the shapes', 900, async () => compareShapes(extent));
  const first = await step('first cards beside slow jobs', 600, () => compareFirstCards(slow, extent.pairs));
  const over = slow.filter(({ ratio }) => ratio > LIMIT);
  return {
    text: `# What the offline generator costs

\`npm run bench -- offline\`: ${slow.length} shapes of ${extent.length.toLocaleString('en')} characters that are made to be slow, against a normal
text of that length, ${extent.rounds} rounds, medians of processor time, Node ${process.versions.node}, ${cpus().length} cores. A normal text takes ${unit.toFixed(0)} ms. ${
      over.length === 0
        ? `No shape takes more than ${LIMIT} times that.`
        : `OVER ${LIMIT} TIMES: ${over.map(({ name }) => name).join(', ')}.`
    }

${lines(
  ['shape', 'times a normal text'],
  slow.map(({ name, ratio }) => [name, ratio.toFixed(2)]),
)}

Another user's first card, over HTTP through API, Redis and worker, takes ${first.alone.toFixed(0)} ms alone, and ${first.beside.toFixed(0)} ms while ${BESIDE} jobs
of the slowest shapes run in the same worker: ${(first.beside / first.alone).toFixed(2)} times (medians of ${extent.pairs}, in turns). Meanwhile the worker's
health answered within ${first.healthMs.toFixed(0)} ms.
`,
  };
}

/** The benchmark. */
export const offline: Bench = { limitS: { normal: 1500, short: 120 }, run };
