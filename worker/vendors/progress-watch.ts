/** A timer for an answer that streams: it aborts when nothing new has come for some time. */

/** A running timer. */
export class ProgressWatch {
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal;
  readonly #stopWithSignal = (): void => this.#controller.abort(this.#signal.reason);
  #ms: number;
  /** When the time is over; Infinity while it does not run. */
  #until = Infinity;
  /** When the timer fires. It is set anew only for an earlier moment: most steps move the time on. */
  #due = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** Starts it over so many ms. `signal`: that of the work, which ends it, too. */
  constructor(ms: number, signal: AbortSignal) {
    this.#ms = ms;
    this.#signal = signal;
    if (signal.aborted) this.#stopWithSignal();
    else signal.addEventListener('abort', this.#stopWithSignal, { once: true });
    this.#runFor(ms);
  }

  /** Aborts when the time is over, and when the work's signal aborts, with that one's reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the time is over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something new has come, so the time starts again. `ms`: the new length of the time. */
  restart(ms = this.#ms): void {
    this.#ms = ms;
    this.#runFor(ms);
  }

  /** Does other work, for example a write to Redis. The time does not run meanwhile. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    const left = this.#until - performance.now();
    this.#until = Infinity;
    try {
      return await work();
    } finally {
      this.#runFor(Math.max(left, 0));
    }
  }

  /** Stops it for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#stopWithSignal);
  }

  #runFor(ms: number): void {
    this.#until = performance.now() + ms;
    if (this.#until < this.#due) this.#arm(ms);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#due = performance.now() + ms;
    this.#timer = setTimeout(() => this.#fire(), ms);
  }

  #fire(): void {
    this.#due = Infinity;
    const left = this.#until - performance.now();
    if (left === Infinity) return;
    if (left > 0) return this.#arm(left);
    this.#isOver = true;
    this.#controller.abort();
  }
}
