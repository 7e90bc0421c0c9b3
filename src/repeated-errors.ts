/** A log of errors that may come by the thousand: the first of a sort is logged at once, the others are counted. */
import type { Logger } from 'pino';
import { describeError } from './describe-error.ts';

/** Takes an error from a part of the process that is named by `source`. */
export type ErrorLog = (source: string, error: unknown) => void;

/** How long errors of one sort are counted before a line tells how many there were, in ms. */
const WINDOW_MS = 10_000;

/** Makes an error log. Two errors are of one sort if source, type, code and place of throwing are the same. */
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
