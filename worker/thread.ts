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
  const onAbort = () => reject(signal.reason);
  const onExit = (code: number) => reject(new Error(`the thread ended (${code})`));
  thread.once('message', resolve).once('error', reject).once('exit', onExit);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else thread.postMessage(question, transfer);
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort);
    thread.off('message', resolve).off('error', reject).off('exit', onExit);
  });
}

/** What the threads of a pool are, and how many there are. */
export type ThreadPoolOptions = {
  start: () => Worker;
  /** How many free threads are kept for the next questions; more are ended. */
  maxFree: number;
  /** How many questions are worked on at the same time. Others wait, the oldest first. */
  maxRunning?: number;
  /**
   * For how long a question may hold up those that wait, in ms. One that takes longer keeps its
   * thread and does not count any more, so that another thread takes the next one.
   */
  sliceMs?: number;
  /** Asked before the first question of a thread, so that loading its code is in no slice. */
  warmUp?: unknown;
};

/** Threads of one sort: a question has a thread of its own while it runs, and free ones are reused. */
export class ThreadPool {
  readonly #options: ThreadPoolOptions;
  readonly #maxRunning: number;
  #free: Worker[] = [];
  #running = 0;
  /** Each lets a question that waits go on. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#maxRunning = options.maxRunning ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Asks as {@link askThread} does. A thread whose question is aborted, or that fails, ends.
   * `onLeave` is called once the question holds up no other: at its end, or when its slice is over.
   */
  async ask<Answer>(question: unknown, signal: AbortSignal, onLeave?: () => void): Promise<Answer> {
    signal.throwIfAborted();
    if (this.#running < this.#maxRunning) this.#running++;
    else await this.#turn(signal);
    const place = new Place(() => {
      this.#leave();
      onLeave?.();
    });
    try {
      const thread = this.#free.pop() ?? (await this.#start(signal));
      place.leaveAfter(this.#options.sliceMs);
      const answer = await this.#askThread<Answer>(thread, question, signal);
      this.#release(thread);
      return answer;
    } finally {
      place.leave();
    }
  }

  /** Resolves when the question may run. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        reject(signal.reason);
      };
      this.#waiting.push(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Gives a place to the question that has waited longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }

  async #start(signal: AbortSignal): Promise<Worker> {
    const { start, warmUp } = this.#options;
    const thread = start();
    const forget = () => (this.#free = this.#free.filter((free) => free !== thread));
    thread.on('error', forget).on('exit', forget); // without a listener, the death of a free thread would end the process
    if (warmUp !== undefined) await this.#askThread(thread, warmUp, signal);
    return thread;
  }

  async #askThread<Answer>(thread: Worker, question: unknown, signal: AbortSignal): Promise<Answer> {
    thread.ref();
    try {
      return await askThread<Answer>(thread, question, signal);
    } catch (error) {
      void thread.terminate();
      throw error;
    }
  }

  #release(thread: Worker): void {
    if (this.#free.length >= this.#options.maxFree) return void thread.terminate();
    thread.unref();
    this.#free.push(thread);
  }
}

/** The place of a running question. It is left once: at the question's end, or when its slice is over. */
class Place {
  #leave: (() => void) | undefined;
  #slice: NodeJS.Timeout | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  leaveAfter(ms: number | undefined): void {
    if (ms !== undefined) this.#slice = setTimeout(() => this.leave(), ms);
  }

  leave(): void {
    clearTimeout(this.#slice);
    this.#leave?.();
    this.#leave = undefined;
  }
}
