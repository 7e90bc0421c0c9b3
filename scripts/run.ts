/**
 * Runs a part of the application, or all of it: `node scripts/run.ts api|worker|all [--watch]`.
 * The part replaces this process where the system can do that.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HEAP_FLAGS, WATCH_FLAGS } from './node-flags.ts';

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

const [part = '', option] = process.argv.slice(2);
const watch = option === '--watch';
const flagsOf = (role: 'api' | 'worker') => [...HEAP_FLAGS[role], ...(watch ? WATCH_FLAGS : [])];
/** What Node is called with. Each part reads `.env` in the current folder. */
const commands = new Map([
  ['api', [...flagsOf('api'), pathOf('../src/main.ts'), '.env']],
  ['worker', [...flagsOf('worker'), pathOf('../worker/main.ts'), '.env']],
  ['all', [pathOf('start.ts'), ...(watch ? ['--watch'] : [])]], // start.ts gives the flags to API and worker
]);
const command = commands.get(part);
if (command === undefined || process.argv.length > (watch ? 4 : 3)) {
  process.stderr.write('usage: node scripts/run.ts api|worker|all [--watch]\n');
  process.exit(2);
}

// Node keeps compiled code here. From the second start on, a process needs half the time,
// and 25 MB less memory, because the parser of TypeScript is not loaded.
process.env['NODE_COMPILE_CACHE'] ||= pathOf('../node_modules/.cache/node');

// The process keeps its id, so a host signals the part itself and gets the part's own exit code.
// Windows can't replace a process.
if (process.execve && process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...command], process.env);

const child = spawn(process.execPath, command, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // A console of Windows signals the child, too; kill() would end it there at once.
  process.on(signal, () => process.platform !== 'win32' && child.kill(signal));
}
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
