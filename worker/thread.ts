/** Threads for libraries that block or may crash: how one is started, and asked a question. */
import { type Transferable, Worker } from 'node:worker_threads';

/** Starts a thread. It gets neither the process's variables, which hold secrets, nor its flags; and what it prints is in nobody's log. */
export function startThread(module: URL): Worker {
  const thread = new Worker(module, { env: {}, execArgv: [], stdout: true, stderr: true });
  thread.stdout.resume();
  thread.stderr.resume();
  return thread;
}

/**
 * Sends a question and resolves with the next message. Rejects with the signal's reason at once when that is aborted, or with what
 * ended the thread. After that the caller terminates the thread: its answer would be taken for that to the next question.
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
