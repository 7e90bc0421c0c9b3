/** Tests the ways to install the client that its chapter names, each in a clean folder and without a registry. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../support/client-package.ts';
import { startStack } from '../support/stack-in-process.ts';

const run = promisify(execFile);

/** A copy of what the script needs of this repository, because it builds into it, and a folder for apps. */
function createCopy(): { project: string; createApp(name: string): string } {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-install-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const project = join(folder, 'ai-jobs');
  const isSource = (path: string) => !path.startsWith(join(ROOT, 'client/dist'));
  for (const name of ['client', 'scripts/pack-client.ts'])
    cpSync(join(ROOT, name), join(project, name), { recursive: true, filter: isSource });
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  return {
    project,
    createApp(name) {
      const app = join(folder, name);
      mkdirSync(app);
      // The one package that the client needs is given, so that npm asks no registry for it.
      const dependencies = { 'eventsource-parser': `file:${join(ROOT, 'node_modules/eventsource-parser')}` };
      writeFileSync(join(app, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
      return app;
    },
  };
}

const PROGRAM = `
import { createClient } from 'ai-jobs-client';
const ai = createClient({ baseUrl: process.argv[2], headers: { 'user-id': 'ana' } });
const { flashcards } = await (await ai.flashcards({ content: 'Hund: dog' })).result();
console.log(flashcards[0].back);
`;

test('the client is packed by a script, or installed from its folder once that is built, and works in each app', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { project, createApp } = createCopy();
  const install = async (app: string, ...what: string[]) => {
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...what], { cwd: app });
    writeFileSync(join(app, 'app.js'), PROGRAM);
    const { stdout } = await run(process.execPath, ['app.js', stack.url], { cwd: app });
    expect(stdout).toBe('dog\n');
    return JSON.parse(readFileSync(join(app, 'node_modules/ai-jobs-client/package.json'), 'utf8')) as object;
  };

  const { stdout } = await run(process.execPath, ['scripts/pack-client.ts', 'packed'], {
    cwd: project,
    env: { ...process.env, INIT_CWD: project },
  });
  const tarball = join(project, 'packed/ai-jobs-client-0.1.0.tgz');
  expect(stdout).toBe(`npm install ${tarball}\n`);
  expect(await install(createApp('of-a-file'), tarball)).toMatchObject({ name: 'ai-jobs-client' });
  expect(await install(createApp('of-a-folder'), '--install-links', join(project, 'client'))).toMatchObject({ name: 'ai-jobs-client' });
});
