/**
 * Installs what production needs into a new folder: `node scripts/install-production.ts FOLDER`.
 * It is for a machine that has Node itself: the Node among the project's packages is left out.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What the npm scripts of a deployment read: start:api, start:worker, smoke, conformance. */
const SOURCES = [
  'LICENSE',
  'Procfile',
  'src',
  'worker',
  'page',
  'client/package.json',
  'client/src',
  'scripts',
  'conformance',
  // What agents read at /llms.txt:
  'wrangler-free-README.md',
  'docs/handbook',
  'docs/troubleshooting.md',
  'client/README.md',
  'client/SKILL.md',
];

/** Files in node_modules that no process reads. They are more than half of what npm installs. */
const UNUSED = [
  '**/*.map', // debuggers read source maps
  '**/*.{ts,mts,cts}', // typings and sources: Node runs no TypeScript in node_modules
  '@tesseract.js-data/*/4.0.0', // worker/vendors/tesseract/thread.ts reads 4.0.0_best_int
  'tesseract.js-core/*.wasm.js', // for browsers: in Node each core reads its .wasm file
];

type PackageJson = { optionalDependencies?: Record<string, string> };
type Lockfile = { packages: Record<string, PackageJson> };

const project = resolve(import.meta.dirname, '..');
const [target, ...others] = process.argv.slice(2);
if (target === undefined || target.startsWith('-') || others.length > 0) fail('usage: node scripts/install-production.ts FOLDER');
const folder = resolve(target);
if (existsSync(folder) && readdirSync(folder).length > 0) fail(`${folder} is not empty`);

mkdirSync(folder, { recursive: true });
for (const name of SOURCES) cpSync(join(project, name), join(folder, name), { recursive: true });
writePackageFiles();
installPackages();
const modules = join(folder, 'node_modules');
for (const name of globSync(UNUSED, { cwd: modules })) rmSync(join(modules, name), { recursive: true, force: true });
process.stdout.write(`${folder} is ready: npm run start:api and npm run start:worker start it there\n`);

/** Writes package.json and the lockfile without the packages that bring Node, which have 190 MB. */
function writePackageFiles(): void {
  const { optionalDependencies = {}, ...packageJson } = readJson('package.json') as PackageJson;
  const lockfile = readJson('package-lock.json') as Lockfile;
  delete lockfile.packages['']?.optionalDependencies;
  for (const name of Object.keys(optionalDependencies)) delete lockfile.packages[`node_modules/${name}`];
  writeFileSync(join(folder, 'package.json'), JSON.stringify(packageJson, null, 2));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile, null, 2));
}

/** Scripts of packages are not run: those that are installed have all that they need without. */
function installPackages(): void {
  const windows = process.platform === 'win32'; // npm is a script of the shell there
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit', shell: windows });
  if (status !== 0) fail('npm could not install the packages');
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(project, name), 'utf8'));
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}
