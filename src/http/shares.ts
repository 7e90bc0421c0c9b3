/**
 * What requests hold for as long as they are held: bytes that come in or go out, streams and waits
 * that are open, places for costly reads. A holder has a share, so that nobody takes what others
 * need, and all together have a bound, so that the process lives.
 */
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';

/** What one request holds. Whoever has it releases it; to do so twice does no harm. */
export type Hold = {
  /**
   * Changes how much it is.
   * @throws ProblemError if that is more than there is. Then all of it is released: what is refused
   * makes room for others at once.
   */
  set(amount: number): void;
  release(): void;
};

/** The amount held now, the number of holders, and the requests that wait for a turn. */
export type ShareFigures = { held: number; holders: number; waiting: number };

/**
 * All that requests hold. Bytes of bodies until they are used, bytes that wait for a client to take
 * them, open streams and waits, costly reads of Redis.
 */
export type Shares = Record<keyof typeof WORDS, Share>;

/** How much of each may be held at once: by one holder, and by all in the process. */
export type SharesBounds = Record<keyof Shares, { each: number; all: number }>;

/**
 * For each share: the words of its errors, the code for more than the process has, and when to try
 * again, in ms.
 */
const WORDS = {
  bodies: { what: 'is being received', busy: 'storage_full', retryAfterMs: 2000 },
  answers: { what: 'is being sent', busy: 'server_busy', retryAfterMs: 2000 },
  streams: { what: 'is open', busy: 'server_busy', retryAfterMs: 5000 },
  reads: { what: 'is being read', busy: 'server_busy', retryAfterMs: 2000 },
} as const;

/** How many requests of one holder may wait for a turn, and how long, in ms. */
const MAX_WAITING = 200;
const MAX_WAIT_MS = 20_000;

/**
 * After a turn its holder waits for so many times as long as the turn took; the longest wait, in
 * ms.
 */
const REST = 3;
const MAX_REST_MS = 500;

/** Makes all shares. */
export function createShares(bounds: SharesBounds): Shares {
  const names = Object.keys(WORDS) as (keyof Shares)[];
  return Object.fromEntries(names.map((name) => [name, new Share(name, bounds[name])])) as Shares;
}

/** The figures of all shares. */
export function figuresOf(shares: Shares): Record<keyof Shares, ShareFigures> {
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, share.figures()])) as Record<keyof Shares, ShareFigures>;
}

type Waiter = { begin: (release: () => void) => void; refuse: (error: ProblemError) => void };

/**
 * A resource of which each holder has a share. A holder is a user, or the address of a request
 * without a user.
 */
export class Share {
  readonly #name: keyof Shares;
  readonly #bounds: SharesBounds[keyof Shares];
  readonly #held = new Map<Tenant, number>();
  readonly #waiting = new Map<Tenant, Waiter[]>();
  #total = 0;

  constructor(name: keyof Shares, bounds: SharesBounds[keyof Shares]) {
    this.#name = name;
    this.#bounds = bounds;
  }

  /** @throws ProblemError if it is more than there is */
  hold(holder: Tenant, amount: number): Hold {
    let own = 0;
    const set = (next: number): void => {
      const refused = this.refusal(holder, next - own);
      const change = (refused ? 0 : next) - own;
      own += change;
      if (change !== 0) this.#move(holder, change, change);
      if (refused) throw refused;
    };
    set(amount);
    return { set, release: () => set(0) };
  }

  /** As `hold`; undefined if it is more than there is. */
  holdIfRoom(holder: Tenant, amount: number): Hold | undefined {
    return this.refusal(holder, amount) ? undefined : this.hold(holder, amount);
  }

  /** Why a holder can't hold so much more now; undefined if it can. */
  refusal(holder: Tenant, more: number): ProblemError | undefined {
    if (more <= 0) return undefined;
    const { each, all } = this.#bounds;
    if ((this.#held.get(holder) ?? 0) + more > each) return tooMuch(this.#name);
    return this.#total + more > all ? tooBusy(this.#name) : undefined;
  }

  /**
   * Holds 1 as soon as there is room; holders are served in turn. Resolves with what releases it,
   * which must be called. After that the holder waits before the next turn, so that one that asks
   * again and again has only a part of the time. `signal`: whoever asked is gone.
   * @throws ProblemError if too many of the holder's wait already, or it takes too long
   */
  async turn(holder: Tenant, signal?: AbortSignal): Promise<() => void> {
    return this.refusal(holder, 1) ? this.#wait(holder, signal) : this.#begin(holder);
  }

  figures(): ShareFigures {
    const waiting = [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
    return { held: this.#total, holders: this.#held.size, waiting };
  }

  #move(holder: Tenant, own: number, inAll: number): void {
    this.#total += inAll;
    const now = (this.#held.get(holder) ?? 0) + own;
    if (now > 0) this.#held.set(holder, now);
    else this.#held.delete(holder);
    if (this.#waiting.size > 0 && (own < 0 || inAll < 0)) this.#serve();
  }

  /** Begins the turns that there is room for. A holder who had a turn is put behind the others. */
  #serve(): void {
    for (const [holder, waiters] of this.#waiting) {
      if (this.refusal(holder, 1)) continue;
      this.#waiting.delete(holder);
      const next = waiters.shift();
      if (waiters.length > 0) this.#waiting.set(holder, waiters);
      next?.begin(this.#begin(holder));
    }
  }

  /**
   * Holds 1 for a turn. Others may have it at once when it is released, and the holder after a
   * rest.
   */
  #begin(holder: Tenant): () => void {
    const startedAt = performance.now();
    let isHeld = true;
    this.#move(holder, 1, 1);
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#move(holder, 0, -1);
      setTimeout(() => this.#move(holder, -1, 0), Math.min(REST * (performance.now() - startedAt), MAX_REST_MS));
    };
  }

  #wait(holder: Tenant, signal: AbortSignal | undefined): Promise<() => void> {
    const waiters = this.#waiting.get(holder) ?? [];
    if (waiters.length >= MAX_WAITING) throw tooMuch(this.#name);
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const waiter = { begin: resolve, refuse: reject };
    this.#waiting.set(holder, waiters);
    waiters.push(waiter);
    const giveUp = (): void => {
      const place = waiters.indexOf(waiter);
      if (place !== -1) waiters.splice(place, 1);
      if (waiters.length === 0 && this.#waiting.get(holder) === waiters) this.#waiting.delete(holder);
      waiter.refuse(tooBusy(this.#name));
    };
    const timer = setTimeout(giveUp, MAX_WAIT_MS);
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted) giveUp();
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    });
  }
}

function tooMuch(name: keyof Shares): ProblemError {
  const { what, retryAfterMs } = WORDS[name];
  return new ProblemError('too_many_open', `More of yours ${what} at once than your share; go on when Retry-After says.`, { retryAfterMs });
}

function tooBusy(name: keyof Shares): ProblemError {
  const { what, busy, retryAfterMs } = WORDS[name];
  return new ProblemError(busy, `More ${what} than this server takes on at once; go on when Retry-After says.`, { retryAfterMs });
}
