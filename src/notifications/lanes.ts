/**
 * Lanes: how many notifications are on their way at once to one
 * receiver, and of one user, so that one that hangs delays no other.
 */

/** A lane that a notification is to go in: its name, and how many it has room for. */
export type WantedLane = { name: string; room: number };

/** A place in the lanes, or how long to wait before asking again, in ms. */
export type Entrance = { type: 'free'; leave: () => void } | { type: 'busy'; afterMs: number };

/**
 * The shortest distance between two of those that wait for one lane, and the
 * longest pause before one asks again, in ms. It is longer where so many
 * wait that they would ask at a shorter distance: each time costs Redis.
 */
const LEAST_MS = 100;
const MOST_MS = 60_000;

/** From how many lanes on it is looked for those that nobody uses. */
const SWEEP_FROM = 1000;

/**
 * One lane. `lastMs`: how long the last one took that left it; `nextAt`: when
 * the next that has to wait can have a place, as far as is known; `askedAt`:
 * when the last of those asks again that this is too far away for.
 */
type Lane = { taken: number; lastMs: number; nextAt: number; askedAt: number };

/**
 * The lanes of one process. Those that wait ask again one after the other, at the pace at which
 * the lane was seen to move, and within a minute: a receiver that comes back gets what has waited.
 */
export class Lanes {
  readonly #now: () => number;
  readonly #lanes = new Map<string, Lane>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Asks for a place in all of these lanes at once. */
  enter(wanted: readonly WantedLane[]): Entrance {
    if (this.#lanes.size >= SWEEP_FROM) this.#sweep();
    for (const { name, room } of wanted) {
      const lane = this.#lanes.get(name);
      if (lane && lane.taken >= room) return { type: 'busy', afterMs: this.#pauseFor(lane, room) };
    }
    for (const { name } of wanted) {
      const lane = this.#lanes.get(name) ?? { taken: 0, lastMs: 0, nextAt: 0, askedAt: 0 };
      lane.taken++;
      this.#lanes.set(name, lane);
    }
    const since = this.#now();
    return { type: 'free', leave: () => this.#leave(wanted, since) };
  }

  /** How many places of a lane are taken. */
  taken(name: string): number {
    return this.#lanes.get(name)?.taken ?? 0;
  }

  /** How many lanes are known. */
  size(): number {
    return this.#lanes.size;
  }

  #pauseFor(lane: Lane, room: number): number {
    const now = this.#now();
    lane.nextAt = Math.max(lane.nextAt, now) + stepOf(lane, room);
    const ms = lane.nextAt - now;
    if (ms < MOST_MS) return ms;
    lane.askedAt = Math.max(lane.askedAt, now) + LEAST_MS;
    return Math.max(lane.askedAt - now, MOST_MS * (0.5 + Math.random() / 2));
  }

  #leave(wanted: readonly WantedLane[], since: number): void {
    const now = this.#now();
    for (const { name, room } of wanted) {
      const lane = this.#lanes.get(name);
      if (!lane) continue;
      lane.taken--;
      lane.lastMs = now - since;
      lane.nextAt = Math.min(lane.nextAt, now + stepOf(lane, room)); // it may be faster now
    }
  }

  #sweep(): void {
    const now = this.#now();
    for (const [name, { taken, nextAt, askedAt }] of this.#lanes) {
      if (taken === 0 && nextAt <= now && askedAt <= now) this.#lanes.delete(name);
    }
  }
}

/** The distance between two that wait for a lane, in ms. */
function stepOf({ lastMs }: Lane, room: number): number {
  return Math.max(LEAST_MS, lastMs / room);
}
