/** A timer for an answer that streams: it aborts when nothing new has come for some time. */

/** A running watch. */
export type Watch = {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** Something new has come, so the time starts again. `ms`: the new length of the time. */
  restart(ms?: number): void;
  /** Does other work, for example a write to Redis. The time does not run meanwhile. */
  without<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
};

/** Starts a watch over `ms`. */
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
