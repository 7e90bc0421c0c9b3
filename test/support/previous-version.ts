/**
 * The version that processes of today must be able to stand beside: a commit of this repository, in a folder of its own with what its own
 * lockfile names. The commit is in `test/chaos/previous-version.json`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { commit } = JSON.parse(readFileSync(join(ROOT, 'test/chaos/previous-version.json'), 'utf8')) as { commit: string };

/**
 * Installs it, unless an earlier run has, and resolves with its folder. Rejects where this clone lacks the commit, or npm can't install.
 */
export async function installPreviousVersion(): Promise<string> {
  const digest = createHash('sha256').update(ROOT).digest('hex').slice(0, 8); // a clone's packages may be linked
  const folder = join(tmpdir(), `ai-jobs-${commit.slice(0, 12)}-${digest}`);
  if (!existsSync(folder)) checkOut(folder);
  const packages = join(folder, 'node_modules');
  if (lstatSync(packages, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(packages);
  const isSame = (name: string): boolean => readFileSync(join(folder, name)).equals(readFileSync(join(ROOT, name)));
  if (isSame('package.json') && isSame('package-lock.json')) {
    rmSync(packages, { recursive: true, force: true });
    symlinkSync(join(ROOT, 'node_modules'), packages); // they are what its lockfile names
  } else if (!existsSync(join(packages, '.package-lock.json'))) {
    await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: folder });
  }
  return folder;
}

/** Puts the commit's files into a folder, which is there whole or not at all. */
function checkOut(folder: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 30 });
  const isThere = (): boolean => {
    try {
      return git('cat-file', '-t', commit).toString().trim() === 'commit';
    } catch {
      return false;
    }
  };
  if (!isThere()) {
    throw new Error(`this clone lacks the commit ${commit} of test/chaos/previous-version.json: fetch the history (git fetch --unshallow)`);
  }
  const made = mkdtempSync(`${folder}-`);
  execFileSync('tar', ['-x', '-C', made], { input: git('archive', commit) });
  renameSync(made, folder);
}
