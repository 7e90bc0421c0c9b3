/** Threads for the offline generator: one for each running order, reused when free, ended when its order is aborted. */
import { Worker } from 'node:worker_threads';
import { ProblemError } from '../../../src/job/problem.ts';
import { askThread } from '../../thread.ts';
import type { Order, Piece } from './makers.ts';
import type { Answer } from './thread.ts';

/** The threads of one provider. */
export type Threads = {
  /**
   * Carries out an order in a thread of its own and resolves with the pieces.
   * @throws ProblemError if the maker says so or the thread dies; the signal's reason once that is aborted
   */
  run(order: Order, signal: AbortSignal): Promise<Piece[]>;
};

/** How the threads are made. */
export type ThreadOptions = {
  /** The module that a thread runs. It answers each order with an {@link Answer}. */
  module: URL;
  /** The heap that a thread may use, in MiB. A text of 100,000 characters needs less than half of it. */
  heapMb: number;
};

/** Free threads of each sort that are kept for the next orders; more are ended. */
const MAX_FREE = 4;

/** Orders with more characters run in threads of lower priority, so that small ones do not wait for the processor. */
const LARGE = 10_000;

const DEFAULTS: ThreadOptions = { module: new URL('./thread.ts', import.meta.url), heapMb: 192 };

/** Makes threads as they are needed. Free ones do not keep the process alive. */
export function createThreads({ module, heapMb }: ThreadOptions = DEFAULTS): Threads {
  const pools = { small: [] as Worker[], large: [] as Worker[] };

  /** Threads get neither the process's variables, which hold secrets, nor its flags. */
  const start = (size: keyof typeof pools): Worker => {
    const free = pools[size];
    const thread = new Worker(module, { env: {}, execArgv: [], workerData: { size }, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    const forget = () => {
      const place = free.indexOf(thread);
      if (place >= 0) free.splice(place, 1);
    };
    thread.on('error', forget); // without a listener, the death of a free thread would end the process
    thread.on('exit', forget);
    return thread;
  };

  const release = (thread: Worker, free: Worker[]): void => {
    if (free.length >= MAX_FREE) return void thread.terminate();
    thread.unref();
    free.push(thread);
  };

  return {
    async run(order, signal) {
      signal.throwIfAborted();
      const size = JSON.stringify(order.material).length > LARGE ? 'large' : 'small';
      const thread = pools[size].pop() ?? start(size);
      thread.ref();
      try {
        const answer = await askThread<Answer>(thread, order, signal);
        release(thread, pools[size]);
        if (answer.type === 'problem') throw new ProblemError(answer.code, answer.detail);
        return answer.pieces;
      } catch (error) {
        if (!(error instanceof ProblemError)) void thread.terminate();
        throw toProblem(error, signal);
      }
    },
  };
}

/** The same text would need the same memory again, so that one is not tried again. */
function toProblem(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof ProblemError || (signal.aborted && error === signal.reason)) return error;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new ProblemError('content_unusable', 'This text takes more memory than there is for one; send it in parts.', { cause: error })
    : new ProblemError('internal_error', 'The offline generator failed on this text.', { cause: error });
}
