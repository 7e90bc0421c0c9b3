/** One word has one meaning: no two files of the server export the same name. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const DECLARATION = /^export (?:declare |abstract |async )*(?:function\*?|const|let|class|type|interface|enum) (\w+)/gm;
const LIST = /^export (?:type )?\{([^}]*)\}/gm;

/** The names that a module exports, as its importers know them. */
function exportsOf(text: string): Set<string> {
  const declared = [...text.matchAll(DECLARATION)].map(([, name = '']) => name);
  const listed = [...text.matchAll(LIST)].flatMap(([, names = '']) =>
    names.split(',').map((name) => name.trim().split(/\s+/).at(-1) ?? ''),
  );
  return new Set([...declared, ...listed].filter((name) => name !== ''));
}

test('no two files of src and worker export the same name', () => {
  const files = globSync(['src/**/*.ts', 'worker/**/*.ts'], { cwd: root });
  expect(files.length).toBeGreaterThan(100);
  const owners: Record<string, string[]> = {};
  for (const file of files) for (const name of exportsOf(readFileSync(resolve(root, file), 'utf8'))) (owners[name] ??= []).push(file);
  const shared = Object.entries(owners).filter(([, { length }]) => length > 1);
  expect(Object.fromEntries(shared)).toEqual({});
});
