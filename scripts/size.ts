/**
 * Says how many of what N jobs an hour of M seconds need, and what that costs: `npm run size -- 100000
 * 15 [--retention-hours 24]`. With `--write` it prints the handbook's tables again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { kindCosts, months, sources, vendorCosts } from './cost-tables.ts';
import { FLY, monthOf, RAILWAY, RENDER, UPSTASH } from './hosting.ts';
import { about, dollars, JOBS_PER_HOUR, number, table } from './size-text.ts';
import { DEFAULT_SLOTS, type Demand, FIGURES, type Need, needOf, UTILISATION, WALLS } from './sizing.ts';

const chapterOf = (name: string) => new URL(`../docs/handbook/${name}.md`, import.meta.url);

const [BEGIN, END] = ['<!-- npm run size -- --write -->', '<!-- end -->'];

const cores = (share: number) => (share < 0.005 ? '< 0.01' : number(share, 2));
const memory = (bytes: number) => (bytes < 1e9 ? `${about(bytes / 1e6)} MB` : `${about(bytes / 1e9)} GB`);

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

/** What makes the tables of each chapter that has some, in their order. */
const TABLES = { scaling: [needs, figures, walls], costs: [months, vendorCosts, kindCosts, sources] };

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
