/** The pace of each holder: who asks faster than any app does is served one after the other, so that others are served in between. */
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';

/** How many seconds' worth of requests come at once, without a wait: an app that comes back asks for everything in one moment. */
const BURST_S = 2;

/** How many requests of one holder may wait for their time. */
const MAX_WAITING = 1000;

/**
 * Keeps the pace of each holder, by the generic cell rate algorithm (ITU-T I.371, annex A): `perSecond` requests in the long run. Resolves when
 * the next one's time has come; undefined: at once.
 * @throws ProblemError `too_many_open` if too many of the holder's wait already
 */
export function createPace(perSecond: number): (holder: Tenant) => Promise<void> | undefined {
  const stepMs = 1000 / perSecond;
  const burstMs = BURST_S * 1000;
  /** When a holder's requests up to now are due, were they evenly spread, on performance.now()'s clock. Those asked longest ago stand first. */
  const due = new Map<Tenant, number>();

  const forget = (now: number): void => {
    for (const [holder, at] of due) {
      if (at > now) break;
      due.delete(holder);
    }
  };

  return (holder) => {
    const now = performance.now();
    forget(now);
    const at = Math.max(due.get(holder) ?? 0, now) + stepMs;
    const waitMs = at - now - burstMs;
    if (waitMs > MAX_WAITING * stepMs) {
      const detail = 'More of your requests wait for their time than a server keeps; go on when Retry-After says.';
      throw new ProblemError('too_many_open', detail, { retryAfterMs: waitMs });
    }
    due.delete(holder);
    due.set(holder, at);
    return waitMs > 0 ? new Promise((resolve) => setTimeout(resolve, waitMs)) : undefined;
  };
}
