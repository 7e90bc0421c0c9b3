/** Comments are read line by line: their prose has at most 100 characters on a line. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const MAX_CHARACTERS = 100;

/** The prose of a comment that a line is, begins, continues or ends with; undefined if there is none. */
function proseOf(line: string): string | undefined {
  return /^\s*(?:\/\*\*?|\*|\/\/) ?(.*?)(?: ?\*\/)?$/.exec(line)?.[1] ?? / \/\/ (.*)$/.exec(line)?.[1];
}

test('prose of comments has lines that are read at a glance', () => {
  const files = globSync(['src/**/*.ts', 'worker/**/*.ts'], { cwd: root });
  expect(files.length).toBeGreaterThan(50);
  const long = files.flatMap((file) =>
    readFileSync(resolve(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => ((proseOf(line)?.length ?? 0) > MAX_CHARACTERS ? [`${file}:${index + 1}`] : [])),
  );
  expect(long).toEqual([]);
});
