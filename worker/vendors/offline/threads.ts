/**
 * Threads for the offline generator: small orders share one, large ones have threads of their own.
 * A thread is ended when its order is aborted.
 */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ProblemError } from '../../../src/job/problem.ts';
import type { Piece } from '../../capabilities.ts';
import { ThreadPool } from '../../thread.ts';
import type { Order } from './makers.ts';
import { SmallOrders } from './small-orders.ts';
import type { OrderAnswer } from './thread.ts';

/**
 * Carries out an order in a thread of its own and resolves with the pieces.
 * @throws ProblemError if the maker says so or the thread dies; the signal's reason once that is
 * aborted
 */
export type RunOrder = (order: Order, signal: AbortSignal) => Promise<Piece[]>;

/** How the threads are made. */
type ThreadOptions = {
  /** The module that a thread runs. It answers orders with as many {@link OrderAnswer}s. */
  module: URL;
  /**
   * The heap that a thread may use, in MiB. A text of 100,000 characters needs less than half of
   * it.
   */
  heapMb: number;
};

/** Orders with more characters are large: others could wait for them. */
const LARGE = 10_000;

/**
 * Small orders share one thread, where the slowest of them takes some 30 ms. Large ones run beside
 * each other in threads of lower priority.
 */
const SIZES = {
  small: { maxFree: 1, maxRunning: 1, sliceMs: 250 },
  large: { maxFree: 4, maxRunning: 4, sliceMs: 5000 },
} as const;

/** Loads the code of a thread. */
const WARM_UP: Order[] = [{ kind: 'generate-flashcards', wanted: { flashcards: 1 }, input: { content: 'Hund: dog' }, there: {} }];

const DEFAULTS: ThreadOptions = { module: new URL('./thread.ts', import.meta.url), heapMb: 192 };

/** Makes the function that carries out orders. */
export function createThreads({ module, heapMb }: ThreadOptions = DEFAULTS): RunOrder {
  const kept = getCompileCacheDir(); // a folder for this version of Node, in the one that was named
  const compileCache = kept === undefined ? undefined : dirname(kept);
  // Threads get neither the process's variables, which hold secrets, nor its flags.
  const start = (size: keyof typeof SIZES) => () =>
    new Worker(module, { env: {}, execArgv: [], workerData: { size, compileCache }, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
  const poolOf = (size: keyof typeof SIZES) => new ThreadPool({ start: start(size), warmUp: WARM_UP, ...SIZES[size] });
  const small = new SmallOrders(poolOf('small'));
  const large = poolOf('large');
  const runLarge = async (order: Order, signal: AbortSignal) => (await large.ask<[OrderAnswer]>([order], signal))[0];
  return async (order, signal) => {
    const { length } = JSON.stringify(order.input);
    const answering = length > LARGE ? runLarge(order, signal) : small.run(order, length, signal);
    const answer = await answering.catch((error: unknown) => {
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
