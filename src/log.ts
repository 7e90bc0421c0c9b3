/**
 * Structured logs: one JSON line an event, joined over both
 * processes by `jobId` and `requestId`; lines to read on a terminal.
 */
import { pino, type Logger } from 'pino';
import { describeError } from './describe-error.ts';

/**
 * Makes a process's logger; `name` says which process it is.
 * Errors are logged by an allowlist (describe-error.ts).
 */
export async function createLog(name: 'api' | 'worker', level: string): Promise<Logger> {
  const options = { name, level, base: { name, pid: process.pid }, serializers: { err: describeError } };
  if (!process.stdout.isTTY) return pino(options);
  const { default: pretty } = await import('pino-pretty'); // not loaded where machines read
  const lines = pretty({
    sync: true,
    singleLine: true,
    ignore: 'pid,name',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: `${name}: {msg}`,
  });
  return pino(options, lines);
}

/**
 * BullMQ's own word about eviction, at each connection and whatever
 * `maxmemory` is: src/store/store-facts.ts judges it and says more.
 */
const SAID_ELSEWHERE = /^IMPORTANT! Eviction policy is /;

/**
 * Turns what libraries print by `console.warn` into lines of
 * the log, each sentence once for a process.
 */
export function logLibraryWarnings(log: Pick<Logger, 'warn'>): void {
  const said = new Set<string>();
  console.warn = (...words: unknown[]) => {
    const text = words.map(String).join(' ').replaceAll(/\s+/g, ' ').trim();
    if (SAID_ELSEWHERE.test(text) || said.has(text)) return;
    said.add(text);
    log.warn(text);
  };
}

/** Takes an error from a part of the process that is named by `source`. */
export type ErrorLog = (source: string, error: unknown) => void;

/** How long errors of one sort are counted before a line tells how many there were, in ms. */
const WINDOW_MS = 10_000;

/**
 * Makes a log of errors that may come by the thousand: the first of a
 * sort is logged at once, the others are counted. Two errors are of
 * one sort if source, type, code and place of throwing are the same.
 */
export function createErrorLog(log: Pick<Logger, 'warn'>, windowMs = WINDOW_MS): ErrorLog {
  const repeated = new Map<string, number>();

  return (source, error) => {
    const err = describeError(error);
    const sort = JSON.stringify([source, err.type, err.code, err.stack?.[0]]);
    const times = repeated.get(sort);
    if (times !== undefined) {
      repeated.set(sort, times + 1);
      return;
    }
    repeated.set(sort, 0);
    log.warn({ err: error, source }, 'error');
    setTimeout(() => {
      const more = repeated.get(sort) ?? 0;
      repeated.delete(sort);
      if (more > 0) log.warn({ source, type: err.type, code: err.code, times: more }, 'the same error again');
    }, windowMs).unref();
  };
}
