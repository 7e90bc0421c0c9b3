/**
 * The pace of each holder. While several holders ask, one that asks faster than any app does has
 * its requests served one after the other, with the others' in between.
 */
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import { createLocalLimit } from '../jobs/rate-limit.ts';

/**
 * How many ms' worth of requests come at once, without a wait: an app that comes back asks for
 * everything in one moment.
 */
const BURST_MS = 2000;

/** How many requests of one holder may wait for their time. */
const MAX_WAITING = 1000;

/**
 * A body of so many bytes is as much work as a request without one: it is parsed in one piece,
 * while nobody else is served.
 */
const STEP_BYTES = 256 * 1024;

/** For how many requests the largest body counts. */
const MAX_STEPS = 60;

/** For how many requests one with a body of this announced length counts. */
export function stepsOf(contentLength: string | undefined): number {
  const bytes = Number(contentLength ?? 0);
  return bytes > STEP_BYTES ? Math.min(Math.ceil(bytes / STEP_BYTES), MAX_STEPS) : 1;
}

/**
 * How long after a request of another holder the pace applies, in ms. A holder that is alone takes
 * nobody's time.
 */
const SHARED_MS = 10_000;

/** The pace of all holders, by the generic cell rate algorithm (ITU-T I.371, annex A). */
export class Pace {
  readonly #stepMs: number;
  /**
   * When each holder's latest request would be due if its requests were evenly spread, on
   * performance.now()'s clock. The one that has not asked for longest stands first.
   */
  readonly #due = new Map<Tenant, number>();
  /** How many requests of a holder wait. */
  readonly #waiting = new Map<Tenant, number>();
  #latest: Tenant | undefined;
  #sharedUntil = 0;

  /**
   * `perSecond`: how many requests a holder has in the long run, as long as another holder asks,
   * too.
   */
  constructor(perSecond: number) {
    this.#stepMs = 1000 / perSecond;
  }

  /** Notes a request that is not paced: the other holders are not alone any more. */
  asks(holder: Tenant): void {
    if (this.#latest !== undefined && this.#latest !== holder) this.#sharedUntil = performance.now() + SHARED_MS;
    this.#latest = holder;
  }

  /**
   * Takes a request of a holder. Resolves when the request's time has come; undefined if that is
   * now. `steps`: for how many requests it counts, 1 by default.
   * @throws ProblemError `too_many_open` if too many of the holder's wait already
   */
  next(holder: Tenant, steps = 1): Promise<void> | undefined {
    this.asks(holder);
    const now = performance.now();
    this.#forget(now);
    const wanted = Math.max(this.#due.get(holder) ?? 0, now) + steps * this.#stepMs;
    const at = now < this.#sharedUntil ? wanted : Math.min(wanted, now + BURST_MS); // once another comes the burst is over
    const waitMs = at - now - BURST_MS;
    if (waitMs > 0 && (this.#waiting.get(holder) ?? 0) >= MAX_WAITING) {
      const detail = 'More of your requests wait for their time than a server keeps; go on when Retry-After says.';
      throw new ProblemError('too_many_open', detail, { retryAfterMs: waitMs });
    }
    this.#due.delete(holder);
    this.#due.set(holder, at);
    return waitMs > 0 ? this.#wait(holder, waitMs) : undefined;
  }

  #forget(now: number): void {
    for (const [holder, at] of this.#due) {
      if (at > now) break;
      this.#due.delete(holder);
    }
  }

  async #wait(holder: Tenant, ms: number): Promise<void> {
    this.#waiting.set(holder, (this.#waiting.get(holder) ?? 0) + 1);
    await pause(ms);
    const left = (this.#waiting.get(holder) ?? 0) - 1;
    if (left > 0) this.#waiting.set(holder, left);
    else this.#waiting.delete(holder);
  }
}

/**
 * How many refusals in a second a holder gets at once. An honest client waits as long as the first
 * one says.
 */
const REFUSALS_AT_ONCE = { name: 'refusals', max: 20, windowS: 1 };

/**
 * How long further ones rest, in ms, and how many may rest at the same time; those past that are
 * answered at once.
 */
const REST_MS = 1000;
const MAX_RESTING = 8000;

/**
 * Pauses before refusals: a holder that goes on asking gets its refusals later, since thousands a
 * second would take the time of others.
 */
export class RefusalRests {
  readonly #limit = createLocalLimit(REFUSALS_AT_ONCE);
  #resting = 0;

  /** Resolves when the next refusal of a holder is due; undefined: at once. */
  next(holder: Tenant): Promise<void> | undefined {
    if (this.#limit.consume(holder).allowed || this.#resting >= MAX_RESTING) return undefined;
    return this.#rest();
  }

  async #rest(): Promise<void> {
    this.#resting++;
    await pause(REST_MS);
    this.#resting--;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
