/** Lanes: how many notifications are on their way at once to one receiver, and of one user, so that one that hangs delays no other. */

/** A place in the lanes, or how long to wait before asking again, in ms. */
export type Entrance = { type: 'free'; leave: () => void } | { type: 'busy'; afterMs: number };

/** See the file's head. */
export type Lanes = {
  /** Asks for a place in all of these lanes at once, each by its name and how many it has room for. */
  enter(wanted: readonly { name: string; room: number }[]): Entrance;
};

/** The shortest distance between two of those that wait for one lane, and the longest pause before one asks again, in ms. */
const LEAST_MS = 100;
const MOST_MS = 60_000;

/** From how many lanes on it is looked for those that nobody uses. */
const SWEEP_FROM = 1000;

/** One lane. `lastMs`: how long the last one took that left it; `nextAt`: when the next that has to wait may ask again. */
type Lane = { taken: number; lastMs: number; nextAt: number };

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
    return ms < MOST_MS ? ms : MOST_MS * (0.5 + Math.random() / 2);
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
    for (const [name, { taken, nextAt }] of lanes) if (taken === 0 && nextAt <= now()) lanes.delete(name);
  };

  return {
    enter(wanted) {
      if (lanes.size >= SWEEP_FROM) sweep();
      for (const { name, room } of wanted) {
        const lane = lanes.get(name);
        if (lane && lane.taken >= room) return { type: 'busy', afterMs: afterMs(lane, room) };
      }
      for (const { name } of wanted) {
        const lane = lanes.get(name) ?? { taken: 0, lastMs: 0, nextAt: 0 };
        lane.taken++;
        lanes.set(name, lane);
      }
      const since = now();
      return { type: 'free', leave: () => leave(wanted, since) };
    },
    size: () => lanes.size,
  };
}
