/** What both processes do with their lives: start, say so, stop once, and never half-way. */
import type { Logger } from 'pino';
import { OwnError } from './job/own-error.ts';
import { ConfigError, loadConfig } from './config.ts';
import type { Role } from './env/rules.ts';
import type { VendorVariables } from './env/vendors.ts';
import { endWith } from './env/read-env-file.ts';
import { logLibraryWarnings } from './library-warnings.ts';

/** Undoes something; they run in reverse order of how they were added. */
export type Closer = () => unknown;

/** What a process tells the parent that started it, once it serves. */
export type Ready = {
  ready: true;
  port: number;
  /** How users are identified, in words. */
  users?: string;
  /** Where results live, in words. */
  archive?: string;
  /** Of each kind: who does it, or the variables that are missing. */
  kinds?: readonly [name: string, by: string][];
};

/** Ends the process because it can't do its work, which was found out only after the start. */
export type Fail = (reason: OwnError) => void;

/**
 * How much later than the first a signal must come to count as a second one, in ms. npm hands on what the whole
 * process group has got already (at Ctrl-C, from systemd or foreman), so one signal may come twice at once.
 */
const SECOND_SIGNAL_MS = 1000;

/**
 * Runs a process: `start` builds it and pushes a closer for each thing it opened. The first SIGINT, SIGTERM or
 * the parent's disappearance closes in reverse; a second signal a second later, or `graceMs` going by, ends it at once.
 */
export async function runProcess(log: Logger, graceMs: number, start: (closers: Closer[], fail: Fail) => Promise<Ready>): Promise<void> {
  logLibraryWarnings(log);
  const closers: Closer[] = [];
  let stopping = false;
  let exitCode = 0;
  let firstSignalAt: number | undefined;

  const stop = async (why: string, code: number): Promise<void> => {
    exitCode = Math.max(exitCode, code);
    if (stopping) return;
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), graceMs).unref();
    for (const close of closers.toReversed()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error }, 'closing failed');
      }
    }
    process.exit(exitCode);
  };

  const onSignal = (signal: NodeJS.Signals): void => {
    firstSignalAt ??= performance.now();
    if (performance.now() - firstSignalAt < SECOND_SIGNAL_MS) return void stop(signal, 0);
    log.warn({ why: signal }, 'a second signal: ending at once');
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  process.on('disconnect', () => void stop('the parent is gone', 0));
  // Node would print the whole error, with commands and what they carry.
  for (const fault of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(fault, (error: unknown) => {
      log.fatal({ err: error }, fault === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception');
      void stop(fault, 1);
    });
  }
  const fail: Fail = ({ message }) => {
    process.stderr.write(`${message}\n`);
    void stop('unusable', 1);
  };

  try {
    const ready = await start(closers, fail); // not as the argument of ?.(), which would not be evaluated without a parent
    process.send?.(ready);
  } catch (error) {
    if (stopping) return; // it was told to stop before it had started, and what it stood on is being closed
    if (error instanceof OwnError) process.stderr.write(`${error.message}\n`);
    else log.fatal({ err: error }, 'could not start');
    await stop('could not start', 1);
  }
}

/** Reads the environment; where it can't be used, prints why and ends. */
export function readConfig(
  variables: NodeJS.ProcessEnv,
  role: Role,
  vendors: readonly VendorVariables[] = [],
): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(variables, role, vendors);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return endWith(error.message);
  }
}
