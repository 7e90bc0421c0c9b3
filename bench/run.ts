/** What a job costs the worker, from the queue to its end: here, in a bare BullMQ worker, and in one with the openai SDK. And how many slow jobs run at once. */
import { cpus } from 'node:os';
import { type Figures, lines, pairs, ratioTable, table } from './figures.ts';
import { type Bench, type Form, type Report, step } from './harness.ts';
import { COSTS, COUNTS, type JobExtent, type JobFigure, workerContender, workThrough } from './job-costs.ts';
import { listLeftOut } from './peers/left-out.ts';
import { type Part, startPart } from './processes.ts';
import { openPlaces, type Place, startRedis } from './redis.ts';
import { compare, type Rounds } from './rounds.ts';
import { PIECE_LENGTH } from './servers/card.ts';
import {
  NOTES,
  startBareWorker,
  startOpenAIWorker,
  startOurModelWorker,
  startOurOfflineWorker,
  startOurWorker,
  type WorkerSettings,
} from './workers.ts';

/** How much is measured. `slow`: how many jobs of 1 s each place of a worker gets; `real`: jobs that a model or the offline generator works on. */
type Extent = Rounds & JobExtent & { slow: number; real: Rounds & JobExtent };

const EXTENT: Record<Form, Extent> = {
  normal: { rounds: 5, warm: 4000, blocks: 4, block: 2000, slow: 4, real: { rounds: 5, warm: 1500, blocks: 4, block: 400 } },
  short: { rounds: 1, warm: 200, blocks: 1, block: 200, slow: 1, real: { rounds: 1, warm: 50, blocks: 1, block: 50 } },
  guard: { rounds: 1, warm: 1200, blocks: 16, block: 200, slow: 0, real: { rounds: 1, warm: 400, blocks: 8, block: 100 } },
  counts: { rounds: 1, warm: 100, blocks: 4, block: 200, slow: 0, real: { rounds: 1, warm: 50, blocks: 4, block: 100 } },
};
const CONCURRENCY = 10;

const BARE = 'bare BullMQ worker';
const OURS = 'ai-jobs';
const OURS_WHOLE = 'ai-jobs, the flashcards handler and a breaker';
const NAMES = [BARE, OURS, OURS_WHOLE];

const contenders = (concurrency: number, extent: JobExtent) => [
  workerContender(BARE, (place) => startBareWorker(place, { concurrency }), extent),
  workerContender(OURS, (place) => startOurWorker(place, { concurrency }), extent),
  workerContender(OURS_WHOLE, (place) => startOurWorker(place, { concurrency, handler: 'flashcards' }), extent),
];

const OPENAI = 'BullMQ + openai SDK';
const OURS_MODEL = 'ai-jobs, the same model';
const OFFLINE_AT_ONCE = [3, 50];
const offlineName = (atOnce: number) => `ai-jobs, offline, ${atOnce} at once`;
const REAL_NAMES = [OPENAI, OURS_MODEL, ...OFFLINE_AT_ONCE.map(offlineName)];

const realContenders = (model: Part, extent: JobExtent) => [
  workerContender(OPENAI, (place) => startOpenAIWorker(place, { concurrency: CONCURRENCY }, model), extent),
  workerContender(OURS_MODEL, (place) => startOurModelWorker(place, { concurrency: CONCURRENCY }, model), extent),
  ...OFFLINE_AT_ONCE.map((concurrency) =>
    workerContender(offlineName(concurrency), (place) => startOurOfflineWorker(place, { concurrency }), extent),
  ),
];

/** Flashcards jobs as they are worked on in a deployment, each by a model that answers at once or by the offline generator. */
async function compareReal(extent: Rounds & JobExtent): Promise<Figures<JobFigure>> {
  const model = await startPart('servers/instant-model.ts');
  const figures = await compare(realContenders(model, extent), extent);
  await model.stop();
  return figures;
}

/** How many slow jobs run at once, and how many ms each takes. */
const AT_ONCE = [1, 3, 100];
const WORK_MS = 1000;

/** Jobs a second of 1 s each at each concurrency. The workers sleep most of the time, so all of them run at once. */
async function slowWork(jobs: number): Promise<number[]> {
  const store = await startRedis();
  const places = openPlaces(store, AT_ONCE.length);
  const paceOf = async (place: Place, settings: WorkerSettings) => {
    const worker = await startOurWorker(place, settings);
    const count = jobs * settings.concurrency;
    const { perSecond } = await workThrough(worker, place, count);
    await worker.check(count);
    await worker.stop();
    place.redis.disconnect();
    return perSecond;
  };
  const paces = await Promise.all(AT_ONCE.map((concurrency, n) => paceOf(places[n] as Place, { concurrency, workMs: WORK_MS })));
  store.stop();
  return paces;
}

async function run(form: Form): Promise<Report> {
  const { slow, real, ...extent } = EXTENT[form];
  const costs = await compare(contenders(CONCURRENCY, extent), extent);
  const counts = await compare(contenders(1, { warm: 50, block: 200 }), { rounds: 1, blocks: 1 });
  const realCosts = await compareReal(real);
  const paces = slow === 0 ? [] : await step('jobs of 1 s', 60, () => slowWork(slow));
  const guarded = (heading: string, name: string) => ({
    ...pairs(costs, heading, { workerCpu: 1.3, redisCpu: 1.25, commands: 1.1 }, [name, BARE]),
    ...pairs(counts, `${heading}, one at a time`, { commands: 1.05, trips: 1.15 }, [name, BARE]),
  });
  return {
    text: `# What a job costs

\`npm run bench -- run\`: jobs that make one card without a model. ${extent.rounds} rounds; in each of them every worker is started and warmed up, then they take turns:
${extent.blocks} times ${extent.block} jobs are put into the queue, by each one's own submission, and the worker works through them. Medians (quartiles). Each worker is a process of its own with
Node ${process.versions.node}, logs silent, concurrency ${CONCURRENCY}, beside a native Redis that keeps nothing on disk, on ${cpus().length} cores. ai-jobs is the worker as \`npm run start:worker\` starts it,
its rate out of reach: lock watch, registration and health included. In its first row the handler only publishes the card and returns it. In its second row
it is the handler for flashcards, and the vendor that gives it the card stands behind a circuit breaker. Machines differ, and are shared: read the ratios.

${table(costs, NAMES, COSTS)}

The same as ratios to the bare worker:

${ratioTable(costs, NAMES, COSTS, () => BARE)}

${listLeftOut(NAMES)}

Flashcards jobs with ${NOTES.length} characters of notes, one card each, ${real.blocks} times ${real.block} in each of ${real.rounds} rounds. The model is a server on this machine that
answers at once, as OpenAI streams, with an event for each ${PIECE_LENGTH} characters of the card. The peer is BullMQ's worker with the openai SDK: it streams a structured answer,
parses it at its end and returns it. Offline is the worker without a key: the card is made of the notes, by threads of the worker.

${table(realCosts, REAL_NAMES, COSTS)}

The same as ratios to BullMQ with the openai SDK:

${ratioTable(realCosts, REAL_NAMES, COSTS, () => OPENAI)}

${listLeftOut(REAL_NAMES)}

What Redis does for a job if one runs at a time. Commands inside of scripts count, too. Commands that arrive together are one trip.

${table(counts, NAMES, COUNTS)}

With work of ${WORK_MS / 1000} s, ai-jobs runs as many times the jobs of one at a time:

${lines(
  ['concurrency', 'jobs/s', 'times'],
  paces.map((pace, n) => [String(AT_ONCE[n]), pace.toFixed(2), (pace / (paces[0] ?? Number.NaN)).toFixed(2)]),
)}
`,
    pairs: {
      ...guarded('run', OURS),
      ...guarded('run with breaker', OURS_WHOLE),
      ...pairs(realCosts, 'run with a model', { workerCpu: 1.3, redisCpu: 1.25, commands: 1.1 }, [OURS_MODEL, OPENAI]),
      ...Object.assign(
        {},
        ...OFFLINE_AT_ONCE.map((n) =>
          pairs(realCosts, `run offline, ${n} at once`, { workerCpu: 1.3, commands: 1.1 }, [offlineName(n), OPENAI]),
        ),
      ),
    },
  };
}

/** The benchmark. */
export const runJobs: Bench = { limitS: { normal: 1800, short: 180, guard: 180, counts: 180 }, run };
