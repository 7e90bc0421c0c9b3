/** Places for webhooks that are on their way: shared fairly by user and by site, so that receivers that hang leave places for all others. */
import type { Entrance, Lanes } from './lanes.ts';
import { siteOf } from './site.ts';

/** A place, with how long the try may take, in ms. `leave`: says whether the receiver has answered. Or how long to wait before asking again, in ms. */
export type Place = { type: 'free'; limitMs: number; leave: (answered: boolean) => void } | Extract<Entrance, { type: 'busy' }>;

/** See the file's head. */
export type Places = { enter(webhook: { owner: string; url: string }): Place };

/** How many webhooks are on their way at once in one process. */
const PLACES = 200;

/** How many of them may be of one user to one server, of one user, and to one server, at most. */
const ROOM = { receiver: 4, owner: 8, server: 16 };

/** The same to a server that was slow, so that it holds up no other of the user's; of a user who was slow, or names one that was; and of all these together. */
const SLOW_ROOM = { receiver: 1, owner: 4, all: PLACES / 4 };

/** Which part of what is free one user may have, one place at least; and one site. So whoever has none finds one. */
const SHARE = { owner: 16, site: 2 };

/** How long a receiver has to answer, in ms, the connection included; and how long if it has hung before. */
const LIMIT_MS = { usual: 15_000, hung: 5000 };

/** From how many ms on a try is slow, whatever comes of it; and for how long that is remembered. */
const SLOW_MS = 4000;
const REMEMBERED_MS = 10 * 60_000;

/** How many users and servers that were slow are remembered. */
const MAX_REMEMBERED = 10_000;

/**
 * Makes them, for one process. A user and a server whose tries were slow are remembered. They share a part of the places, and if they did not answer,
 * their next tries are shorter. One of these at a time has the usual time all the same, so that a receiver that is only slow gets its webhooks.
 */
export function createPlaces(lanes: Lanes, now: () => number = () => performance.now()): Places & { remembered(): number } {
  /** Users and servers that were slow, the latest last: until when that counts, and whether they did not answer. */
  const slow = new Map<string, { until: number; hung: boolean }>();
  /** Those of them that have a try of the usual length. */
  const probed = new Set<string>();

  const stateOf = (who: string) => {
    const state = slow.get(who);
    return state && state.until > now() ? state : undefined;
  };

  const remember = (who: string, hung: boolean): void => {
    slow.delete(who);
    slow.set(who, { until: now() + REMEMBERED_MS, hung });
    for (const [oldest, { until }] of slow) {
      if (slow.size <= MAX_REMEMBERED && until > now()) break;
      slow.delete(oldest);
    }
  };

  /** What is learned of a try. A user's other receivers do not make up for one that hangs, so only a server's own answer clears it. */
  const learn = (owner: string, server: string, took: number, answered: boolean): void => {
    if (took >= SLOW_MS) {
      remember(owner, !answered || stateOf(owner)?.hung === true);
      remember(server, !answered);
    } else if (answered) slow.delete(server);
  };

  return {
    enter({ owner: user, url: text }) {
      const url = new URL(text);
      const [owner, server] = [`owner ${user}`, `server ${url.origin}`];
      const [ofOwner, ofServer] = [stateOf(owner), stateOf(server)];
      const isSlow = ofOwner !== undefined || ofServer !== undefined;
      const free = PLACES - lanes.taken('webhooks');
      const part = (share: number): number => Math.max(1, Math.floor(free / share));
      // Whoever waits does so in the first of these that is full: in one of its own, if it has a place.
      const entrance = lanes.enter([
        { name: owner, room: Math.min((isSlow ? SLOW_ROOM : ROOM).owner, part(SHARE.owner)) },
        { name: `receiver ${user} ${url.origin}`, room: (ofServer ? SLOW_ROOM : ROOM).receiver },
        { name: server, room: ROOM.server },
        { name: `site ${siteOf(url)}`, room: part(SHARE.site) },
        ...(isSlow ? [{ name: 'slow', room: SLOW_ROOM.all }] : []),
        { name: 'webhooks', room: PLACES },
      ]);
      if (entrance.type === 'busy') return entrance;
      const since = now();
      const probes = probed.has(owner) || probed.has(server) ? [] : [owner, server];
      const isShort = (ofOwner?.hung === true || ofServer?.hung === true) && probes.length === 0;
      for (const who of probes) probed.add(who);
      return {
        type: 'free',
        limitMs: isShort ? LIMIT_MS.hung : LIMIT_MS.usual,
        leave(answered) {
          entrance.leave();
          for (const who of probes) probed.delete(who);
          learn(owner, server, now() - since, answered);
        },
      };
    },
    remembered: () => slow.size,
  };
}
