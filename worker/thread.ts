/**
 * Threads for work that blocks or may crash: how one is started and asked a question, and pools of
 * them.
 */
import { type Transferable, Worker } from 'node:worker_threads';

/**
 * Starts a thread. It gets neither the process's variables, which hold secrets, nor its flags; and
 * what it prints is in nobody's log.
 */
export function startThread(module: URL): Worker {
  const thread = new Worker(module, { env: {}, execArgv: [], stdout: true, stderr: true });
  thread.stdout.resume();
  thread.stderr.resume();
  return thread;
}

/**
 * Sends a question and resolves with the next message. Rejects with the signal's reason at once
 * when that is aborted, or with what ended the thread. After that the caller terminates the thread:
 * its answer would be taken for that to the next question.
 */
export function askThread<Answer>(thread: Worker, question: unknown, signal: AbortSignal, transfer: Transferable[] = []): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const listeners = new AbortController(); // removes all listeners at the end
  const onAbort = () => reject(signal.reason);
  const onExit = (code: number) => reject(new Error(`the thread ended (${code})`));
  thread.once('message', resolve).once('error', reject).once('exit', onExit);
  signal.addEventListener('abort', onAbort, { once: true, signal: listeners.signal });
  if (signal.aborted) onAbort();
  else thread.postMessage(question, transfer);
  return promise.finally(() => {
    listeners.abort();
    thread.off('message', resolve).off('error', reject).off('exit', onExit);
  });
}

/** Threads of one sort: each running question has one of its own, and free ones are reused. */
export class ThreadPool {
  readonly #startThread: () => Worker;
  readonly #maxFree: number;
  #free: Worker[] = [];

  /** `maxFree`: how many free threads are kept for the next questions. */
  constructor(start: () => Worker, maxFree: number) {
    this.#startThread = start;
    this.#maxFree = maxFree;
  }

  /** Asks as {@link askThread} does. A thread whose question is aborted, or that fails, ends. */
  async ask<Answer>(question: unknown, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const thread = this.#free.pop() ?? this.#start();
    thread.ref();
    try {
      const answer = await askThread<Answer>(thread, question, signal);
      this.#release(thread);
      return answer;
    } catch (error) {
      void thread.terminate();
      throw error;
    }
  }

  #start(): Worker {
    const thread = this.#startThread();
    const forget = () => (this.#free = this.#free.filter((free) => free !== thread));
    return thread.on('error', forget).on('exit', forget); // without a listener, the death of a free thread would end the process
  }

  #release(thread: Worker): void {
    if (this.#free.length >= this.#maxFree) return void thread.terminate();
    thread.unref();
    this.#free.push(thread);
  }
}
