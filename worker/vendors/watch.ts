/** A watch over an answer that streams: it gives the answer up once nothing new has come for a time. */

/** A running watch. */
export type Watch = {
  /** Aborts when the time is up. */
  readonly signal: AbortSignal;
  /** Something new has come: the time starts again. `ms`: from now on it is this long. */
  restart(ms?: number): void;
  /** Does work during which the time stands still: what takes long then is not the answer. */
  without<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
};

/** Starts a watch. */
export function startWatch(ms: number): Watch {
  const controller = new AbortController();
  let length = ms;
  let until = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const arm = (left: number): void => {
    clearTimeout(timer);
    until = performance.now() + left;
    timer = setTimeout(() => controller.abort(), left);
  };
  arm(length);

  return {
    signal: controller.signal,
    restart(newLength = length) {
      length = newLength;
      arm(length);
    },
    async without(work) {
      clearTimeout(timer);
      const left = until - performance.now();
      try {
        return await work();
      } finally {
        arm(Math.max(left, 0));
      }
    },
    stop: () => clearTimeout(timer),
  };
}
