/**
 * A master under sentinels is killed, frozen, cut off and failed over while jobs come at a pace: what was accepted ends once, nothing
 * is paid twice, and where Redis itself loses, the loss is told. `JOBS=300 npm run test:chaos -- sentinel` sends 30 jobs a second, under
 * some 200 streams, and prints the figures.
 */
import { expect, test } from 'vitest';
import { type RedisNode, type SentinelSet, startSentinels } from '../support/sentinels.ts';
import { type Process, startStack } from '../support/stack.ts';
import { type Account, auditAll, type Entry, expectUnharmed } from './ledger.ts';
import { type Model, startModel } from './model.ts';
import { type LoadedJob, startLoad } from './steady-load.ts';

const LONG = process.env['JOBS'] !== undefined;
/** How many jobs are accepted before what happens, and how many after it. */
const JOBS = Number(process.env['JOBS'] ?? 40) / 2;
const CARDS = 10;

/** The pace, and how long a model thinks about a card: together they make the number of open streams. */
const { perSecond, cardMs } = LONG ? { perSecond: 30, cardMs: 300 } : { perSecond: 8, cardMs: 100 };

/** What is done to the master; resolves once it is done, and another server may be the master. */
type Disaster = (master: RedisNode, set: SentinelSet, all: { apis: Process[]; workers: Process[] }) => Promise<void>;

/** How it went. */
type Outcome = { url: string; jobs: LoadedJob[]; model: Model; lost: LoadedJob[] };

/** For how long a master is silent that counts as down, in ms: while it is hurt, and while all is to be well, on any machine. */
const DOWN_MS = { hurt: 2000, well: 60_000 };

async function run(name: string, disaster: Disaster, audit: (outcome: Outcome) => Promise<void>): Promise<void> {
  const set = await startSentinels({ proxied: true });
  await set.downAfter(DOWN_MS.well);
  const model = await startModel({ cardMs });
  const limits = { RATE_LIMIT_MAX: '100000', MAX_JOBS_PER_USER: '1000', WORKER_CONCURRENCY: '60', LOG_LEVEL: 'info' };
  const stack = await startStack({ REDIS_URL: set.url, ...model.env, ...limits });
  const apis = [stack.api, await stack.startApi()];
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const load = startLoad(apis, perSecond);
  await load.accepts(JOBS);

  const master = await set.master();
  await set.downAfter(DOWN_MS.hurt);
  await disaster(master, set, { apis, workers });
  await set.downAfter(DOWN_MS.well);
  await expectWell(apis, workers);
  const begun = workers.map(startedBy);
  await load.accepts(JOBS);
  // Whoever says that it is well works: each worker takes jobs, and below each API tells of each end.
  for (const [n, worker] of workers.entries()) await expect.poll(() => startedBy(worker)).toBeGreaterThan(begun[n] ?? 0);

  const jobs = await load.finish();
  const lost = jobs.filter(({ followed }) => followed.some((one) => one.lost));
  if (LONG) console.info(`${name}: ${JSON.stringify(figuresOf(jobs, lost, model))}`);
  await expectWell(apis, workers);
  await audit({ url: stack.url, jobs, model, lost });
  await expectUnharmed([...workers, ...apis]);
}

/** How many jobs a worker has begun. */
const startedBy = ({ log }: Process): number => log().filter(({ msg }) => msg === 'job started').length;

async function expectWell(apis: Process[], workers: Process[]): Promise<void> {
  const urls = [...apis.map(({ url }) => `${url}/ready`), ...workers.map(({ url }) => `${url}/health`)];
  for (const url of urls) await expect.poll(async () => (await fetch(url)).status).toBe(200);
}

/** The cards that were paid for in all calls for a job. */
const paidFor = ({ calls }: Model, { content }: LoadedJob): number =>
  calls.filter((call) => call.content === content).reduce((sum, { written }) => sum + written, 0);

/** The longest time between two moments, in ms. */
function longestGap(moments: number[]): number {
  const sorted = moments.toSorted((one, other) => one - other);
  return Math.round(Math.max(...sorted.slice(1).map((at, n) => at - (sorted[n] ?? at))));
}

function figuresOf(jobs: LoadedJob[], lost: LoadedJob[], model: Model) {
  const kept = jobs.filter((job) => !lost.includes(job));
  return {
    accepted: jobs.length,
    lost: lost.length,
    cardsPaidAgain: kept.reduce((sum, job) => sum + Math.max(0, paidFor(model, job) - CARDS), 0),
    calledAgain: kept.filter(({ content }) => model.calls.filter((call) => call.content === content).length > 1).length,
    resets: jobs.flatMap(({ followed }) => followed).filter(({ events }) => events.some(({ event }) => event === 'reset')).length,
    noneAcceptedMs: longestGap(jobs.map(({ acceptedAt }) => acceptedAt)),
    noneEndedMs: longestGap(jobs.map(({ endedAt }) => endedAt)),
  };
}

/** Closes the books on some jobs at a time: one caller may not read all of them at once. */
async function auditInTurns(url: string, entries: Entry[]): Promise<Account[]> {
  const accounts: Account[] = [];
  for (let at = 0; at < entries.length; at += 10) accounts.push(...(await auditAll(url, entries.slice(at, at + 10))));
  return accounts;
}

/** Everything that was accepted has ended, once and for all that followed it, and each card was paid for once. */
async function expectNothingLost({ url, jobs, model, lost }: Outcome): Promise<void> {
  expect(lost.map(({ job }) => job['jobId'])).toEqual([]);
  const accounts = await auditInTurns(
    url,
    jobs.map(({ job, followed }) => ({ job, followed: followed.map(({ events }) => events) })),
  );
  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(jobs.map(() => ['completed', CARDS]));
  expect(jobs.map((job) => paidFor(model, job))).toEqual(jobs.map(() => CARDS));
}

test('the master is killed, and comes back as a replica of the new one', () =>
  run(
    'killed',
    async (master, set) => {
      await master.kill();
      await set.movedFrom(master);
      await master.start(); // it believes that it is the master, until the sentinels tell it
    },
    expectNothingLost,
  ));

test('the master is frozen until another one is promoted, and goes on then as if it were still the master', () =>
  run(
    'frozen',
    async (master, set) => {
      master.freeze();
      await set.movedFrom(master);
      master.thaw();
    },
    expectNothingLost,
  ));

test('the way to the master is cut without a word, and others still reach it', () =>
  run(
    'cut off',
    async (master, set, { apis, workers }) => {
      await master.cutOff();
      for (const { url } of apis) await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(503);
      for (const { url } of workers) await expect.poll(async () => (await fetch(`${url}/health`)).status).toBe(503);
      master.mend();
      expect((await set.master()).port).toBe(master.port);
    },
    expectNothingLost,
  ));

test('a replica is promoted while writes are paused', () =>
  run('failed over, writes paused', (_, set) => set.failOver({ pauseMs: 6000 }), expectNothingLost));

test('a replica is promoted while the master takes writes: what Redis loses is told', () =>
  run(
    'failed over',
    (_, set) => set.failOver(),
    async ({ url, jobs, lost }) => {
      for (const { job } of lost) expect((await fetch(`${url}/api/jobs/${job['jobId']}`)).status).toBe(404);
      const kept = jobs.filter((job) => !lost.includes(job));
      // A follower may have seen what is lost: then it had ended, or was sent a reset.
      const accounts = await auditInTurns(
        url,
        kept.map(({ job }) => ({ job, followed: [] })),
      );
      expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(kept.map(() => ['completed', CARDS]));
    },
  ));
