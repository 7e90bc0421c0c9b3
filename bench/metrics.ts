/** What it costs to count, and to be scraped: the same processes with and without a registry of metrics. */
import { fileURLToPath } from 'node:url';
import { type Column, table } from './figures.ts';
import type { Bench, Report, UnguardedForm } from './harness.ts';
import { COSTS as HTTP_COSTS, httpContender, type HttpExtent, type HttpFigure } from './http-costs.ts';
import { COSTS as JOB_COSTS, type JobExtent, type JobFigure, workerContender } from './job-costs.ts';
import { startPart } from './processes.ts';
import { compare, type Contender, type Rounds } from './rounds.ts';
import { ours } from './submit.ts';
import { startOurModelWorker } from './workers.ts';

type Extent = { http: Rounds & HttpExtent; jobs: Rounds & JobExtent };

const EXTENT: Record<UnguardedForm, Extent> = {
  normal: {
    http: { rounds: 9, warm: 2000, blocks: 3, block: 1000, alone: 0, seconds: 0 },
    jobs: { rounds: 9, warm: 400, blocks: 3, block: 200 },
  },
  short: {
    http: { rounds: 1, warm: 200, blocks: 1, block: 200, alone: 0, seconds: 0 },
    jobs: { rounds: 1, warm: 50, blocks: 1, block: 50 },
  },
};

const WITHOUT = ['--import', fileURLToPath(new URL('servers/no-metrics.ts', import.meta.url))];
const TOKEN = 'bench-reads-the-metrics';

const NAMES = {
  none: 'without a registry',
  again: 'the same once more',
  counted: 'counted',
  scraped: 'counted, and scraped each second',
};

/** How often a process is scraped, in ms. */
const SCRAPE_MS = 1000;

/** How often it is scraped before the first turn: a process is scraped for as long as it lives. */
const WARM_SCRAPES = 20;

/** The same contender, scraped while it has its turn. `portOf`: where, once it runs. */
function scraped<Figure extends string>(contender: Contender<Figure>, portOf: () => number): Contender<Figure> {
  return {
    ...contender,
    async start(place) {
      const running = await contender.start(place);
      const scrape = async (): Promise<void> => {
        const answer = await fetch(`http://127.0.0.1:${portOf()}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
        const text = await answer.text();
        if (answer.status !== 200 || !text.includes('aijobs_')) throw new Error(`a scrape was answered with ${answer.status}`);
      };
      for (let n = 0; n < WARM_SCRAPES; n++) await scrape();
      return {
        ...running,
        async block() {
          const scrapes = [scrape()];
          const timer = setInterval(() => scrapes.push(scrape()), SCRAPE_MS);
          const sample = await running.block().finally(() => clearInterval(timer));
          await Promise.all(scrapes);
          return sample;
        },
      };
    },
  };
}

function httpContenders(extent: HttpExtent): Contender<HttpFigure>[] {
  let port = 0;
  const env = { ADMIN_TOKEN: TOKEN };
  const started: ReturnType<typeof ours> = async (place) => {
    const server = await ours(false, env)(place);
    port = server.part.port;
    return server;
  };
  return [
    httpContender(NAMES.none, ours(false, env, WITHOUT), extent),
    httpContender(NAMES.again, ours(false, env, WITHOUT), extent),
    httpContender(NAMES.counted, ours(false, env), extent),
    scraped(httpContender(NAMES.scraped, started, extent), () => port),
  ];
}

async function compareJobs(extent: Rounds & JobExtent) {
  const model = await startPart('servers/instant-model.ts');
  let port = 0;
  const env = { ADMIN_TOKEN: TOKEN };
  const settings = { concurrency: 10 };
  const worker = (name: string, flags: string[] = []) =>
    workerContender(
      name,
      async (place) => {
        const started = await startOurModelWorker(place, settings, model, env, flags);
        port = started.part.port;
        return started;
      },
      extent,
    );
  const contenders = [worker(NAMES.none, WITHOUT), worker(NAMES.again, WITHOUT), worker(NAMES.counted)];
  const figures = await compare<JobFigure>([...contenders, scraped(worker(NAMES.scraped), () => port)], extent);
  await model.stop();
  return figures;
}

/** The first columns of a table of costs: what the process and Redis use. */
const cpuOf = <Figure extends string>(columns: readonly Column<Figure>[]) => columns.slice(0, 3);

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const names = Object.values(NAMES);
  const requests = await compare(httpContenders(extent.http), extent.http);
  const jobs = await compareJobs(extent.jobs);
  return {
    text: `# What metrics cost

\`npm run bench -- metrics\`: the same processes with and without a registry of metrics. ${extent.http.rounds} rounds; in each of them all are started and
warmed up, then they take turns. Medians (quartiles). The first two rows are the same process twice: how far they are apart is what such a
measurement can tell. Without a registry the process calls functions that do nothing in place of prom-client. A scrape is one of \`GET /metrics\`.

A submission, ${extent.http.blocks} times ${extent.http.block} in each round:

${table(requests, names, cpuOf(HTTP_COSTS))}

A job of flashcards with one card of a model that answers at once, ${extent.jobs.blocks} times ${extent.jobs.block} in each round:

${table(jobs, names, cpuOf(JOB_COSTS))}
`,
  };
}

/** The benchmark. */
export const metrics: Bench = { limitS: { normal: 1200, short: 120 }, run: (form) => run(form as UnguardedForm) };
