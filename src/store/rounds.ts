/** Rounds: work that each process does every so often, one round after the other. */

/**
 * How a round is repeated. `everyMs`: how often, in ms. A
 * round that still goes on is not begun a second time.
 */
export type RoundOptions = { everyMs: number; onError: (error: unknown) => void };

/** Starts rounds, the first after `everyMs`. Returns what stops them. They keep no process alive. */
export function startRounds(round: () => Promise<void>, { everyMs, onError }: RoundOptions): () => void {
  let running = false;
  const timer = setInterval(() => {
    if (running) return;
    running = true;
    void round()
      .catch(onError)
      .finally(() => (running = false));
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
