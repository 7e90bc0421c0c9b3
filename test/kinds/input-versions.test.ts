/** A changed input is a new version: what each version of an input was is kept in `inputs`, in JSON Schema. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { kinds } from '../../src/kinds/index.ts';
import { isNewer, keptVersion, readVersion, upgradeInput, versionOf } from '../../src/kinds/input-versions.ts';
import { defineKind, type Kind } from '../../src/kinds/kind.ts';
import { publicSchemas } from '../../src/kinds/public-schema.ts';
import { plainKind } from '../support/plain-kind.ts';

/** A schema without its descriptions: they change nothing of what is taken. `properties`: of an object, they have names of their own. */
function withoutWords(value: unknown, isProperties = false): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutWords(each));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([keyword]) => isProperties || keyword !== 'description');
  return Object.fromEntries(entries.map(([keyword, inner]) => [keyword, withoutWords(inner, !isProperties && keyword === 'properties')]));
}

test.each(kinds as readonly Kind[])(
  'if this fails, add a step to "upgrades" of $name (docs/architecture.md, "How to change the input of a kind")',
  async (kind) => {
    const schema = JSON.stringify(withoutWords(publicSchemas(kind).input), null, 2);
    await expect(`${schema}\n`).toMatchFileSnapshot(`inputs/${kind.name}.${versionOf(kind)}.json`);
  },
);

/** A kind with so many versions, each of which adds its name, and one that takes it along. */
const kindWith = (versions: number, name = 'numbered'): Kind => {
  const steps = Array.from({ length: versions - 1 }, (_, n) => n + 2);
  const upgrades = steps.map((n) => (input: Record<string, unknown>) => ({ ...input, [`from${n - 1}`]: n }));
  return defineKind({
    ...plainKind,
    name,
    path: '/api/numbered',
    capability: 'imageText',
    summary: 'Has versions.',
    input: z.object({}),
    upgrades,
    result: z.object({}),
  });
};

test('from any version all later steps are made, in their order; nothing else changes, and nothing in what is stored', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }), fc.object(), (versions, v, input) => {
      const kind = kindWith(versions);
      const before = structuredClone(input);
      const steps = Array.from({ length: Math.max(versions - v, 0) }, (_, n) => [`from${v + n}`, v + n + 1]);
      expect(upgradeInput(kind, { v, input })).toEqual({ ...input, ...Object.fromEntries(steps) });
      expect(input).toEqual(before);
      expect(isNewer({ v, input }, kind, undefined)).toBe(v > versions);
    }),
  );
});

test('the input of the job that follows is upgraded by its own steps, where it is there', () => {
  const inner = kindWith(3, 'inner');
  const outer: Kind = { ...kindWith(2, 'outer'), nested: () => ({ inside: inner, other: kindWith(2, 'another') }) };
  const stored = { v: 1, next: 'inner', nextV: 2, input: { inside: { a: 1 }, other: {} } };
  expect(upgradeInput(outer, stored)).toEqual({ from1: 2, inside: { a: 1, from2: 3 }, other: {} });
  expect(upgradeInput(outer, { ...stored, input: {} })).toEqual({ from1: 2 });
  expect(isNewer(stored, outer, inner)).toBe(false);
  expect(isNewer(stored, outer, kindWith(1, 'inner'))).toBe(true);
  expect(isNewer(stored, outer, undefined)).toBe(true);
});

test('a record of before has the first version, and what is no version is the first; it is not written', () => {
  for (const value of [undefined, null, 0, -1, 1.5, '2', {}, Number.NaN]) expect(readVersion(value)).toBe(1);
  expect([keptVersion(kindWith(1)), keptVersion(kindWith(3))]).toEqual([undefined, 3]);
  for (const input of [undefined, null, 7, 'text', [1]]) expect(upgradeInput(kindWith(2), { input })).toBe(input);
});
