/**
 * Places for webhooks that are on their way: shared fairly by user and
 * by site, so that receivers that hang leave places for all others.
 */
import type { Entrance, Bulkheads } from './bulkheads.ts';
import { siteOf } from './site.ts';

/**
 * A place, with how long the try may take, in ms. `leave`: says whether the
 * receiver has answered. Or how long to wait before asking again, in ms.
 */
export type WebhookPlace = { type: 'free'; limitMs: number; leave: (answered: boolean) => void } | Extract<Entrance, { type: 'busy' }>;

/** How many webhooks are on their way at once in one process. */
const PLACES = 200;

/** How many of them may be of one user to one server, of one user, and to one server, at most. */
const ROOM = { receiver: 4, owner: 8, server: 16 };

/**
 * The same to a server that was slow, so that it holds up no other of the user's;
 * of a user who was slow, or names one that was; and of all these together.
 */
const SLOW_ROOM = { receiver: 1, owner: 4, all: PLACES / 4 };

/**
 * A user may take 1 / `owner` of the free places, a site 1 / `site`, and each at least one. So
 * whoever has none finds one.
 */
const SHARE = { owner: 16, site: 2 };

/**
 * How long a receiver has to answer, in ms, the connection
 * included; and how long if it has hung before.
 */
const LIMIT_MS = { usual: 15_000, hung: 5000 };

/** From how many ms on a try is slow, whatever comes of it; and for how long that is remembered. */
const SLOW_MS = 4000;
const REMEMBERED_MS = 10 * 60_000;

/** How many users and servers that were slow are remembered. */
const MAX_REMEMBERED = 10_000;

/**
 * The places of one process. A user and a server whose tries were slow are remembered. They share
 * a part of the places, and if they did not answer, their next tries are shorter. One of these at
 * a time has the usual time all the same, so that a receiver that is only slow gets its webhooks.
 */
export class Places {
  readonly #bulkheads: Bulkheads;
  readonly #now: () => number;
  /**
   * Users and servers that were slow, the latest last: until
   * when that counts, and whether they did not answer.
   */
  readonly #slow = new Map<string, { until: number; hung: boolean }>();
  /** Those of them that have a try of the usual length. */
  readonly #probed = new Set<string>();

  constructor(bulkheads: Bulkheads, now: () => number = () => performance.now()) {
    this.#bulkheads = bulkheads;
    this.#now = now;
  }

  enter({ owner: user, url: text }: { owner: string; url: string }): WebhookPlace {
    const url = new URL(text);
    const [owner, server] = [`owner ${user}`, `server ${url.origin}`];
    const [ofOwner, ofServer] = [this.#stateOf(owner), this.#stateOf(server)];
    const isSlow = ofOwner !== undefined || ofServer !== undefined;
    const free = PLACES - this.#bulkheads.taken('webhooks');
    const part = (share: number): number => Math.max(1, Math.floor(free / share));
    // The first of these that is full is the one in which a try waits.
    const entrance = this.#bulkheads.enter([
      { name: owner, room: Math.min((isSlow ? SLOW_ROOM : ROOM).owner, part(SHARE.owner)) },
      { name: `receiver ${user} ${url.origin}`, room: (ofServer ? SLOW_ROOM : ROOM).receiver },
      { name: server, room: ROOM.server },
      { name: `site ${siteOf(url)}`, room: part(SHARE.site) },
      ...(isSlow ? [{ name: 'slow', room: SLOW_ROOM.all }] : []),
      { name: 'webhooks', room: PLACES },
    ]);
    if (entrance.type === 'busy') return entrance;
    const since = this.#now();
    const probes = this.#probed.has(owner) || this.#probed.has(server) ? [] : [owner, server];
    const isShort = (ofOwner?.hung === true || ofServer?.hung === true) && probes.length === 0;
    for (const who of probes) this.#probed.add(who);
    return {
      type: 'free',
      limitMs: isShort ? LIMIT_MS.hung : LIMIT_MS.usual,
      leave: (answered) => {
        entrance.leave();
        for (const who of probes) this.#probed.delete(who);
        this.#learn(owner, server, this.#now() - since, answered);
      },
    };
  }

  /** How many users and servers are remembered. */
  remembered(): number {
    return this.#slow.size;
  }

  #stateOf(who: string) {
    const state = this.#slow.get(who);
    return state && state.until > this.#now() ? state : undefined;
  }

  /**
   * Learns from a try. A user's other receivers do not make up
   * for one that hangs, so only a server's own answer clears it.
   */
  #learn(owner: string, server: string, took: number, answered: boolean): void {
    if (took >= SLOW_MS) {
      this.#remember(owner, !answered || this.#stateOf(owner)?.hung === true);
      this.#remember(server, !answered);
    } else if (answered) this.#slow.delete(server);
  }

  #remember(who: string, hung: boolean): void {
    this.#slow.delete(who);
    this.#slow.set(who, { until: this.#now() + REMEMBERED_MS, hung });
    for (const [oldest, { until }] of this.#slow) {
      if (this.#slow.size <= MAX_REMEMBERED && until > this.#now()) break;
      this.#slow.delete(oldest);
    }
  }
}
