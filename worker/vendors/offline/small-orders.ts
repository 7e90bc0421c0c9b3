/**
 * Small orders of the offline generator: they share one thread, and those that wait while it works
 * go to it together.
 */
import type { ThreadPool } from '../../thread.ts';
import type { Order } from './makers.ts';
import type { OrderAnswer } from './thread.ts';

/** An order that waits for its answer. `length`: its characters. `isAlone`: it is sent without others. */
type Waiting = {
  order: Order;
  length: number;
  signal: AbortSignal;
  isAlone: boolean;
  resolve(answer: OrderAnswer): void;
  reject(error: unknown): void;
};

/** What goes to the thread together at most: together they take no longer than the slowest one may. */
const TOGETHER = { orders: 16, length: 10_000 };

/**
 * Orders for one thread, the oldest first. A message costs as much as a tenth of a small order, and
 * what several answers write to Redis in one tick goes in one step: so a message has several orders.
 * No more of them wait than the worker runs jobs at a time; which user's job is next says the queue.
 */
export class SmallOrders {
  readonly #pool: ThreadPool;
  #waiting: Waiting[] = [];
  /** Whether a thread works on orders that hold up others. */
  #isTaken = false;

  /** `pool`: its threads take lists of orders, and have a slice. */
  constructor(pool: ThreadPool) {
    this.#pool = pool;
  }

  /** Resolves with the answer. Rejects with the signal's reason, or with what ended the thread. */
  async run(order: Order, length: number, signal: AbortSignal): Promise<OrderAnswer> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<OrderAnswer>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    this.#waiting.push({ order, length, signal, isAlone: false, resolve, reject });
    if (this.#waiting.length === 1) setImmediate(() => this.#sendNext()); // with what comes in this tick
    return await promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  #sendNext(): void {
    if (this.#isTaken) return;
    const orders = this.#takeNext();
    if (orders.length === 0) return;
    this.#isTaken = true;
    void this.#send(orders);
  }

  /** The oldest orders, as many as go together. */
  #takeNext(): Waiting[] {
    this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
    const taken: Waiting[] = [];
    let length = 0;
    for (const next of this.#waiting) {
      length += next.length;
      const fits = taken.length < TOGETHER.orders && length <= TOGETHER.length && !next.isAlone && !taken[0]?.isAlone;
      if (taken.length > 0 && !fits) break;
      taken.push(next);
    }
    this.#waiting.splice(0, taken.length);
    return taken;
  }

  /**
   * Sends orders together. If they take too long, or the thread dies, nobody knows which of them is
   * to blame: each is sent again, alone. So one that is to blame fails alone, or keeps its thread.
   */
  async #send(orders: readonly Waiting[]): Promise<void> {
    const [first] = orders;
    const stop = new AbortController();
    const alone = orders.length === 1 ? first : undefined;
    const onLeave = () => {
      this.#isTaken = false;
      stop.abort(null);
      this.#sendNext();
    };
    try {
      const question = orders.map(({ order }) => order);
      const answers = await this.#pool.ask<OrderAnswer[]>(question, alone?.signal ?? stop.signal, onLeave);
      for (const [place, answer] of answers.entries()) orders[place]?.resolve(answer);
    } catch (error) {
      if (alone) alone.reject(error);
      else this.#waiting.unshift(...orders.map((waiting) => ({ ...waiting, isAlone: true })));
      this.#sendNext();
    }
  }
}
