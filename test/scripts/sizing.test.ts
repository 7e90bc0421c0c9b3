/** How many of what N jobs an hour need: the formula, the handbook's tables, and the benches that its figures come from. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { monthOf, RAILWAY } from '../../scripts/hosting.ts';
import { JOB_COSTS } from '../../scripts/job-dollars.ts';
import { CHAPTERS, withTables } from '../../scripts/size.ts';
import { kinds } from '../../src/kinds/index.ts';
import { FIGURES, needOf, UTILISATION, WALLS } from '../../scripts/sizing.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(CHAPTERS)('the tables of the chapter %s are those that the formula gives', (name) => {
  const chapter = read(`docs/handbook/${name}.md`);
  expect(chapter, 'npm run size -- --write').toBe(withTables(name, chapter));
  expect(chapter.match(/^\| 1,000,000 \|/gm)?.length).toBeGreaterThan(1);
});

test('a usual job of each kind has a price', () => {
  expect(JOB_COSTS.map(({ kind }) => kind).toSorted()).toEqual(kinds.map(({ name }) => name).toSorted());
  expect(JOB_COSTS.filter(({ usd }) => !(usd > 0))).toEqual([]);
});

test('a month costs no less where there are more jobs, or where they are kept for longer', () => {
  const jobs = fc.integer({ min: 1, max: 1_000_000 });
  const hours = fc.integer({ min: 1, max: 100 });
  fc.assert(
    fc.property(jobs, hours, (jobsPerHour, retentionHours) => {
      const at = (factor: number, times: number) =>
        monthOf(needOf({ jobsPerHour: factor * jobsPerHour, seconds: 15, retentionHours: times * retentionHours }));
      const month = at(1, 1);
      for (const larger of [at(2, 1), at(1, 2)])
        for (const [name, usd = Infinity] of Object.entries(larger))
          expect(usd).toBeGreaterThanOrEqual(month[name as keyof typeof month] ?? 0);
      expect(month.railway).toBeGreaterThanOrEqual(RAILWAY.least);
    }),
  );
});

/** The tables of a bench's result, each as its rows by the titles of the columns. */
function tablesOf(name: string): Record<string, string>[][] {
  const blocks = [...read(`bench/results/${name}.md`).matchAll(/(?:^\|.*\|\n)+/gm)].map(([block]) => block.trim().split('\n'));
  const cellsOf = (line: string) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
  return blocks.map(([head = '', , ...rows]) =>
    rows.map((row) => Object.fromEntries(cellsOf(row).map((cell, n) => [cellsOf(head)[n], cell]))),
  );
}

/** A number in a table: of the row in which these columns have these values. */
function measured(name: string, column: string, where: Record<string, string>): number {
  const isIt = (row: Record<string, string>) => column in row && Object.entries(where).every(([title, value]) => row[title] === value);
  const cell = tablesOf(name).flat().find(isIt)?.[column];
  return Number(/^[\d.,]+/.exec(cell ?? '')?.[0].replaceAll(',', ''));
}

const beside = (apis: number) => ({ workers: '4', APIs: String(apis) });

test.each([
  ['a worker, a job', 1000 * FIGURES.workerMs, measured('scale', 'workers, µs a job', beside(1))],
  ['one API, a job', 1000 * (FIGURES.apiMs + FIGURES.apiReadMs), measured('scale', 'APIs, µs a job', beside(1))],
  ['two APIs, a job', 1000 * (FIGURES.apiMs + 2 * FIGURES.apiReadMs), measured('scale', 'APIs, µs a job', beside(2))],
  ['Redis with one API, a job', 1000 * FIGURES.redisMs, measured('scale', 'Redis, µs a job', beside(1))],
  ['Redis with two APIs, a job', 1000 * (FIGURES.redisMs + FIGURES.redisReadMs), measured('scale', 'Redis, µs a job', beside(2))],
  ['an ended job', FIGURES.finishedBytes, measured('scale', 'finished job, bytes of Redis', beside(1))],
  ['a stream', FIGURES.streamBytes, 1024 * measured('stream', 'idle follower, KiB', { '': 'ai-jobs' })],
  ['an API without streams', FIGURES.apiBytes, 1e6 * measured('growth', 'memory, MB', { '': 'a submission: 100,000 jobs wait, 10 users' })],
  ['a worker', FIGURES.workerBytes, 1e6 * measured('growth', 'memory, MB', { '': 'a job: 100,000 were done, 0 wait' })],
  ['slots of a worker', FIGURES.slotsOfWorker, measured('run', 'jobs/s', { concurrency: String(FIGURES.slotsOfWorker) })],
])('the figure of %s is what the bench has measured, or at most twice or half of it', (_, figure, seen) => {
  expect(figure / seen).toBeGreaterThan(0.5);
  expect(figure / seen).toBeLessThan(2);
});

const demands = fc.record({
  jobsPerHour: fc.integer({ min: 1, max: Math.floor(WALLS.readers / 2) }),
  seconds: fc.integer({ min: 1, max: 3600 }),
  retentionHours: fc.integer({ min: 1, max: 100 }),
});

test('there are as many of each as keep all below the utilisation, and no more but for the second of each', () => {
  fc.assert(
    fc.property(demands, (demand) => {
      const { jobsPerSecond, slots, workers, apis, openStreams } = needOf(demand);
      const busy = jobsPerSecond * demand.seconds;
      expect(busy / slots).toBeLessThanOrEqual(UTILISATION + 1e-9);
      expect(busy / (slots - 1)).toBeGreaterThan(UTILISATION - 1e-9);

      const isEnough = (many: number) =>
        openStreams <= many * FIGURES.streamsOfApi &&
        (jobsPerSecond / 1000) * (FIGURES.apiReadMs + FIGURES.apiMs / many) <= UTILISATION + 1e-9;
      expect(isEnough(apis)).toBe(true);
      expect(apis === 2 || !isEnough(apis - 1)).toBe(true);

      const canWork = (many: number) =>
        slots <= many * FIGURES.slotsOfWorker && (jobsPerSecond / 1000) * (FIGURES.workerMs / many) <= UTILISATION + 1e-9;
      expect(canWork(workers)).toBe(true);
      expect(workers === 2 || !canWork(workers - 1)).toBe(true);
    }),
  );
});

test('each wall is where the formula has no more room', () => {
  const at = (jobsPerHour: number) => needOf({ jobsPerHour, seconds: 5, retentionHours: 24 });
  expect(WALLS.limiter).toBe(36_000);
  expect(at(WALLS.memory(24)).redisBytes).toBeCloseTo(1e9, -1);
  expect(at(WALLS.slots(700, 5)).slots).toBe(700);
  expect((WALLS.redis(3) / 3_600_000) * (FIGURES.redisMs + 2 * FIGURES.redisReadMs)).toBeCloseTo(UTILISATION);
  expect(at(WALLS.readers).apis).toBe(Infinity);
});
