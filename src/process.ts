/** What both processes do with their lives: start, say so, stop once, and never half-way. */
import type { Logger } from 'pino';
import { OwnError } from './job/own-error.ts';
import { ConfigError, loadConfig } from './config.ts';
import type { Role } from './env/rules.ts';
import type { VendorVariables } from './env/vendors.ts';
import { endWith } from './env/read-env-file.ts';
import { logLibraryWarnings } from './log.ts';

/** A part of a process. It has started, and closes when the process stops. */
export type Part = { close(): unknown };

/** The parts of a process, in the order of their start. */
export class Parts {
  readonly #started: Part[] = [];

  /** Adds a part that has started, and returns it. */
  add<P extends Part>(part: P): P {
    this.#started.push(part);
    return part;
  }

  /**
   * Closes all parts, the last started first: each may use those
   * before it. A part that fails holds up no other.
   */
  async close(onError: (error: unknown) => void): Promise<void> {
    for (const part of this.#started.toReversed()) {
      try {
        await part.close();
      } catch (error) {
        onError(error);
      }
    }
  }
}

/** What a process tells the parent that started it, once it serves. */
export type Ready = {
  ready: true;
  port: number;
  /** How users are identified, in words. */
  users?: string;
  /** Where results live, in words. */
  archive?: string;
  /**
   * Of each kind: who does it, or the variables that are missing;
   * and how many of its jobs run at once, 0 where none does.
   */
  kinds?: readonly [name: string, by: string, atOnce: number][];
};

/** Ends the process because it can't do its work, which was found out only after the start. */
export type Fail = (reason: OwnError) => void;

/**
 * How much later than the first a signal must come to count as a second
 * one, in ms. npm hands on what the whole process group has got already (at
 * Ctrl-C, from systemd or foreman), so one signal may come twice at once.
 */
const SECOND_SIGNAL_MS = 1000;

/**
 * Runs a process: `start` starts its parts and adds each of them. The
 * first SIGINT or SIGTERM, or the end of the parent, closes them. A second
 * signal a second later, or `graceMs` going by, ends the process at once.
 */
export async function runProcess(log: Logger, graceMs: number, start: (parts: Parts, fail: Fail) => Promise<Ready>): Promise<void> {
  logLibraryWarnings(log);
  const run = new Lifetime(log, graceMs);
  try {
    const ready = await start(run.parts, (reason) => run.fail(reason)); // `send?.(await …)` would not start without a parent
    process.send?.(ready);
  } catch (error) {
    await run.failToStart(error);
  }
}

/** The life of this process, from its start to its exit code. */
class Lifetime {
  readonly parts = new Parts();
  readonly #log: Logger;
  readonly #graceMs: number;
  #stopping = false;
  #exitCode = 0;
  #firstSignalAt: number | undefined;

  constructor(log: Logger, graceMs: number) {
    this.#log = log;
    this.#graceMs = graceMs;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#onSignal(signal));
    process.on('disconnect', () => void this.#stop('the parent is gone', 0));
    // Node would print the whole error, with commands and what they carry.
    for (const fault of ['unhandledRejection', 'uncaughtException'] as const) {
      process.on(fault, (error: unknown) => {
        log.fatal({ err: error }, fault === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception');
        void this.#stop(fault, 1);
      });
    }
  }

  /** See {@link Fail}. */
  fail({ message }: OwnError): void {
    process.stderr.write(`${message}\n`);
    void this.#stop('unusable', 1);
  }

  async failToStart(error: unknown): Promise<void> {
    if (this.#stopping) return; // it was told to stop while it started, and the parts that it needs are closing
    if (error instanceof OwnError) process.stderr.write(`${error.message}\n`);
    else this.#log.fatal({ err: error }, 'could not start');
    await this.#stop('could not start', 1);
  }

  async #stop(why: string, code: number): Promise<void> {
    this.#exitCode = Math.max(this.#exitCode, code);
    if (this.#stopping) return;
    this.#stopping = true;
    this.#log.info({ why }, 'stopping');
    setTimeout(
      () => this.#endAtOnce({ graceMs: this.#graceMs }, 'not everything was closed in time: ending at once'),
      this.#graceMs,
    ).unref();
    await this.parts.close((error) => this.#log.error({ err: error }, 'closing failed'));
    process.exit(this.#exitCode);
  }

  #onSignal(signal: NodeJS.Signals): void {
    this.#firstSignalAt ??= performance.now();
    if (performance.now() - this.#firstSignalAt < SECOND_SIGNAL_MS) return void this.#stop(signal, 0);
    this.#endAtOnce({ why: signal }, 'a second signal: ending at once');
  }

  #endAtOnce(about: object, words: string): void {
    this.#log.warn(about, words);
    process.exit(1);
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
