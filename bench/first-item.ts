/** How long a finished card takes from the model's byte to the client's event: here, and in the same two hops done bare. */
import { type Column, median, quantile, ratioTable, table } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { startOurApi } from './ours.ts';
import { listLeftOut } from './peers/left-out.ts';
import { type Part, startPart } from './processes.ts';
import { openPlaces, type Place, PREFIX, startRedis } from './redis.ts';
import type { Watch } from './watchers.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';

/** How much is measured. `streams`: jobs that stream at the same time. */
type Extent = { rounds: number; waves: number; streams: number; cards: number };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: { rounds: 5, waves: 3, streams: 50, cards: 10 },
  short: { rounds: 1, waves: 1, streams: 50, cards: 3 },
};

/** What is measured, in ms: of first cards, and of all cards. */
type Figure = 'firstP50' | 'firstP99' | 'p50' | 'p99';

const COLUMNS: readonly Column<Figure>[] = [
  ['first card p50, ms', 'firstP50', 2],
  ['first card p99, ms', 'firstP99', 2],
  ['any card p50, ms', 'p50', 2],
  ['any card p99, ms', 'p99', 2],
];

/** A way of cards: API and worker, running. `watch`: what its clients do for jobs of these names; `begin`: what starts the jobs then. */
type Way = { watch(jobs: string[]): Omit<Watch, 'cards'>; begin(jobs: string[]): Promise<void>; stop(): Promise<void> };

type Start = (place: Place, model: Part) => Promise<Way>;

const BARE = 'bare: HTTP, RPUSH + XADD, XREAD, response.write';
const OURS = 'ai-jobs';

const ways: Record<string, Start> = {
  async [BARE]({ url }, model) {
    const api = await startPart('peers/bare-cards-api.ts', { REDIS_URL: url });
    const worker = await startPart('peers/bare-cards-worker.ts', { REDIS_URL: url, MODEL_PORT: String(model.port) });
    return {
      watch: (jobs) => ({ port: api.port, method: 'GET', requests: jobs.map((job) => ({ path: `/${job}` })) }),
      begin: async (jobs) => void (await worker.ask({ jobs }, 'begun')),
      stop: () => stopAll(api, worker),
    };
  },
  async [OURS]({ url }, model) {
    const api = await startOurApi(url);
    const env = {
      REDIS_URL: url,
      REDIS_KEY_PREFIX: PREFIX,
      LOG_LEVEL: 'silent',
      OPENAI_API_KEY: 'bench',
      OPENAI_BASE_URL: `http://127.0.0.1:${model.port}/v1`,
      WORKER_CONCURRENCY: '60',
      WORKER_RATE_MAX: '1000000000',
      WORKER_HEALTH_PORT: '0',
    };
    const worker = await startPart('../worker/main.ts', env, HEAP_FLAGS.worker);
    const requestOf = (content: string) => ({ path: '/api/ai/generate-flashcards', body: JSON.stringify({ content, count: 50 }) });
    return {
      watch: (jobs) => ({ port: api.port, method: 'POST', requests: jobs.map(requestOf) }),
      begin: async () => {}, // a job begins when it is submitted
      stop: () => stopAll(api, worker),
    };
  },
};

const stopAll = async (...parts: Part[]) => void (await Promise.all(parts.map((part) => part.stop())));

/** Lets so many jobs stream at once. Resolves with the ms of each card, by its job's name and its number. */
async function wave(way: Way, model: Part, clients: Part, { streams, cards }: Extent): Promise<Record<string, number>> {
  const jobs = Array.from({ length: streams }, () => crypto.randomUUID());
  const arriving = clients.ask<{ arrived: Record<string, number> }>({ ...way.watch(jobs), cards }, 'arrived');
  const watching = clients.ask({}, 'watching');
  await Promise.race([watching, arriving]);
  await way.begin(jobs);
  const { arrived } = await arriving;
  const { written } = await model.ask<{ written: Record<string, number> }>({ written: true }, 'written');
  const took = Object.entries(arrived).map(([front, at]): [string, number] => [front, at - (written[front] ?? Number.NaN)]);
  if (took.length !== streams * cards || took.some(([, ms]) => !(ms > 0)))
    throw new Error('a card has arrived that the model has not written');
  return Object.fromEntries(took);
}

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const names = Object.keys(ways);
  const store = await startRedis();
  const places = openPlaces(store, names.length);
  const figures = new Map(
    names.map((name): [string, Record<Figure, number[]>] => [name, { firstP50: [], firstP99: [], p50: [], p99: [] }]),
  );
  const model = await startPart('servers/model.ts', { CARDS: String(extent.cards) });
  const clients = await startPart('watchers.ts');
  for (let round = 1; round <= extent.rounds; round++) {
    process.stderr.write(`round ${round} of ${extent.rounds}\n`);
    for (const [n, [name, start]] of Object.entries(ways).entries()) {
      const place = places[n] as Place;
      await place.redis.flushdb();
      const way = await start(place, model);
      const measure = (what: string) => step(`${name}: ${what}`, 60, () => wave(way, model, clients, extent));
      await measure('warming up');
      const took: [string, number][] = [];
      for (let count = 0; count < extent.waves; count++) took.push(...Object.entries(await measure(`${extent.streams} streams`)));
      const [all, first] = [took.map(([, ms]) => ms), took.filter(([front]) => front.endsWith(' 1')).map(([, ms]) => ms)];
      const kept = figures.get(name);
      kept?.firstP50.push(median(first));
      kept?.firstP99.push(quantile(first, 0.99));
      kept?.p50.push(median(all));
      kept?.p99.push(quantile(all, 0.99));
      await way.stop();
    }
  }
  places.forEach(({ redis }) => redis.disconnect());
  await stopAll(model, clients);
  store.stop();
  return {
    text: `# From the model's byte to the client's event

\`npm run bench -- first-item\`: ${extent.streams} jobs stream at the same time. A stand-in for a model writes forty pieces a second for each of them, ten for each card, and notes
when it writes the last byte of a card. The client notes when the event with that card arrives. Rounds: ${extent.rounds}, each with ${extent.waves} waves of ${extent.streams} jobs and ${extent.cards} cards a job;
medians (quartiles) of the rounds' p50 and p99. Model, worker, API and clients are processes of their own with Node ${process.versions.node}, beside a native Redis, on one machine.
Bare is a worker that reads the stream with \`node:http\` and appends and publishes each card in one pipeline, and an API with one \`XREAD\` that writes to raw responses.
ai-jobs is API and worker as their npm scripts start them, with every check.

${table(figures, names, COLUMNS)}

The same as ratios to bare:

${ratioTable(figures, names, COLUMNS, () => BARE)}

${listLeftOut(names)}
`,
  };
}

/** The benchmark. */
export const firstItem: Bench = { limitS: { normal: 900, short: 120 }, run };
