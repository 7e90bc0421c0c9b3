/** How long a start takes until it serves, and what memory it takes at rest: API, worker and `npm start`, beside a naive API. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Column, lines, median, ratioTable, table } from './figures.ts';
import { type Bench, type Report, step, type UnguardedForm } from './harness.ts';
import { listLeftOut } from './peers/left-out.ts';
import { killAtExit } from './processes.ts';
import { PREFIX, startRedis } from './redis.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';

const ROUNDS: Record<UnguardedForm, number> = { normal: 7, short: 1 };

/** How long a process rests before its memory is read, in ms. */
const REST_MS = 1000;

/** What is measured: ms from the start of the process until it serves, ms of its CPU until then, and MB at rest after that. */
type Figure = 'ready' | 'cpu' | 'memory';

const COLUMNS: readonly Column<Figure>[] = [
  ['ready, ms', 'ready', 0],
  ['CPU until then, ms', 'cpu', 0],
  ['memory at rest, MB', 'memory', 0],
];

const NAIVE = 'naive API: Hono + zod + BullMQ';
const NPM = 'npm start, with the embedded store: ready, ms';

/** The processes that are compared. `keeps`: whether they keep compiled code from one start to the next. */
const processes: Record<string, { file: string; flags: string[]; keeps: 'nothing' | 'first' | 'further' }> = {
  [NAIVE]: { file: 'peers/hono.ts', flags: [], keeps: 'nothing' },
  'ai-jobs API, first start': { file: '../src/main.ts', flags: HEAP_FLAGS.api, keeps: 'first' },
  'ai-jobs API, further starts': { file: '../src/main.ts', flags: HEAP_FLAGS.api, keeps: 'further' },
  'ai-jobs worker, first start': { file: '../worker/main.ts', flags: HEAP_FLAGS.worker, keeps: 'first' },
  'ai-jobs worker, further starts': { file: '../worker/main.ts', flags: HEAP_FLAGS.worker, keeps: 'further' },
};

/** Variables of every process that is started. */
const ENV = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', PORT: '0', WORKER_HEALTH_PORT: '0', LOG_LEVEL: 'warn' };

/** Starts a file as a process that tells when it serves. */
async function startOnce(file: string, flags: string[], env: Record<string, string>): Promise<Record<Figure, number>> {
  const begun = performance.now();
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { ...ENV, ...env },
    execArgv: flags,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = killAtExit(child);
  await Promise.race([once(child, 'message'), gone]);
  const ready = performance.now() - begun;
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${file} ended before it served`);
  const cpu = statOf(child, [11, 12]) * 10;
  await pause(REST_MS);
  const memory = (statOf(child, [21]) * 4096) / 1e6;
  await stop(child, gone);
  return { ready, cpu, memory };
}

/** The sum of some fields of what Linux counts of a process (10 ms ticks, 4 KiB pages), numbered from the one after its name. */
function statOf({ pid }: ChildProcess, fields: number[]): number {
  const values = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return fields.reduce((sum, field) => sum + Number(values[field]), 0);
}

/** Ends a process as a deployment does, so that it can keep its compiled code. */
async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  await gone;
}

/** Runs `npm start` until it says that it serves. Resolves with the ms it took. */
async function npmStart(env: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const child = spawn('npm', ['start', '--silent'], { env: { ...ENV, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = killAtExit(child);
  let output = '';
  for await (const text of child.stdout) if ((output += String(text)).includes('ai-jobs is running')) break;
  const ready = performance.now() - begun;
  if (!output.includes('ai-jobs is running')) throw new Error(`npm start ended before it served:\n${output}`);
  await stop(child, gone);
  return ready;
}

async function run(form: UnguardedForm): Promise<Report> {
  const store = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-bench-start-'));
  let folders = 0;
  /** The variables that let a process keep compiled code in a folder: one of its own at a first start, the same one at further starts. */
  const keeping = (keeps: 'nothing' | 'first' | 'further'): Record<string, string> =>
    keeps === 'nothing' ? {} : { NODE_COMPILE_CACHE: join(folder, keeps === 'further' ? 'kept' : String(folders++)) };
  const names = Object.keys(processes);
  const figures = new Map(names.map((name): [string, Record<Figure, number[]>] => [name, { ready: [], cpu: [], memory: [] }]));
  const npm: Record<'first' | 'further', number[]> = { first: [], further: [] };
  for (let round = 0; round <= ROUNDS[form]; round++) {
    process.stderr.write(`round ${round} of ${ROUNDS[form]}\n`); // in round 0 compiled code is kept for further starts
    for (const [name, { file, flags, keeps }] of Object.entries(processes)) {
      if (round === 0 && keeps !== 'further') continue;
      const env = { REDIS_URL: store.url, REDIS_KEY_PREFIX: PREFIX, ...keeping(keeps) };
      const sample = await step(name, 60, () => startOnce(file, flags, env));
      if (round > 0) for (const [figure, value] of Object.entries(sample)) figures.get(name)?.[figure as Figure].push(value);
    }
    for (const keeps of ['first', 'further'] as const) {
      if (round === 0 && keeps === 'first') continue;
      const ready = await step('npm start', 60, () => npmStart(keeping(keeps)));
      if (round > 0) npm[keeps].push(ready);
    }
  }
  store.stop();
  rmSync(folder, { recursive: true });
  return {
    text: `# What a start costs

\`npm run bench -- start\`: from the start of a process until it serves, and its memory ${REST_MS / 1000} s later. ${ROUNDS[form]} rounds, in turns; medians (quartiles), Node ${process.versions.node}. API and worker start
beside a native Redis, without a vendor's key. Every process loads TypeScript. A first start finds no compiled code; further ones find what the npm scripts keep.
The naive API keeps none.

${table(figures, names, COLUMNS)}

The same as ratios to the naive API:

${ratioTable(figures, names, COLUMNS, () => NAIVE)}

${listLeftOut([NAIVE])}

${lines(['', 'first start', 'further starts'], [[NPM, median(npm.first).toFixed(0), median(npm.further).toFixed(0)]])}
`,
  };
}

/** The benchmark. */
export const start: Bench = { limitS: { normal: 900, short: 120 }, run };
