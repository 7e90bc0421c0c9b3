/**
 * Builds the client and packs it as npm would publish it: `npm run client:pack [-- FOLDER]`. An
 * app installs the file that it makes, whose path is printed last.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const client = resolve(import.meta.dirname, '../client');
/** npm starts scripts in the folder of the project, and says where its user is. */
const here = process.env['INIT_CWD'] ?? process.cwd();
const folder = resolve(here, process.argv[2] ?? '.');

rmSync(join(client, 'dist'), { recursive: true, force: true }); // files of an earlier build may be of sources that are gone
mkdirSync(folder, { recursive: true });
const windows = process.platform === 'win32'; // npm is a script of the shell there
// npm builds it by the script `prepack` of its package.json.
const { status } = spawnSync('npm', ['pack', '--pack-destination', folder], {
  cwd: client,
  stdio: ['ignore', 'ignore', 'inherit'],
  shell: windows,
});
if (status !== 0) {
  process.stderr.write('the client could not be packed\n');
  process.exit(1);
}
const { name, version } = JSON.parse(readFileSync(join(client, 'package.json'), 'utf8')) as { name: string; version: string };
process.stdout.write(`npm install ${join(folder, `${name}-${version}.tgz`)}\n`);
