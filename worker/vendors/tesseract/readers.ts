/** Threads that read images: one for each running order, reused when free, ended when its order is aborted. */
import type { Worker } from 'node:worker_threads';
import { ProblemError } from '../../../src/job/problem.ts';
import { askThread, startThread } from '../../thread.ts';
import type { ReadAnswer, ReadOrder } from './thread.ts';

/** What a thread has read. */
export type Reading = Extract<ReadAnswer, { type: 'read' }>;

/** Free threads that are kept for the next orders, each with some 100 MB. After 100 orders a thread's memory does not grow any more. */
const MAX_FREE = 2;

/** Makes the function that reads an image. Free threads do not keep the process alive. It rejects with the signal's reason at once. */
export function createReaders(): (order: ReadOrder, signal: AbortSignal) => Promise<Reading> {
  const free: Worker[] = [];

  const start = (): Worker => {
    const thread = startThread(new URL('./thread.ts', import.meta.url));
    const forget = () => {
      const place = free.indexOf(thread);
      if (place >= 0) free.splice(place, 1);
    };
    thread.on('error', forget).on('exit', forget); // without a listener, the death of a free thread would end the process
    return thread;
  };

  const release = (thread: Worker): void => {
    if (free.length >= MAX_FREE) return void thread.terminate();
    thread.unref();
    free.push(thread);
  };

  return async (order, signal) => {
    signal.throwIfAborted();
    const thread = free.pop() ?? start();
    thread.ref();
    try {
      const answer = await askThread<ReadAnswer>(thread, order, signal);
      if (answer.type === 'failed') throw new Error(answer.reason);
      release(thread);
      return answer;
    } catch (cause) {
      void thread.terminate();
      if (signal.aborted) throw signal.reason;
      throw new ProblemError('internal_error', 'The text recognition failed on this image.', { cause });
    }
  };
}
