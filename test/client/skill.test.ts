/** Tests that the skill in the client's package says what is true: kinds and their fields, codes, and screens that are an example's. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { problems } from '../../src/job/problem.ts';
import { kinds } from '../../src/kinds/index.ts';
import { publicSchemas } from '../../src/kinds/public-schema.ts';
import { packClient, ROOT } from '../support/client-package.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const skill = read('client/SKILL.md');

/** The codes that only the client knows. */
const OF_CLIENT = new Set(['unreadable_file', 'unreachable']);

test('it is in the package', () => {
  expect(existsSync(join(packClient().installed, 'SKILL.md'))).toBe(true);
});

test.each(kinds.map((kind) => [kind.method, kind] as const))(
  'its row of ai.%s has every field that goes in, and every list',
  (method, kind) => {
    const row = skill.split('\n').find((line) => line.startsWith(`| \`ai.${method}\``)) ?? '';
    const { input, items, result } = publicSchemas(kind);
    const fields = [input, result].flatMap((schema) => Object.keys(schema['properties'] as object));
    expect([...fields, ...Object.keys(items)].filter((name) => !new RegExp(`\\b${name}\\b`).test(row))).toEqual([]);
  },
);

test('every code that it names is one of the server or of the client', () => {
  const table = skill.slice(skill.indexOf('| code |'), skill.indexOf('## Push'));
  const codes = [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? []);
  expect(codes.length).toBeGreaterThan(8);
  expect(codes.filter((code) => !(code in problems) && !OF_CLIENT.has(code))).toEqual([]);
});

test('the files that it shows are those of the example, which are checked and tested', () => {
  const shown = [...skill.matchAll(/^### (\S+)\n\n```(?:tsx?|json)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => ({
    name,
    text,
  }));
  expect(shown.map(({ name }) => name)).toEqual(expect.arrayContaining(['app.json', 'index.tsx', 'App.tsx', 'FlashcardsScreen.tsx']));
  for (const { name, text } of shown) expect({ name, text }).toEqual({ name, text: read(`examples/expo/${name}`) });
});
