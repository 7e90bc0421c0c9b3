/** Members of a set come due one after the other, and each once in an interval. */
import { expect, test } from 'vitest';
import { Staggered } from '../../src/stream/staggered.ts';

const HOUR_MS = 3_600_000;

test('nobody is due before the interval is over, and all are after it, in the order in which they came', () => {
  const set = new Staggered<string>();
  for (const member of ['a', 'b', 'c']) set.add(member);
  expect(set.takeDue(HOUR_MS)).toEqual([]);
  expect(set.takeDue(0)).toEqual(['a', 'b', 'c']);
});

test('who was due is due again an interval later, after those who were not', () => {
  const set = new Staggered<string>();
  set.add('a');
  expect(set.takeDue(0)).toEqual(['a']);
  set.add('b');
  expect(set.takeDue(HOUR_MS)).toEqual([]);
  set.delete('a');
  set.add('a');
  expect(set.takeDue(0)).toEqual(['b', 'a']);
});

test('who has left is not due', () => {
  const set = new Staggered<string>();
  set.add('a');
  set.add('b');
  expect(set.delete('a')).toBe(true);
  expect(set.delete('a')).toBe(false);
  expect([set.size, [...set.all()], set.takeDue(0)]).toEqual([1, ['b'], ['b']]);
});
