/** The offline generator: for machines without a key, from the given text alone. */
import { createThreads, type Threads } from './offline/threads.ts';
import type { Provider } from '../capabilities.ts';

/**
 * A provider that computes. It costs nothing, needs nothing and invents nothing. The work runs in threads,
 * so that the process answers meanwhile, and an order that is aborted stops at once.
 */
export function createOffline(threads: Threads = createThreads()): Provider {
  return {
    name: 'offline',
    async makeList({ kind, count, material }, taker, signal) {
      const free = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
      const call = await taker.startCall(free);
      for (const value of await threads.run({ kind, count, material }, signal)) {
        signal.throwIfAborted();
        await taker.take(value);
      }
      await call.settle(free);
      return 'whole';
    },
  };
}
