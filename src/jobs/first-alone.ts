/** Calls under one key at once: the first goes alone, and those that came meanwhile go on when it is done. */

/**
 * Makes the function that calls. What came meanwhile rejects as the first does, so that nobody waits for two time limits, and else finds what
 * the first has made.
 */
export function createFirstAlone<T>(): (key: string, call: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<T>>();
  return async (key, call) => {
    const first = running.get(key);
    if (first) {
      await first;
      return call();
    }
    const own = call();
    running.set(key, own);
    try {
      return await own;
    } finally {
      running.delete(key);
    }
  };
}
