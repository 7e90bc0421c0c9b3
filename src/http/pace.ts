/** The pace of each holder: who asks faster than any app does is served one after the other where others ask, too, so that they are served in between. */
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';

/** How many seconds' worth of requests come at once, without a wait: an app that comes back asks for everything in one moment. */
const BURST_S = 2;

/** How many requests of one holder may wait for their time. */
const MAX_WAITING = 1000;

/** A body of so many bytes is as much work as a request without one: it is parsed in one piece, while nobody else is served. */
const STEP_BYTES = 256 * 1024;

/** For how many requests the largest body counts. */
const MAX_STEPS = 60;

/** For how many requests one with a body of this announced length counts. */
export function stepsOf(contentLength: string | undefined): number {
  const bytes = Number(contentLength ?? 0);
  return bytes > STEP_BYTES ? Math.min(Math.ceil(bytes / STEP_BYTES), MAX_STEPS) : 1;
}

/** For how long a holder counts as one of several after another has asked, in ms. Who is alone takes nobody's time. */
const SHARED_MS = 10_000;

/** The pace of all holders. */
export type Pace = {
  /** A holder asks for something that is not paced: others are no longer alone. */
  asks(holder: Tenant): void;
  /**
   * A holder asks. Resolves when the request's time has come; undefined: at once. `steps`: for how many requests it counts, 1 by default.
   * @throws ProblemError `too_many_open` if too many of the holder's wait already
   */
  next(holder: Tenant, steps?: number): Promise<void> | undefined;
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
  /** How many requests of a holder wait. */
  const waiting = new Map<Tenant, number>();
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

  const wait = (holder: Tenant, ms: number): Promise<void> => {
    waiting.set(holder, (waiting.get(holder) ?? 0) + 1);
    return new Promise((resolve) => {
      setTimeout(() => {
        const left = (waiting.get(holder) ?? 0) - 1;
        if (left > 0) waiting.set(holder, left);
        else waiting.delete(holder);
        resolve();
      }, ms);
    });
  };

  return {
    asks,
    next(holder, steps = 1) {
      asks(holder);
      const now = performance.now();
      forget(now);
      const isShared = now < sharedUntil;
      const wanted = Math.max(due.get(holder) ?? 0, now) + steps * stepMs;
      const at = isShared ? wanted : Math.min(wanted, now + burstMs); // once another comes the burst is over
      const waitMs = at - now - burstMs;
      if (waitMs > 0 && (waiting.get(holder) ?? 0) >= MAX_WAITING) {
        const detail = 'More of your requests wait for their time than a server keeps; go on when Retry-After says.';
        throw new ProblemError('too_many_open', detail, { retryAfterMs: waitMs });
      }
      due.delete(holder);
      due.set(holder, at);
      return waitMs > 0 ? wait(holder, waitMs) : undefined;
    },
  };
}
