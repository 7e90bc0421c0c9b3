/**
 * `scripts/install-production.ts`: what it installs is small, and runs whole, as another user and
 * without the project's folder.
 */
import { chmodSync, copyFileSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startAzureSpeech } from '../support/azure-speech.ts';
import { freePorts, projectWith, type Running, runProgram, settingsOfNpm } from '../support/npm-scripts.ts';
import { newPrefix } from '../support/stack.ts';

const root = resolve(import.meta.dirname, '../..');
const installer = `${root}/scripts/install-production.ts`;

const MAX_MIB = 180;

/** The user `nobody`, whom only root can run a program as. */
const OTHER_USER = process.getuid?.() === 0 ? 65534 : undefined;

/** A folder that every user can read. It is removed after the test. */
function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-production-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'home'));
  return folder;
}

/** What the files of a folder take on the disk, in bytes. */
function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.reduce((sum, name) => sum + lstatSync(join(folder, name)).blocks * 512, 0);
}

/** Puts this Node where every user may run it, as the machine's own. */
function placeNode(path: string): void {
  try {
    linkSync(process.execPath, path);
  } catch {
    copyFileSync(process.execPath, path); // it is on another disk
  }
}

/** Loads each build of the engine: the processor decides which one reads images. */
const LOAD_CORES = `for (const name of ['', '-simd', '-relaxedsimd', '-lstm', '-simd-lstm', '-relaxedsimd-lstm'])
  await (await import('tesseract.js-core/tesseract-core' + name + '.js')).default().then(() => console.log('loaded'));`;

test(
  'a production install has at most 180 MB, and another user runs all kinds, the documentation and the page from it',
  { timeout: 300_000 },
  async () => {
    const folder = openFolder();
    const app = join(folder, 'app');
    const installation = runProgram(process.execPath, [installer, app], { ...settingsOfNpm(), npm_config_prefer_offline: 'true' }, root);
    expect([await installation.exited, installation.output()]).toEqual([0, expect.stringContaining(`${app} is ready`)]);
    expect(sizeOf(app) / 1024 ** 2).toBeLessThan(MAX_MIB);
    expect(readdirSync(join(app, 'node_modules')).filter((name) => name.startsWith('node-linux'))).toEqual([]);

    // Nothing of the project is in reach: neither its Node nor its folder. This one can't be written.
    placeNode(join(folder, 'bin/node'));
    const azure = await startAzureSpeech();
    const env = {
      ...(await freePorts()),
      ...azure.env,
      PATH: `${folder}/bin:/usr/local/bin:/usr/bin:/bin`,
      HOME: join(folder, 'home'),
      NODE_COMPILE_CACHE: '',
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      REDIS_URL: inject('redisUrl'),
      REDIS_KEY_PREFIX: newPrefix(),
      AUTH: 'trusted-header',
      AI_PROVIDER: 'offline',
    };
    const run = (...args: string[]): Running => runProgram('node', args, env, app, OTHER_USER);
    const [api, worker] = [run('scripts/run.ts', 'api'), run('scripts/run.ts', 'worker')];
    await Promise.all([api.said(/api listening/), worker.said(/worker listening/)]);
    const url = `http://127.0.0.1:${env.PORT}`;

    const smoke = run('scripts/smoke.ts', url);
    expect([await smoke.exited, smoke.output()]).toEqual([
      0,
      expect.stringMatching(/8 passed, 0 failed[^]+process-image: completed[^]+4 passed, 0 failed/),
    ]);
    expect(smoke.output()).toMatch(/pronunciation-assess: completed/);

    const form = new FormData();
    const heic = readFileSync(new URL('../support/images/sentence.heic', import.meta.url));
    form.set('image', new File([heic], 'sentence.heic', { type: 'image/heic' }));
    const image = await fetch(`${url}/api/process-image`, { method: 'POST', headers: { 'user-id': 'ana', prefer: 'wait=25' }, body: form });
    expect([image.status, await image.json()]).toEqual([200, expect.objectContaining({ status: 'completed', provider: 'tesseract' })]);
    const cores = run('--input-type=module', '--eval', LOAD_CORES);
    expect([await cores.exited, cores.output()]).toEqual([0, 'loaded\n'.repeat(6)]);

    for (const page of ['/docs', '/']) {
      const answer = await fetch(url + page, { headers: { accept: 'text/html' } });
      const html = await answer.text();
      const files = [...html.matchAll(/(?:src|href)="([^":]+\.(?:js|css|ts|svg|png)(?:\?[^"]*)?)"/g)].map(
        ([, path = '']) => new URL(path, url + page).href,
      );
      expect([page, answer.status, files]).toEqual([page, 200, expect.arrayContaining([expect.stringMatching(/\.(js|ts)/)])]);
      for (const file of files) expect([file, (await fetch(file)).status]).toEqual([file, 200]);
    }
    expect(await (await fetch(`${url}/llms-full.txt`)).text()).toMatch(/^# Build an app[^]+^# Events$/m);
  },
);

test('nothing is written into a folder that has something in it, and a folder must be named', async () => {
  for (const [args, why] of [
    [[projectWith()], /is not empty/],
    [[], /usage: node scripts\/install-production\.ts FOLDER/],
    [['--help'], /usage/],
  ] as const) {
    const refused = runProgram(process.execPath, [installer, ...args], {}, root);
    expect([await refused.exited, refused.output()]).toEqual([2, expect.stringMatching(why)]);
  }
});
