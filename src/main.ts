/** The API process. */
import packageJson from '../package.json' with { type: 'json' };
import { startApi } from './api.ts';
import { kinds } from './kinds/index.ts';
import { readEnvFile } from './env/read-env-file.ts';
import { createLog } from './log.ts';
import { readConfig, runProcess } from './process.ts';

const envFile = readEnvFile(process.argv[2], process.env);
const config = readConfig(process.env, 'api');
const log = await createLog('api', config.logLevel);
if (envFile !== undefined) log.info({ file: envFile }, 'environment file read; variables that are set win');

/**
 * How long the process may take to stop, in ms: requests that are on their way are answered within
 * that. Half a second more than the host lets jobs run on is still before it kills.
 */
const graceMs = Math.min(10_000, Math.max(config.stop.graceMs + 500, 2500));

await runProcess(log, graceMs, (parts, fail) => startApi({ config, log, version: packageJson.version, kinds }, parts, fail));
