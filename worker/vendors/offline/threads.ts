/**
 * Threads for the offline generator: one for each running order, reused when free, ended when its
 * order is aborted.
 */
import { Worker } from 'node:worker_threads';
import { ProblemError } from '../../../src/job/problem.ts';
import type { Piece } from '../../capabilities.ts';
import { ThreadPool } from '../../thread.ts';
import type { Order } from './makers.ts';
import type { OrderAnswer } from './thread.ts';

/**
 * Carries out an order in a thread of its own and resolves with the pieces.
 * @throws ProblemError if the maker says so or the thread dies; the signal's reason once that is
 * aborted
 */
export type RunOrder = (order: Order, signal: AbortSignal) => Promise<Piece[]>;

/** How the threads are made. */
type ThreadOptions = {
  /** The module that a thread runs. It answers each order with an {@link OrderAnswer}. */
  module: URL;
  /**
   * The heap that a thread may use, in MiB. A text of 100,000 characters needs less than half of
   * it.
   */
  heapMb: number;
};

/** Free threads of each sort that are kept for the next orders; more are ended. */
const MAX_FREE = 4;

/**
 * Orders with more characters run in threads of lower priority, so that small ones do not wait for
 * the processor.
 */
const LARGE = 10_000;

const DEFAULTS: ThreadOptions = { module: new URL('./thread.ts', import.meta.url), heapMb: 192 };

/** Makes the function that carries out orders. */
export function createThreads({ module, heapMb }: ThreadOptions = DEFAULTS): RunOrder {
  // Threads get neither the process's variables, which hold secrets, nor its flags.
  const start = (size: 'small' | 'large') => () =>
    new Worker(module, { env: {}, execArgv: [], workerData: { size }, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
  const pools = { small: new ThreadPool(start('small'), MAX_FREE), large: new ThreadPool(start('large'), MAX_FREE) };
  return async (order, signal) => {
    const size = JSON.stringify(order.input).length > LARGE ? 'large' : 'small';
    const answer = await pools[size].ask<OrderAnswer>(order, signal).catch((error: unknown) => {
      throw toProblem(error, signal);
    });
    if (answer.type === 'problem') throw new ProblemError(answer.code, answer.detail);
    return answer.pieces;
  };
}

/** The same text would need the same memory again, so that one is not tried again. */
function toProblem(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted && error === signal.reason) return error;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new ProblemError('content_unusable', 'This text takes more memory than there is for one; send it in parts.', { cause: error })
    : new ProblemError('internal_error', 'The offline generator failed on this text.', { cause: error });
}
