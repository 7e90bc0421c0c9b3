/** The client's package as an app gets it: built in a copy, and packed by npm. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The folder of this repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The TypeScript compiler, as a program for Node. */
export const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** What npm packs. `tarball`: as it would be published. `installed`: the folder of the package in the `node_modules` of `app`, an empty folder else. */
export type ClientPackage = { tarball: Buffer<ArrayBuffer>; app: string; installed: string };

/** Packs the client, and installs it in a folder outside of this repository, with its dependencies and nothing else. The folder goes with the test. */
export function packClient(): ClientPackage {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-client-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const copy = join(folder, 'client');
  cpSync(join(ROOT, 'client'), copy, { recursive: true });
  rmSync(join(copy, 'dist'), { recursive: true, force: true }); // an earlier build, perhaps of other sources
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules')); // for the build alone
  execFileSync(process.execPath, [TSC, '--singleThreaded', '-p', copy]);
  rmSync(join(folder, 'node_modules'));

  const answer = JSON.parse(execFileSync('npm', ['pack', '--ignore-scripts', '--json'], { cwd: copy, encoding: 'utf8' })) as object;
  const [packed] = Object.values(answer) as [{ filename: string; files: { path: string }[] }]; // a list, or an object by name
  const app = join(folder, 'app');
  const installed = join(app, 'node_modules/ai-jobs-client');
  mkdirSync(installed, { recursive: true });
  for (const { path } of packed.files) cpSync(join(copy, path), join(installed, path), { recursive: true });
  const { dependencies = {} } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  const tarball = readFileSync(join(copy, packed.filename));
  rmSync(copy, { recursive: true });
  return { tarball, app, installed };
}
