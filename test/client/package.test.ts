/** Tests the client's package as it would be published: how tools resolve it, and what it adds to an app. */
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { rolldown } from 'rolldown';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packClient, ROOT } from '../support/client-package.ts';

/** Where a module that is only ESM is found, and can't be required. */
const NOT_FOR_ESM: ReadonlySet<string> = new Set(['node10', 'node16-cjs']);

test('the package has what its exports promise: publint and attw find nothing', async () => {
  const { tarball, installed } = packClient();
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true }); // the folder has what npm packs, and nothing else
  expect(messages).toEqual([]);

  const checked = await checkPackage(createPackageFromTarballData(tarball));
  if (checked.types === false) throw new Error('the package has no types');
  expect(Object.keys(checked.entrypoints)).toEqual(['.', './react', './testing']);
  const problems = checked.problems.filter(
    (problem) => problem.kind === 'NoResolution' || !('resolutionKind' in problem && NOT_FOR_ESM.has(problem.resolutionKind)),
  );
  expect(problems).toEqual([]);
});

/** Bundles an app that imports `createClient`. Returns each file of it with its size, minified and gzipped, that of all in one file, and foreign sources. */
async function bundle(installed: string, app: string) {
  const entry = join(app, 'app.js');
  writeFileSync(entry, "export { createClient } from 'ai-jobs-client';");
  const bundled = await rolldown({ input: entry, platform: 'browser' });
  const { output } = await bundled.generate({ minify: true });
  const { output: whole } = await bundled.generate({ minify: true, codeSplitting: false });
  const files = output.filter((file) => file.type === 'chunk');
  const foreign = files.flatMap(({ moduleIds }) => moduleIds.filter((id) => id !== entry && !id.startsWith(realpathSync(installed))));
  return {
    files: files.map(({ name, code }) => ({ name, code, bytes: gzipSync(code).length })),
    inOneFile: gzipSync(whole[0].code).length,
    foreign,
  };
}

test('an app that imports createClient adds less than 8 KB, minified and gzipped, an outbox less than 2.5 KB more, both in one file less than 9.5 KB; no other package, no Node', async () => {
  const { installed, app } = packClient();
  const { files, inOneFile, foreign } = await bundle(installed, app);
  expect(foreign).toEqual([]);
  const sizeOf = (isOutbox: boolean) =>
    files.filter(({ name }) => (name === 'outbox') === isOutbox).reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  const said = readFileSync(join(ROOT, 'client/README.md'), 'utf8');
  const figures = [/adds less than ([\d.]+) KB/, /less than ([\d.]+) KB more/, /of both adds less than ([\d.]+) KB/].map((figure) =>
    Number(figure.exec(said)?.[1]),
  );
  expect(figures).toEqual([8, 2.5, 9.5]);
  expect(sizeOf(false)).toBeLessThan(8);
  expect([sizeOf(true) > 0, sizeOf(true) < 2.5]).toEqual([true, true]);
  expect([inOneFile / 1024 > sizeOf(false), inOneFile / 1024 < 9.5]).toEqual([true, true]);
  for (const { code } of files) expect(code).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(/);
});
