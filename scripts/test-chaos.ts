/** Runs the tests of chaos. `--long` adds the long forms: generators that make thousands of variants. All other arguments go to vitest. */
import { spawn } from 'node:child_process';

const LONG = '--long';
const args = process.argv.slice(2);
const env = args.includes(LONG) ? { LONG_FORMS: 'true', VARIANTS: '20000', TEXT_VARIANTS: '5000' } : {};
const command = ['run', '--config', 'vitest.chaos.config.ts', ...args.filter((arg) => arg !== LONG)];
const vitest = spawn('vitest', command, { stdio: 'inherit', env: { ...env, ...process.env } });
vitest.on('exit', (code) => (process.exitCode = code ?? 1));
