/** The worker process. */
import packageJson from '../package.json' with { type: 'json' };
import { readEnvFile } from '../src/env/read-env-file.ts';
import { createLog } from '../src/log.ts';
import { readConfig, runProcess } from '../src/process.ts';
import { implementations } from './kinds/index.ts';
import { startWorker } from './start.ts';
import { vendors } from './vendors/index.ts';

const envFile = readEnvFile(process.argv[2], process.env);
const config = readConfig(process.env, 'worker', vendors);
const log = await createLog('worker', config.logLevel);
if (envFile !== undefined) log.info({ file: envFile }, 'environment file read; variables that are set win');

const options = { config, log, version: packageJson.version, implementations, vendors };
await runProcess(log, config.stop.graceMs + 5000, (parts, fail) => startWorker(options, parts, fail));
