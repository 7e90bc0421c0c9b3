/** Tests the client's package as it would be published: how tools resolve it, and what it adds to an app. */
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { rolldown } from 'rolldown';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packClient } from '../support/client-package.ts';

/** How a module that is only ESM is not resolved: by `require`, and by the rules from before `exports`. */
const NOT_FOR_ESM: ReadonlySet<string> = new Set(['node10', 'node16-cjs']);

test('the package has what its exports promise: publint and attw find nothing', async () => {
  const { tarball, installed } = packClient();
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true }); // the folder has what npm packs, and nothing else
  expect(messages).toEqual([]);

  const checked = await checkPackage(createPackageFromTarballData(tarball));
  if (checked.types === false) throw new Error('the package has no types');
  expect(Object.keys(checked.entrypoints)).toEqual(['.', './react']);
  expect(checked.problems.filter((problem) => !('resolutionKind' in problem && NOT_FOR_ESM.has(problem.resolutionKind)))).toEqual([]);
});

test('without React the package adds less than 7 KB to an app, minified and gzipped, and knows no Node', async () => {
  const { installed } = packClient();
  const bundle = await rolldown({ input: join(installed, 'dist/index.js'), platform: 'browser' });
  const { output } = await bundle.generate({ minify: true });
  const [{ code, moduleIds, imports }] = output;
  expect([output.length, imports]).toEqual([1, []]); // all that it imports is in it
  expect(moduleIds.some((id) => id.includes('eventsource-parser'))).toBe(true);
  expect(gzipSync(code).length).toBeLessThan(7 * 1024);
  expect(code).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(/);
});
