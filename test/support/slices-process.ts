/** The API or a worker (ROLE) of the kind that uses files, as a process of its own: something that a test can kill. */
import { startApi } from '../../src/api.ts';
import { createLog } from '../../src/log.ts';
import { readConfig, runProcess } from '../../src/process.ts';
import { startWorker } from '../../worker/start.ts';
import { sliceParts } from './slices.ts';

const role = process.env['ROLE'] === 'api' ? 'api' : 'worker';
const config = readConfig(process.env, role, sliceParts.vendors);
const log = await createLog(role, config.logLevel);
await runProcess(log, 5000, (parts, fail) =>
  role === 'api'
    ? startApi({ config, log, version: 'test', kinds: sliceParts.kinds }, parts, fail)
    : startWorker({ config, log, version: 'test', ...sliceParts }, parts, fail),
);
