/** Lanes: how many webhooks are on their way at once to one receiver, and of one user, so that one that hangs delays no other. */

/** A place in the lanes, or how long to wait for one, in ms. */
export type Entrance = { type: 'free'; leave: () => void } | { type: 'busy'; afterMs: number };

/** See the file's head. */
export type Lanes = {
  /** Asks for a place in all of these lanes at once, each by its name and how many it has room for. */
  enter(wanted: readonly { name: string; room: number }[]): Entrance;
};

/** The shortest distance between two of those that wait for one lane, in ms. */
const LEAST_MS = 100;

/** One lane. `lastMs`: how long the last one took that left it; `nextAt`: when the next that has to wait may ask again. */
type Lane = { taken: number; lastMs: number; nextAt: number };

/** Makes them, for one process. Those that wait ask again one after the other, at the pace at which the lane was seen to move. */
export function createLanes(now: () => number = () => performance.now()): Lanes {
  const lanes = new Map<string, Lane>();

  const afterMs = (lane: Lane, room: number): number => {
    const step = Math.max(LEAST_MS, lane.lastMs / room);
    lane.nextAt = Math.max(lane.nextAt, now()) + step;
    return lane.nextAt - now();
  };

  const leave = (names: readonly string[], since: number): void => {
    for (const name of names) {
      const lane = lanes.get(name);
      if (!lane) continue;
      lane.taken--;
      lane.lastMs = now() - since;
      if (lane.taken === 0 && lane.nextAt <= now()) lanes.delete(name);
    }
  };

  return {
    enter(wanted) {
      for (const { name, room } of wanted) {
        const lane = lanes.get(name);
        if (lane && lane.taken >= room) return { type: 'busy', afterMs: afterMs(lane, room) };
      }
      const names = wanted.map(({ name }) => name);
      for (const name of names) {
        const lane = lanes.get(name) ?? { taken: 0, lastMs: 0, nextAt: 0 };
        lane.taken++;
        lanes.set(name, lane);
      }
      const since = now();
      return { type: 'free', leave: () => leave(names, since) };
    },
  };
}
