/**
 * Bulkheads: how many notifications are on their way at once to one
 * receiver, and of one user, so that one that hangs delays no other.
 */

/** A bulkhead that a notification is to go in: its name, and how many it has room for. */
export type WantedBulkhead = { name: string; room: number };

/** A place in the bulkheads, or how long to wait before asking again, in ms. */
export type Entrance = { type: 'free'; leave: () => void } | { type: 'busy'; afterMs: number };

/**
 * The shortest distance between two of those that wait for one bulkhead, and the
 * longest pause before one asks again, in ms. It is longer where so many
 * wait that they would ask at a shorter distance: each time costs Redis.
 */
const LEAST_MS = 100;
const MOST_MS = 60_000;

/** From how many bulkheads on it is looked for those that nobody uses. */
const SWEEP_FROM = 1000;

/**
 * One bulkhead. `lastMs`: how long the last one took that left it; `nextAt`: when
 * the next that has to wait can have a place, as far as is known; `askedAt`:
 * when the last of those asks again that this is too far away for.
 */
type Bulkhead = { taken: number; lastMs: number; nextAt: number; askedAt: number };

/**
 * The bulkheads of one process. Those that wait ask again one after the other, at the pace at which
 * the bulkhead was seen to move, and within a minute: a receiver that comes back gets what has waited.
 */
export class Bulkheads {
  readonly #now: () => number;
  readonly #bulkheads = new Map<string, Bulkhead>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Asks for a place in all of these bulkheads at once. */
  enter(wanted: readonly WantedBulkhead[]): Entrance {
    if (this.#bulkheads.size >= SWEEP_FROM) this.#sweep();
    for (const { name, room } of wanted) {
      const bulkhead = this.#bulkheads.get(name);
      if (bulkhead && bulkhead.taken >= room) return { type: 'busy', afterMs: this.#pauseFor(bulkhead, room) };
    }
    for (const { name } of wanted) {
      const bulkhead = this.#bulkheads.get(name) ?? { taken: 0, lastMs: 0, nextAt: 0, askedAt: 0 };
      bulkhead.taken++;
      this.#bulkheads.set(name, bulkhead);
    }
    const since = this.#now();
    return { type: 'free', leave: () => this.#leave(wanted, since) };
  }

  /** How many places of a bulkhead are taken. */
  taken(name: string): number {
    return this.#bulkheads.get(name)?.taken ?? 0;
  }

  /** How many bulkheads are known. */
  size(): number {
    return this.#bulkheads.size;
  }

  #pauseFor(bulkhead: Bulkhead, room: number): number {
    const now = this.#now();
    bulkhead.nextAt = Math.max(bulkhead.nextAt, now) + stepOf(bulkhead, room);
    const ms = bulkhead.nextAt - now;
    if (ms < MOST_MS) return ms;
    bulkhead.askedAt = Math.max(bulkhead.askedAt, now) + LEAST_MS;
    return Math.max(bulkhead.askedAt - now, MOST_MS * (0.5 + Math.random() / 2));
  }

  #leave(wanted: readonly WantedBulkhead[], since: number): void {
    const now = this.#now();
    for (const { name, room } of wanted) {
      const bulkhead = this.#bulkheads.get(name);
      if (!bulkhead) continue;
      bulkhead.taken--;
      bulkhead.lastMs = now - since;
      bulkhead.nextAt = Math.min(bulkhead.nextAt, now + stepOf(bulkhead, room)); // it may be faster now
    }
  }

  #sweep(): void {
    const now = this.#now();
    for (const [name, { taken, nextAt, askedAt }] of this.#bulkheads) {
      if (taken === 0 && nextAt <= now && askedAt <= now) this.#bulkheads.delete(name);
    }
  }
}

/** The distance between two that wait for a bulkhead, in ms. */
function stepOf({ lastMs }: Bulkhead, room: number): number {
  return Math.max(LEAST_MS, lastMs / room);
}
