/** Lanes: how many notifications are on their way at once to one receiver, and of one user, so that one that hangs delays no other. */

/** A place in the lanes, or how long to wait before asking again, in ms. */
export type Entrance = { type: 'free'; leave: () => void } | { type: 'busy'; afterMs: number };

/** See the file's head. */
export type Lanes = {
  /** Asks for a place in all of these lanes at once, each by its name and how many it has room for. */
  enter(wanted: readonly { name: string; room: number }[]): Entrance;
  /** How many places of a lane are taken. */
  taken(name: string): number;
};

/**
 * The shortest distance between two of those that wait for one lane, and the longest pause before one asks again, in ms. It is longer where
 * so many wait that they would ask at a shorter distance: each time costs Redis.
 */
const LEAST_MS = 100;
const MOST_MS = 60_000;

/** From how many lanes on it is looked for those that nobody uses. */
const SWEEP_FROM = 1000;

/**
 * One lane. `lastMs`: how long the last one took that left it; `nextAt`: when the next that has to wait can have a place, as far as is known; `askedAt`: when the
 * last of those asks again that this is too far away for.
 */
type Lane = { taken: number; lastMs: number; nextAt: number; askedAt: number };

/**
 * Makes them, for one process. Those that wait ask again one after the other, at the pace at which the lane was seen to move, and within a
 * minute: a receiver that comes back gets what has waited.
 */
export function createLanes(now: () => number = () => performance.now()): Lanes & { size(): number } {
  const lanes = new Map<string, Lane>();
  const stepOf = ({ lastMs }: Lane, room: number): number => Math.max(LEAST_MS, lastMs / room);

  const afterMs = (lane: Lane, room: number): number => {
    lane.nextAt = Math.max(lane.nextAt, now()) + stepOf(lane, room);
    const ms = lane.nextAt - now();
    if (ms < MOST_MS) return ms;
    lane.askedAt = Math.max(lane.askedAt, now()) + LEAST_MS;
    return Math.max(lane.askedAt - now(), MOST_MS * (0.5 + Math.random() / 2));
  };

  const leave = (wanted: readonly { name: string; room: number }[], since: number): void => {
    for (const { name, room } of wanted) {
      const lane = lanes.get(name);
      if (!lane) continue;
      lane.taken--;
      lane.lastMs = now() - since;
      lane.nextAt = Math.min(lane.nextAt, now() + stepOf(lane, room)); // it may be faster now
    }
  };

  const sweep = (): void => {
    for (const [name, { taken, nextAt, askedAt }] of lanes) if (taken === 0 && nextAt <= now() && askedAt <= now()) lanes.delete(name);
  };

  return {
    enter(wanted) {
      if (lanes.size >= SWEEP_FROM) sweep();
      for (const { name, room } of wanted) {
        const lane = lanes.get(name);
        if (lane && lane.taken >= room) return { type: 'busy', afterMs: afterMs(lane, room) };
      }
      for (const { name } of wanted) {
        const lane = lanes.get(name) ?? { taken: 0, lastMs: 0, nextAt: 0, askedAt: 0 };
        lane.taken++;
        lanes.set(name, lane);
      }
      const since = now();
      return { type: 'free', leave: () => leave(wanted, since) };
    },
    taken: (name) => lanes.get(name)?.taken ?? 0,
    size: () => lanes.size,
  };
}
