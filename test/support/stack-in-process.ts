/**
 * API and worker inside the test's process, for tests in which processes do not matter: the same parts as their mains start,
 * each with connections of its own, at a fraction of the cost. Tests of signals, exit codes, memory or kills need stack.ts.
 */
import { pino, type Logger } from 'pino';
import { onTestFinished } from 'vitest';
import { startApi } from '../../src/api.ts';
import { loadConfig } from '../../src/config.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { describeError } from '../../src/describe-error.ts';
import { type Fail, Parts, type Ready } from '../../src/process.ts';
import type { Implementation } from '../../worker/handler.ts';
import { implementations } from '../../worker/kinds/index.ts';
import { startWorker } from '../../worker/start.ts';
import { vendors } from '../../worker/vendors/index.ts';
import type { Vendor } from '../../worker/vendors/vendor.ts';
import { createStack, logLines, type Serving, type Stack as StackOf } from './stack.ts';

/** An API or a worker in this process. */
export type Part = Serving & {
  /** Closes it as a first signal does. Rejects if anything of it does not close. */
  stop(): Promise<void>;
};

/** API and worker of one test. */
export type Stack = StackOf<Part>;

/** What API and workers can do. */
type Abilities = { kinds: readonly Kind[]; implementations: readonly Implementation[]; vendors: readonly Vendor[] };

/** Starts an API; workers are the test's to start. All stop when the test is over, and hand back at once what they run. */
export function startStack(env: Record<string, string> = {}, abilities: Abilities = { kinds, implementations, vendors }): Promise<Stack> {
  const start = { api: startApiPart(abilities), worker: startWorkerPart(abilities) };
  return createStack(start, { SHUTDOWN_GRACE_MS: '0', ...env });
}

const startApiPart =
  ({ kinds }: Abilities) =>
  (env: Record<string, string>): Promise<Part> => {
    const config = loadConfig(env, 'api');
    return startPart('api', config.logLevel, (log, parts) => startApi({ config, log, version: 'test', kinds }, parts, fail));
  };

const startWorkerPart =
  ({ implementations, vendors }: Abilities) =>
  (env: Record<string, string>): Promise<Part> => {
    const config = loadConfig(env, 'worker', vendors);
    const options = { config, version: 'test', implementations, vendors };
    return startPart('worker', config.logLevel, (log, parts) => startWorker({ ...options, log }, parts, fail));
  };

/** As an unhandled rejection it fails the run. */
const fail: Fail = (reason) => {
  throw reason;
};

/** Starts one part with a log in memory. */
async function startPart(name: string, level: string, start: (log: Logger, parts: Parts) => Promise<Ready>): Promise<Part> {
  let output = '';
  const options = { name, level, serializers: { err: describeError } };
  const log = pino(options, { write: (line: string) => void (output += line) });
  const parts = new Parts();
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= closeAll(parts));
  onTestFinished(stop);
  const { port } = await start(log, parts);
  return { url: `http://127.0.0.1:${port}`, output: () => output, log: () => logLines(output), stop };
}

/** Closes all. Rejects if anything did not close. */
async function closeAll(parts: Parts): Promise<void> {
  const errors: unknown[] = [];
  await parts.close((error) => errors.push(error));
  if (errors.length > 0) throw new AggregateError(errors, 'closing failed');
}
