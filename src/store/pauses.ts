/** Pauses of a loop that can be ended early, and waits that have an end. */

/** A loop's pauses. One pause at a time. */
export type Pauses = { pause(ms: number): Promise<void>; wake(): void };

/** Makes them. */
export function createPauses(): Pauses {
  let wake = (): void => {};
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => wake(),
  };
}

/** Resolves when the work has ended, or after so many ms. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, ms).unref())]);
}
