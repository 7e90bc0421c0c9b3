/** What traces cost a worker: the same process with and without an export of spans. */
import { table } from './figures.ts';
import type { Bench, Report, UnguardedForm } from './harness.ts';
import { COSTS, type JobExtent, type JobFigure, workerContender } from './job-costs.ts';
import { startPart } from './processes.ts';
import { compare, type Rounds } from './rounds.ts';
import { startOurModelWorker } from './workers.ts';

const EXTENT: Record<UnguardedForm, Rounds & JobExtent> = {
  normal: { rounds: 9, warm: 400, blocks: 3, block: 200 },
  short: { rounds: 1, warm: 50, blocks: 1, block: 50 },
};

const NAMES = { off: 'without traces', again: 'the same once more', on: 'with traces' };

async function run(form: UnguardedForm): Promise<Report> {
  const extent = EXTENT[form];
  const [model, collector] = await Promise.all([startPart('servers/instant-model.ts'), startPart('servers/collector.ts')]);
  const worker = (name: string, env: Record<string, string> = {}) =>
    workerContender(name, (place) => startOurModelWorker(place, { concurrency: 10 }, model, env), extent);
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` };
  const figures = await compare<JobFigure>([worker(NAMES.off), worker(NAMES.again), worker(NAMES.on, on)], extent);
  await Promise.all([model.stop(), collector.stop()]);
  return {
    text: `# What traces cost

\`npm run bench -- traces\`: the same worker with and without an export of spans to a collector on the same machine. ${extent.rounds} rounds; in each of them
all are started and warmed up, then they take turns. Medians (quartiles). The first two rows are the same process twice: how far they are apart is what
such a measurement can tell. A job of flashcards with one card of a model that answers at once (two spans), ${extent.blocks} times ${extent.block} in each round:

${table(figures, Object.values(NAMES), COSTS)}
`,
  };
}

/** The benchmark. */
export const traces: Bench = { limitS: { normal: 900, short: 120 }, run: (form) => run(form as UnguardedForm) };
