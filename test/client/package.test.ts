/** Tests the client's package as it would be published: how tools resolve it, and what it adds to an app. */
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { rolldown } from 'rolldown';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packClient, ROOT } from '../support/client-package.ts';

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

test('an app that imports createClient adds less than 8 KB, minified and gzipped, with the outbox, and no other package and no Node', async () => {
  const { installed, app } = packClient();
  const entry = join(app, 'app.js');
  writeFileSync(entry, "export { createClient } from 'ai-jobs-client';");
  const { output } = await (await rolldown({ input: entry, platform: 'browser' })).generate({ minify: true });
  const [{ code, moduleIds, imports }] = output;
  expect([output.length, imports]).toEqual([1, []]); // all that it imports is in it
  expect(moduleIds.filter((id) => id !== entry && !id.startsWith(realpathSync(installed)))).toEqual([]);
  const { length } = gzipSync(code);
  expect(length).toBeLessThan(8 * 1024);
  const [, said = ''] = /adds less than ([\d.]+) KB/.exec(readFileSync(join(ROOT, 'client/README.md'), 'utf8')) ?? [];
  expect(length / 1024).toBeLessThan(Number(said));
  expect(code).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(/);
});
