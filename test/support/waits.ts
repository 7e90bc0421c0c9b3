/** How long tests wait: as long as any machine needs, so that only what never comes is a failure. */

/** The bound of one wait, in ms. `expect.poll` has it by the configuration of vitest, and tells what it saw last. */
export const WAIT_MS = 60_000;

/** The bound of a test or a hook with all its waits, in ms. */
export const TEST_MS = 600_000;

/** Waits for something that comes by itself. Rejects after {@link WAIT_MS} with what was seen until then. `what`: what is waited for. */
export async function within<T>(coming: Promise<T>, what: string, seen: () => unknown): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${WAIT_MS} ms; seen last: ${show(seen())}`)), WAIT_MS);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** Lets time pass. Only where time itself is the input: an outage that lasts, a client that is slow. What is to happen is waited for. */
export const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
