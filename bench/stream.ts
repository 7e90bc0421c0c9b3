/** What a stream costs here against raw node:http, Hono's streamSSE, better-sse and nginx with nchan, in one run. */
import { type Column, lines, median, pairs, ratioTable, table } from './figures.ts';
import { type Bench, type Report, step, type UncountedForm } from './harness.ts';
import { listLeftOut } from './peers/left-out.ts';
import { startRedis } from './redis.ts';
import { measureStreams, type StreamExtent, type StreamFigure } from './stream-costs.ts';
import { demultiplex, journey, stalled } from './stream-paths.ts';
import { OURS, RAW, streamContenders } from './stream-servers.ts';

/** How much is measured of the parts of a stream's way. `demux`: for the event reader; `journey`: jobs that are submitted; `stalled`: beside clients that do not read. */
type Paths = { demux: [jobs: number, each: number]; journey: number; stalled: [followers: number, rows: number] };

/** How much is measured. */
type Extent = StreamExtent & { rounds: number; paths?: Paths };

const EXTENT: Record<UncountedForm, Extent> = {
  normal: { rounds: 5, idle: 5000, followers: 300, events: 200, paths: { demux: [1000, 50], journey: 500, stalled: [1000, 100] } },
  short: { rounds: 1, idle: 500, followers: 50, events: 20, paths: { demux: [50, 10], journey: 20, stalled: [100, 10] } },
  guard: { rounds: 1, idle: 1000, followers: 100, events: 60 },
};

const COLUMNS: readonly Column<StreamFigure>[] = [
  ['idle follower, KiB', 'memory', 1],
  ['the same, garbage collected, KiB', 'settled', 1],
  ['CPU an event and follower, µs', 'cpu', 1],
];

/** What the parts of a stream's way cost in a round. */
type Ways = Record<'bare' | 'feed' | 'bareQueue' | 'ours' | 'calm' | 'beside' | 'held', number>;

async function run(form: UncountedForm): Promise<Report> {
  const { rounds, paths, ...extent } = EXTENT[form];
  const store = await startRedis();
  const contenders = streamContenders(store).filter(({ name }) => form !== 'guard' || name === RAW || name === OURS);
  const names = contenders.map(({ name }) => name);
  const figures = new Map(names.map((name): [string, Record<StreamFigure, number[]>] => [name, { memory: [], settled: [], cpu: [] }]));
  const ways: Ways[] = [];
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    for (const contender of contenders) {
      const costs = await measureStreams(contender, extent);
      for (const [figure, value] of Object.entries(costs)) figures.get(contender.name)?.[figure as StreamFigure].push(value);
    }
    if (!paths) continue;
    const events = await step('events of many jobs', 120, () => demultiplex(store, ...paths.demux));
    const { bare: bareQueue, ours } = await step('submissions and their ends', 120, () => journey(store, paths.journey));
    const reading = await step('clients that do not read', 120, () => stalled(store, ...paths.stalled));
    ways.push({ ...events, bareQueue, ours, ...reading });
  }
  store.stop();

  return {
    text: `# What a stream costs

\`npm run bench -- stream\`: rounds: ${rounds}, contenders interleaved, medians (quartiles); each server is a process of its own with Node ${process.versions.node}.
${extent.idle} idle followers that open their streams a hundred at a time, and ${extent.events} events to ${extent.followers} followers at 100 events/s. Machines differ, and are shared: read the ratios.
ai-jobs is the API as \`npm run start:api\` starts it (tokens checked, journal read, events through Redis), the others send from memory.${names.includes('nginx + nchan') ? '' : '\nnginx with nchan was not measured, because this machine does not have it.'}

${table(figures, names, COLUMNS)}

The same as ratios to raw \`node:http\`:

${ratioTable(figures, names, COLUMNS, () => RAW)}

${listLeftOut(names)}
${paths ? waysText(paths, ways) : ''}`,
    pairs: pairs(figures, 'stream', { memory: 1.2, cpu: 1.3 }, [OURS, RAW]),
  };
}

/** The part of the result that says what the parts of a stream's way cost. */
function waysText({ demux: [jobs, each], journey: journeys, stalled: [followers, rows] }: Paths, ways: Ways[]): string {
  const of = (way: keyof Ways) => median(ways.map((one) => one[way]));
  const row = (what: string, floor: keyof Ways, here: keyof Ways, digits: number) => [
    what,
    of(floor).toFixed(digits),
    of(here).toFixed(digits),
    (of(here) / of(floor)).toFixed(2),
  ];
  return `
${lines(
  ['', 'floor', 'here', 'ratio'],
  [
    row(`${jobs} followers of ${jobs} jobs, ${each} events each: CPU an event, µs (floor: a bare QueueEvents reader)`, 'bare', 'feed', 1),
    row(
      `submit to \`completed\` at the client, ${journeys} jobs at 100 jobs/s, no work, p50 in ms (floor: BullMQ in one process)`,
      'bareQueue',
      'ours',
      2,
    ),
    row(`row to client, ${followers} followers, ${rows} rows of 1 KB, p99 in ms (floor: all read; here: 1 % do not)`, 'calm', 'beside', 0),
  ],
)}

Each follower that does not read takes ${of('held').toFixed(0)} KiB more of the process than one that does; what the system's socket buffers hold is not in it.
`;
}

/** The benchmark. */
export const stream: Bench = { limitS: { normal: 1800, short: 180, guard: 180 }, run };
