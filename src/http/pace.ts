/** The pace of each holder: who asks faster than any app does is served one after the other where others ask, too, so that they are served in between. */
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';

/** How many seconds' worth of requests come at once, without a wait: an app that comes back asks for everything in one moment. */
const BURST_S = 2;

/** How many requests of one holder may wait for their time. */
const MAX_WAITING = 1000;

/** For how long a holder counts as one of several after another has asked, in ms. Who is alone takes nobody's time. */
const SHARED_MS = 10_000;

/** The pace of all holders. */
export type Pace = {
  /** A holder asks for something that is not paced: others are no longer alone. */
  asks(holder: Tenant): void;
  /**
   * A holder asks. Resolves when the request's time has come; undefined: at once.
   * @throws ProblemError `too_many_open` if too many of the holder's wait already
   */
  next(holder: Tenant): Promise<void> | undefined;
};

/**
 * Keeps the pace of each holder, by the generic cell rate algorithm (ITU-T I.371, annex A): `perSecond` requests in the long run, as long as
 * another holder asks, too.
 */
export function createPace(perSecond: number): Pace {
  const stepMs = 1000 / perSecond;
  const burstMs = BURST_S * 1000;
  /** When a holder's requests up to now are due, were they evenly spread, on performance.now()'s clock. Those asked longest ago stand first. */
  const due = new Map<Tenant, number>();
  let latest: Tenant | undefined;
  let sharedUntil = 0;

  const forget = (now: number): void => {
    for (const [holder, at] of due) {
      if (at > now) break;
      due.delete(holder);
    }
  };

  const asks = (holder: Tenant): void => {
    if (latest !== undefined && latest !== holder) sharedUntil = performance.now() + SHARED_MS;
    latest = holder;
  };

  return {
    asks,
    next(holder) {
      asks(holder);
      const now = performance.now();
      forget(now);
      const isShared = now < sharedUntil;
      const wanted = Math.max(due.get(holder) ?? 0, now) + stepMs;
      const at = isShared ? wanted : Math.min(wanted, now + burstMs); // once another comes the burst is over
      const waitMs = at - now - burstMs;
      if (waitMs > MAX_WAITING * stepMs) {
        const detail = 'More of your requests wait for their time than a server keeps; go on when Retry-After says.';
        throw new ProblemError('too_many_open', detail, { retryAfterMs: waitMs });
      }
      due.delete(holder);
      due.set(holder, at);
      return waitMs > 0 ? new Promise((resolve) => setTimeout(resolve, waitMs)) : undefined;
    },
  };
}
