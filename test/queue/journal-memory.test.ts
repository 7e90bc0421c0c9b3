/** The memory of what a worker wrote: it has a bound, for few large jobs and for many small ones. */
import { expect, test } from 'vitest';
import { createJournalMemory } from '../../src/queue/journal-memory.ts';

const written = (characters: number) => ({ rows: ['x'.repeat(characters)], fields: {} });

test('the oldest jobs are forgotten first, by what their rows hold', () => {
  const memory = createJournalMemory(100_000);
  for (const id of ['a', 'b', 'c']) memory.keep(id, written(40_000));
  expect(memory.of('a')).toBeUndefined();
  expect(memory.of('b')).toEqual(written(40_000));
  expect(memory.of('c')).toEqual(written(40_000));
});

test('many small jobs are bounded, too: each takes more than its text', () => {
  const memory = createJournalMemory(100_000);
  for (let n = 0; n < 1000; n++) memory.keep(`job ${n}`, written(1));
  const kept = Array.from({ length: 1000 }, (_, n) => memory.of(`job ${n}`)).filter((job) => job !== undefined);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(100);
});
