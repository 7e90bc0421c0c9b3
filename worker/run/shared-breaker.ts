/**
 * Circuit breakers: what all workers together know of a provider's
 * health, so that a sick one is not asked by each job in turn.
 */
import type { ProblemCode } from '../../src/job/problem.ts';
import type { Breaker } from './circuit-breaker.ts';
import type { Store } from '../../src/store/store.ts';

/** When a breaker opens, and how those it holds back return; the durations are in ms. */
export type BreakerOptions = {
  /** So many failures without a success between them open it. */
  failures: number;
  /** For so long at first; after each probe that fails, for twice as long. */
  openMs: number;
  /** How long a probe may take before another may try. */
  probeMs: number;
  /**
   * The pause between two of those who were held back, so that
   * they leave room for others when they return.
   */
  paceMs: number;
};

/** No breaker is open for longer than this, in ms: then somebody tries. */
const MAX_OPEN_MS = 60_000;

/** How long a breaker that nobody touches remembers, in ms. */
const KEPT_MS = 3_600_000;

/** A provider's breaker; all workers that name it alike share it. */
export function createBreaker(store: Store, provider: string, { failures, openMs, probeMs, paceMs }: BreakerOptions): Breaker {
  const define = <const Arg extends string>(name: string, args: readonly Arg[]) =>
    store.script(new URL(`scripts/breaker_${name}.lua`, import.meta.url), { keys: ['breaker'], args });
  const enter = define('enter', ['probeMs', 'paceMs', 'openMs']);
  const failed = define('failed', ['failures', 'openMs', 'maxMs', 'code', 'asked', 'keptMs']);
  const succeeded = define('succeeded', []);
  const leave = define('leave', ['permit']);
  const breaker = store.keys.breaker(provider);
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
