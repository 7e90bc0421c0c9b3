/**
 * Reads images in threads: one for each running order, reused when free, ended when its order is
 * aborted.
 */
import { ProblemError } from '../../../src/job/problem.ts';
import { startThread, ThreadPool } from '../../thread.ts';
import type { ReadLine, ReadOrder } from './thread.ts';

/**
 * Free threads that are kept for the next orders, each with some 100 MB. After 100 orders a
 * thread's memory does not grow any more.
 */
const MAX_FREE = 2;

/**
 * Makes the function that reads the paragraphs in an image, with their lines. It rejects with the
 * signal's reason at once.
 */
export function createReaders(): (order: ReadOrder, signal: AbortSignal) => Promise<ReadLine[][]> {
  const pool = new ThreadPool(() => startThread(new URL('./thread.ts', import.meta.url)), MAX_FREE);
  return (order, signal) =>
    pool.ask<ReadLine[][]>(order, signal).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw new ProblemError('internal_error', 'The text recognition failed on this image.', { cause });
    });
}
