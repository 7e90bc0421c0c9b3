/** The memory of what a worker wrote: it has a bound, for few large jobs and for many small ones. */
import { expect, test } from 'vitest';
import { JournalMemory } from '../../../worker/run/journal-memory.ts';

const written = (characters: number) => ({ rows: ['x'.repeat(characters)], fields: {} });

/** How many of so many jobs, each with these rows, a memory of 1 MB remembers. */
function remembered(jobs: number, makeRows: (n: number) => string[]): number {
  const memory = new JournalMemory(1_000_000);
  for (let n = 0; n < jobs; n++) memory.keep(`job ${n}`, { rows: makeRows(n), fields: {} });
  return Array.from({ length: jobs }, (_, n) => memory.of(`job ${n}`)).filter((job) => job !== undefined).length;
}

test('the oldest jobs are forgotten first, by what their rows hold', () => {
  const memory = new JournalMemory(100_000);
  for (const id of ['a', 'b', 'c']) memory.keep(id, written(20_000));
  expect(memory.of('a')).toBeUndefined();
  expect(memory.of('b')).toEqual(written(20_000));
  expect(memory.of('c')).toEqual(written(20_000));
});

test('many small jobs are bounded, too: each takes more than its text', () => {
  const kept = remembered(2000, () => ['x']);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(1000);
});

test('the bound is one of bytes: texts beyond Latin-1 take two for each character', () => {
  const rows = remembered(100, () => ['\u0416'.repeat(100_000)]);
  expect(rows).toBeGreaterThan(0);
  expect(2 * 100_000 * rows).toBeLessThanOrEqual(1_000_000);
});

test('many short rows are bounded, too: each takes more than its characters', () => {
  const kept = remembered(100, (n) => Array.from({ length: 1000 }, (_, row) => `${n % 10}${row % 10}`));
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(40);
});

test('a job that has grown counts with what it holds now', () => {
  const memory = new JournalMemory(100_000);
  const growing = written(100);
  memory.keep('growing', growing);
  growing.rows.push('x'.repeat(60_000));
  memory.keep('growing', growing);
  expect(memory.of('growing')).toBeUndefined();
  memory.keep('next', written(100));
  expect(memory.of('next')).toEqual(written(100));
});
