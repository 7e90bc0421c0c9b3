/** Circuit breakers: what all workers together know of a provider's health, so that a sick one is not asked by each job in turn. */
import type { ProblemCode } from '../../src/job/problem.ts';

import type { Store } from '../../src/store/store.ts';

/** When a breaker opens, and how those it holds back return; the durations are in ms. */
export type BreakerOptions = {
  /** So many failures without a success between them open it. */
  failures: number;
  /** For so long at first; after each probe that fails, for twice as long. */
  openMs: number;
  /** How long a probe may take before another may try. */
  probeMs: number;
  /** The pause between two of those who were held back, so that they leave room for others when they return. */
  paceMs: number;
};

/** Who may call, with what to give back at the end, or who is held back: why, and for how many ms. */
export type BreakerAnswer = { type: 'in'; permit: number } | { type: 'held'; code: ProblemCode; ms: number };

/** A provider's breaker. */
export type CircuitBreaker = {
  /** Asks to call the provider. Half-open, it lets one in as a probe. */
  enter(): Promise<BreakerAnswer>;
  /** The provider works: closes the breaker, unless it was opened after the call was made. */
  succeeded(): Promise<void>;
  /** The provider does not; `retryAfterMs` where it said itself for how long. */
  failed(code: ProblemCode, retryAfterMs: number | undefined): Promise<void>;
  /** The call ended without telling anything: if it was the probe, another may try. */
  leave(permit: number): Promise<void>;
};

/** No breaker is open for longer than this, in ms: then somebody tries. */
const MAX_OPEN_MS = 60_000;

/** How long a breaker that nobody touches remembers, in ms. */
const KEPT_MS = 3_600_000;

/** Makes a provider's breaker; all workers that name it alike share it. `retryWhileRefused`: what to do while Redis refuses a call. */
export function createBreaker(store: Store, provider: string, options: BreakerOptions): CircuitBreaker {
  const enter = store.script(new URL('scripts/breaker_enter.lua', import.meta.url), {
    keys: ['breaker'],
    args: ['probeMs', 'paceMs', 'openMs'],
  });
  const failed = store.script(new URL('scripts/breaker_failed.lua', import.meta.url), {
    keys: ['breaker'],
    args: ['failures', 'openMs', 'maxMs', 'code', 'asked', 'keptMs'],
  });
  const succeeded = store.script(new URL('scripts/breaker_succeeded.lua', import.meta.url), { keys: ['breaker'], args: [] });
  const leave = store.script(new URL('scripts/breaker_leave.lua', import.meta.url), { keys: ['breaker'], args: ['permit'] });
  const breaker = store.keys.breaker(provider);
  const { failures, openMs, probeMs, paceMs } = options;
  return {
    async enter() {
      const [code, value] = (await store.retryWhileRefused(() => enter({ breaker, probeMs, paceMs, openMs }))) as [
        ProblemCode | '',
        number,
      ];
      return code === '' ? { type: 'in', permit: value } : { type: 'held', code, ms: value };
    },
    async succeeded() {
      await store.retryWhileRefused(() => succeeded({ breaker }));
    },
    async failed(code, retryAfterMs = 0) {
      const trouble = { failures, openMs, maxMs: MAX_OPEN_MS, code, asked: Math.ceil(retryAfterMs), keptMs: KEPT_MS };
      await store.retryWhileRefused(() => failed({ breaker, ...trouble }));
    },
    async leave(permit) {
      if (permit > 0) await store.retryWhileRefused(() => leave({ breaker, permit }));
    },
  };
}
