/** A timer for an answer that streams: it aborts when nothing new has come for some time. */

/** A running timer. */
export class ProgressWatch {
  readonly #controller = new AbortController();
  #ms: number;
  #until = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts it over so many ms. */
  constructor(ms: number) {
    this.#ms = ms;
    this.#arm(ms);
  }

  /** Aborts when the time is over. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something new has come, so the time starts again. `ms`: the new length of the time. */
  restart(ms = this.#ms): void {
    this.#ms = ms;
    this.#arm(ms);
  }

  /** Does other work, for example a write to Redis. The time does not run meanwhile. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    clearTimeout(this.#timer);
    const left = this.#until - performance.now();
    try {
      return await work();
    } finally {
      this.#arm(Math.max(left, 0));
    }
  }

  /** Stops it for good. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(left: number): void {
    clearTimeout(this.#timer);
    this.#until = performance.now() + left;
    this.#timer = setTimeout(() => this.#controller.abort(), left);
  }
}
