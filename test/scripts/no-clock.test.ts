/** The linter finds what tests assert of a clock, directly or by way of variables, functions and collections. */
import { expect, test } from 'vitest';
import { complaintsOf } from '../support/lint.ts';

const RULE = 'no-clock';
const HEAD = "import { expect } from 'vitest';";

/** Lines of a test, each of which is a complaint. */
const forbidden = [
  'expect(Date.now()).toBe(1);',
  'expect(1).toBeLessThan(performance.now());',
  'expect(await read(keyOf(Date.now()))).toBe(1);',
  'if (performance.now() > 5) fail();',
  'while (new Date() < until) {}',
  'const since = performance.now(); expect(performance.now() - since).toBeLessThan(1000);',
  'const took = async () => { const at = Date.now(); await work(); return Date.now() - at; }; expect(await took()).toBeLessThan(9);',
  'let begun = 0; begun = Date.now(); expect(begun).toBeGreaterThan(5);',
  'const times: number[] = []; times.push(Date.now()); expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(5);',
  'const span = { at: performance.now() }; expect(Math.round(span.at)).toBe(5);',
  'const from = process.hrtime.bigint(); if (from === limit) fail();',
  'expect.poll(() => Date.now() - 5).toBeGreaterThan(5);',
  'function now() { return Date.now() / 1000; } const [a] = [now()]; expect(a).toBe(5);',
];

const allowed = [
  'await redis.hset(key, { at: Date.now() - 61_000 });',
  'const dueAt = Date.now() + 5; await add(dueAt); expect(await read()).toBe(1);',
  'const token = sign({ exp: Date.now() }); expect(await open(token)).toBe(200);',
  "expect(Date.parse(job['cancelAt']) - Date.parse(job['createdAt'])).toBe(5);",
  'expect(new Date(5)).toEqual(new Date(5));',
];

const fileOf = (line: string) => `${HEAD}\n${line}`;

test('every assertion on a clock fails the check', () => {
  const files = Object.fromEntries(forbidden.map((line, n) => [`test/forbidden-${n}.test.ts`, fileOf(line)]));
  const complaints = complaintsOf(files, RULE);
  expect(forbidden.filter((_, n) => !complaints.has(`test/forbidden-${n}.test.ts:2`))).toEqual([]);
});

test('moments as data do not', () => {
  expect([...complaintsOf(Object.fromEntries(allowed.map((line, n) => [`test/allowed-${n}.test.ts`, fileOf(line)])), RULE)]).toEqual([]);
});
