/**
 * Says how many of what N jobs an hour of M seconds need, and what that costs: `npm run size -- 100000
 * 15 [--retention-hours 24]`. With `--write` it prints the handbook's tables again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FLY, monthOf, RAILWAY, RENDER, UPSTASH } from './hosting.ts';
import { JOB_COSTS } from './job-dollars.ts';
import { DEFAULT_SLOTS, type Demand, FIGURES, type Need, needOf, UTILISATION, WALLS } from './sizing.ts';

const chapterOf = (name: string) => new URL(`../docs/handbook/${name}.md`, import.meta.url);

const [BEGIN, END] = ['<!-- npm run size -- --write -->', '<!-- end -->'];

const number = (value: number, digits = 0) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const cores = (share: number) => (share < 0.005 ? '< 0.01' : number(share, 2));
const memory = (bytes: number) => (bytes < 1e9 ? `${about(bytes / 1e6)} MB` : `${about(bytes / 1e9)} GB`);
/** Two significant digits: more is not known. */
const about = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 2 });

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const JOBS_PER_HOUR = [1000, 10_000, 100_000, 1_000_000];
const SECONDS = [5, 15, 60];

/** The table of what jobs need. */
function needs(): string {
  const rows = JOBS_PER_HOUR.flatMap((jobsPerHour) =>
    SECONDS.map((seconds) => {
      const need = needOf({ jobsPerHour, seconds, retentionHours: 24 });
      const { redisBytes: keptAnHour } = needOf({ jobsPerHour, seconds, retentionHours: 1 });
      return [
        number(jobsPerHour),
        `${seconds} s`,
        ...[need.rateMax, need.slots, need.workers].map((count) => number(count)),
        cores(need.workersCpu),
        ...[need.openStreams, need.apis].map((count) => number(count)),
        ...[need.apisCpu, need.redisCpu].map(cores),
        memory(need.redisBytes),
        memory(keptAnHour),
      ];
    }),
  );
  const head = ['jobs an hour', 'of', '`WORKER_RATE_MAX`', 'slots', 'workers', 'their cores', 'open streams', 'APIs', 'their cores'];
  return table([...head, "Redis' cores", 'memory, kept 24 h', 'kept 1 h'], rows);
}

/** The table of walls, in the order in which a deployment that grows comes to them. */
function walls(): string {
  const slotsOf = (slots: number) => `${about(WALLS.slots(slots, 15))} of 15 s for each worker with ${slots} slots`;
  return table(
    ['wall', 'jobs an hour', 'what moves it'],
    [
      ['1. slots', `${slotsOf(DEFAULT_SLOTS)} (the default), ${slotsOf(FIGURES.slotsOfWorker)}`, '`WORKER_CONCURRENCY`, and more workers'],
      ['2. the limiter of all workers together', `${about(WALLS.limiter)} by default`, '`WORKER_RATE_MAX`; no number of workers does'],
      [
        '3. memory of Redis for ended jobs',
        `${about(WALLS.memory(24))} for each GB where they are kept for 24 h, ${about(WALLS.memory(1))} where for 1 h`,
        '`JOB_RETENTION_S`; [the archive](archive.md) has what is older',
      ],
      [
        '4. the core of Redis, of which each API that reads takes a part',
        `${about(WALLS.redis(3))} with 3 APIs, ${about(WALLS.redis(10))} with 10`,
        'fewer APIs, fewer items in a job; then a second deployment with a Redis of its own',
      ],
      ['5. the core of an API, which reads the events of all jobs', about(WALLS.readers), 'fewer items in a job; further APIs do not'],
    ],
  );
}

/** The table of what the formula takes from the benches. */
function figures(): string {
  const milliseconds = (value: number) => `${value} ms`;
  const bench = (name: string) => `\`npm run bench -- ${name}\``;
  return table(
    ['figure', 'value', 'measured by'],
    [
      ['CPU of a worker, a job', milliseconds(FIGURES.workerMs), bench('scale')],
      ['CPU of the APIs, a job and its follower', milliseconds(FIGURES.apiMs), bench('scale')],
      ['CPU of each API, reading the events of a job', milliseconds(FIGURES.apiReadMs), bench('scale')],
      ['CPU of Redis, a job with one API', milliseconds(FIGURES.redisMs), bench('scale')],
      ['CPU of Redis, a job and each further API', milliseconds(FIGURES.redisReadMs), bench('scale')],
      ['memory of Redis, an ended job', `${number(FIGURES.finishedBytes)} bytes`, bench('scale')],
      ['memory of an API, an open stream', `${number(FIGURES.streamBytes)} bytes`, bench('stream')],
      ['open streams of an API', number(FIGURES.streamsOfApi), bench('stream-capacity')],
      ['slots of a worker', number(FIGURES.slotsOfWorker), bench('run')],
      ['utilisation', String(UTILISATION), 'chosen: above it, what comes waits'],
    ],
  );
}

const dollars = (usd: number | undefined) => (usd === undefined ? '–' : `$${usd < 1 ? usd.toFixed(4) : about(usd)}`);

/** The table of what a month costs. */
function months(): string {
  const rows = JOBS_PER_HOUR.flatMap((jobsPerHour) =>
    [24, 1].map((retentionHours) => {
      const { railway, render, fly, upstash } = monthOf(needOf({ jobsPerHour, seconds: 15, retentionHours }));
      const [flashcards] = JOB_COSTS;
      const model = jobsPerHour * 730 * (flashcards?.usd ?? Number.NaN);
      return [number(jobsPerHour), `${retentionHours} h`, ...[railway, render, fly, upstash, model].map(dollars)];
    }),
  );
  return table(['jobs an hour', 'kept', 'Railway, all', 'Render, processes', 'Fly, processes', 'Upstash, Redis', 'the model'], rows);
}

/** The table of what a job costs at its vendor, by kind. */
function vendorCosts(): string {
  const rows = JOB_COSTS.map(({ kind, of, by, usd }) => [`\`${kind}\``, of, by, `$${usd.toFixed(4)}`, dollars(usd * 1e6)]);
  return table(['kind', 'a job of', 'by', 'dollars a job', 'a million jobs'], rows);
}

/** The table of where the prices are from. */
function sources(): string {
  const line = (host: string, { page, date, kept }: { page: string; date: string; kept?: string }, prices: string) => [
    host,
    `[${new URL(page).host}](${page})${kept === undefined ? '' : `, as kept by ${kept}`}`,
    date,
    prices,
  ];
  const plans = (list: readonly { name?: string; memoryGb: number; usd: number }[]) =>
    list.map(({ name, memoryGb, usd }) => `${name ?? ''} ${memoryGb} GB $${number(usd)}`.trim()).join(' · ');
  const railway = `$${RAILWAY.core} a core, $${RAILWAY.memoryGb} a GB, $${RAILWAY.volumeGb} a GB of disk, $${RAILWAY.egressGb} a GB sent; $${RAILWAY.least} at least`;
  const { machine } = FLY;
  return table(
    ['host', 'page', 'of', 'dollars a month'],
    [
      line('Railway, Pro', RAILWAY.source, railway),
      line('Render', RENDER.source, plans(RENDER.plans)),
      line('Fly, a machine', machine.source, `shared-cpu-1x with 256 MB $${machine.usd}`),
      line('Fly, the rest', FLY.source, `$${FLY.memoryGb} each GB more; $${FLY.egressGb} a GB sent in Europe and North America`),
      line('Upstash, fixed plans', UPSTASH.source, plans(UPSTASH.plans)),
    ],
  );
}

/** What makes the tables of each chapter that has some, in their order. */
const TABLES = { scaling: [needs, figures, walls], costs: [months, vendorCosts, sources] };

/** The chapters that have tables. */
export const CHAPTERS = Object.keys(TABLES) as (keyof typeof TABLES)[];

/** A chapter of the handbook with its tables printed anew. `chapter`: its text. */
export function withTables(name: keyof typeof TABLES, chapter: string): string {
  const tables = TABLES[name].map((make) => make());
  return chapter.replaceAll(new RegExp(`${BEGIN}[^]*?${END}`, 'g'), () => `${BEGIN}\n\n${tables.shift()}\n\n${END}`);
}

function apisText({ apis, apisCpu, streamBytesOfApi }: Need): string {
  if (apis === Infinity) return 'no number is enough: each reads the events of all jobs';
  return `${apis}, ${cores(apisCpu)} cores in all, each with ${memory(streamBytesOfApi)} for its streams`;
}

/** What a month costs, where every hour is like this one. */
function monthText(need: Need): string {
  if (need.apis === Infinity) return 'not reckoned';
  const { railway, render, fly, upstash } = monthOf(need);
  const parts = [
    `Railway ${dollars(railway)}`,
    `Render ${dollars(render)} without Redis`,
    `Fly ${dollars(fly)} without Redis`,
    `Redis at Upstash ${dollars(upstash)}`,
  ];
  return `${parts.join(' · ')} (prices of ${RAILWAY.source.date}, ${RENDER.source.date}, ${FLY.source.date}, ${UPSTASH.source.date})`;
}

/** What a demand needs, in lines to read. */
function answer(demand: Demand): string {
  const need = needOf(demand);
  return `${number(demand.jobsPerHour)} jobs an hour of ${demand.seconds} s, each of ten cards with one follower:

  limiter   WORKER_RATE_MAX=${need.rateMax} or more
  slots     ${number(need.slots)}: ${number(need.workers)} workers with WORKER_CONCURRENCY=${Math.ceil(need.slots / need.workers)}, ${cores(need.workersCpu)} cores in all
  streams   ${number(need.openStreams)} are open at once
  APIs      ${apisText(need)}
  Redis     ${need.redisCpu > UTILISATION ? 'more than its core can do' : `${cores(need.redisCpu)} of its core`}, and ${memory(need.redisBytes)} for jobs that are kept for ${demand.retentionHours} h
  a month   ${monthText(need)}
`;
}

function main(): void {
  const options = { 'retention-hours': { type: 'string', default: '24' }, write: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  if (values.write) {
    for (const name of CHAPTERS) writeFileSync(chapterOf(name), withTables(name, readFileSync(chapterOf(name), 'utf8')));
    return;
  }
  const [jobsPerHour = Number.NaN, seconds = Number.NaN] = positionals.map(Number);
  const demand = { jobsPerHour, seconds, retentionHours: Number(values['retention-hours']) };
  if (Object.values(demand).every((value) => value > 0)) return void process.stdout.write(answer(demand));
  process.stderr.write('npm run size -- JOBS_AN_HOUR SECONDS_OF_A_JOB [--retention-hours 24]\n');
  process.exitCode = 2;
}

if (import.meta.main) main();
