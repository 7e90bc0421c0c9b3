/**
 * Installs each example in a clean folder beside the client, and runs its script `check`, with the
 * real types of all that it imports: `npm run examples:check [-- NAME…]`. `--lock` writes their
 * lockfiles anew.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const project = resolve(import.meta.dirname, '..');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { lock: { type: 'boolean', default: false } } });
const all = globSync('*/package.json', { cwd: join(project, 'examples') }).map(dirname);
const names = positionals.length > 0 ? positionals : all;
const windows = process.platform === 'win32'; // npm is a script of the shell there

const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-examples-'));
try {
  npm(project, 'run', '--silent', 'build', '--workspace', 'client');
  copy('client');
  for (const name of names) check(name);
} finally {
  rmSync(folder, { recursive: true });
}

function check(name: string): void {
  const path = `examples/${name}`;
  copy(path);
  const example = join(folder, path);
  if (values.lock) rmSync(join(example, 'package-lock.json'), { force: true });
  // Scripts of packages are not run: types and bundlers have all that they need without.
  npm(example, values.lock ? 'install' : 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  npm(example, 'run', '--silent', 'check');
  if (values.lock) cpSync(join(example, 'package-lock.json'), join(project, path, 'package-lock.json'));
  process.stdout.write(`${path}: right\n`);
}

/** Copies a folder of the project to the same place in the clean folder, without what was installed in it. */
function copy(path: string): void {
  cpSync(join(project, path), join(folder, path), { recursive: true, filter: (file) => basename(file) !== 'node_modules' });
}

/** Runs npm, and ends with its exit code if that is not 0. */
function npm(cwd: string, ...args: string[]): void {
  const { status } = spawnSync('npm', args, { cwd, stdio: 'inherit', shell: windows });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd}`);
}
