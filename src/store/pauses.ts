/** Pauses of a loop that can be ended early, and waits that have an end. */

/** A loop's pauses, of which there is one at a time. */
export class Pauses {
  #wake = (): void => {};

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the pause. */
  wake(): void {
    this.#wake();
  }
}

/** Resolves with what work comes to, or with null after so many ms. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, ms, null);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the work has ended, or after so many ms. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, ms).unref())]);
}
