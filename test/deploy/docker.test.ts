/** The Dockerfile: which process an image has, as whom, with which programs, and what a build gets of the repository. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { imageOf, lastOf, readText } from '../support/deployed.ts';
import { ignoredBy, jsonForm, readDockerfile } from '../support/dockerfile.ts';

const root = resolve(import.meta.dirname, '../..');
const roles = ['api', 'worker'] as const;

test.each(roles)('the image of the %s runs without rights, and asks its own health', (role) => {
  const image = imageOf(role);
  expect(lastOf(image, 'USER')).toBe('node');
  expect(jsonForm(lastOf(image, 'CMD'))).toEqual(['node', 'scripts/run.ts', role]);
  expect(jsonForm(lastOf(image, 'HEALTHCHECK'))).toEqual(['node', 'scripts/ask-health.ts', role]);
  expect(existsSync(join(root, 'scripts/ask-health.ts'))).toBe(true);
});

test('only the image of the worker has ffmpeg and espeak-ng', () => {
  const packages = roles.map((role) =>
    imageOf(role).flatMap(({ keyword, text }) => (keyword === 'RUN' ? (text.match(/ffmpeg|espeak-ng/g) ?? []) : [])),
  );
  expect(packages).toEqual([[], ['ffmpeg', 'espeak-ng']]);
});

test.each(roles)('a host that can name no target gets the %s by the build argument PROCESS, else the worker', (role) => {
  const last = (args: Record<string, string>) => readDockerfile(readText('docker/Dockerfile'), args).at(-1)?.from;
  expect([last({ PROCESS: role }), last({})]).toEqual([role, 'worker']);
});

test('each command of Compose that is written down names the file of variables: Compose does not look for it in the clone by itself', () => {
  const files = ['deploy/compose.yaml', ...globSync('docs/**/*.md', { cwd: root }), 'README.md'];
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8'));
  const commands = texts.flatMap((text) => text.match(/docker compose -f deploy\/compose\.yaml.*?(?=[`\n])/g) ?? []);
  expect(commands.length).toBeGreaterThan(3);
  expect(commands.filter((command) => !command.includes(' --env-file .env '))).toEqual([]);
});

test('a build gets what a production install copies, and neither secrets nor packages nor tests', () => {
  const isIgnored = ignoredBy(join(root, '.dockerignore'));
  const copied = [
    'LICENSE',
    'Procfile',
    'package.json',
    'package-lock.json',
    'client/package.json',
    'client/src/index.ts',
    'client/README.md',
    'client/SKILL.md',
    'wrangler-free-README.md',
    'docs/handbook',
    'docs/troubleshooting.md',
    'src/main.ts',
    'worker/main.ts',
    'page',
    'scripts',
    'conformance',
  ];
  expect(copied.filter(isIgnored)).toEqual([]);
  const files = globSync(['*', '.*', 'client/*'], { cwd: root }).filter(
    (path) => !copied.some((one) => one === path || one.startsWith(`${path}/`)),
  );
  const kept = [...files, '.env', '.env.local', 'src/.env', '.git', 'node_modules', 'client/node_modules', 'src/x.log'].filter(
    (path) => !isIgnored(path),
  );
  expect(kept).toEqual([]);
});
