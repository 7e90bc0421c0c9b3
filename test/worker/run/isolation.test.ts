/** Isolation of suspects: which jobs may run side by side, after some have lost their workers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Isolation } from '../../../worker/run/isolation.ts';

test('one loss changes nothing; at its last chance a job runs beside no other that was ever lost', () => {
  const isolation = new Isolation(2);
  const may = (id: string, losses: number) => isolation.admit({ id, losses });
  expect([may('a', 0), may('b', 1), may('c', 1)]).toEqual([true, true, true]);
  expect(may('d', 2)).toBe(false); // b and c may be what kills
  isolation.leave('b');
  isolation.leave('c');
  expect(may('d', 2)).toBe(true);
  expect([may('e', 2), may('f', 1), may('g', 0)]).toEqual([false, false, true]);
  isolation.leave('d');
  expect(may('f', 1)).toBe(true);
});

test('whatever comes and goes, no two suspects meet where one has its last chance', () => {
  const step = fc.record({ id: fc.nat(9).map(String), losses: fc.nat(3), leaves: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(3), (steps, max) => {
      const isolation = new Isolation(max);
      const running = new Map<string, number>();
      for (const { id, losses, leaves } of steps) {
        if (leaves) {
          isolation.leave(id);
          running.delete(id);
        } else if (!running.has(id) && isolation.admit({ id, losses })) running.set(id, losses);
        const suspects = [...running.values()].filter((lost) => lost > 0);
        if (suspects.some((lost) => lost >= max)) expect(suspects).toHaveLength(1);
      }
    }),
  );
});
