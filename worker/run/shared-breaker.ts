/**
 * Circuit breakers: what all workers together know of a provider's
 * health, so that a sick one is not asked by each job in turn.
 */
import type { ProblemCode } from '../../src/job/problem.ts';
import type { Breaker, BreakerAnswer } from './circuit-breaker.ts';
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

/**
 * For how long a process takes a breaker to be as it was seen, closed and without a failure, in ms.
 * Its calls then stand as if they had been made, or had succeeded, so much earlier. Its own
 * failures count at once.
 */
const SEEN_MS = 100;

/** A provider's breaker; all workers that name it alike share it. */
export class SharedBreaker implements Breaker {
  readonly #options: BreakerOptions;
  readonly #scripts;
  readonly #provider: string;
  readonly #breaker: string;
  readonly #store: Store;
  /** When this process last saw that nothing is known against the provider. */
  #soundAt = -Infinity;
  /** When a call of this process failed last. */
  #failedAt = -Infinity;

  constructor(store: Store, provider: string, options: BreakerOptions) {
    const define = <const Arg extends string>(name: string, args: readonly Arg[]) =>
      store.script(new URL(`scripts/breaker_${name}.lua`, import.meta.url), { keys: ['breaker'], args });
    this.#store = store;
    this.#options = options;
    this.#provider = provider;
    this.#breaker = store.keys.breaker(provider);
    this.#scripts = {
      enter: store.script(new URL('scripts/breaker_enter.lua', import.meta.url), {
        keys: ['breaker', 'pauses'],
        args: ['probeMs', 'paceMs', 'openMs', 'provider'],
      }),
      failed: define('failed', ['failures', 'openMs', 'maxMs', 'code', 'asked', 'keptMs']),
      succeeded: define('succeeded', []),
      leave: define('leave', ['permit']),
    };
  }

  async enter(): Promise<BreakerAnswer> {
    if (this.#isSound()) return { type: 'in', permit: 0 };
    const { probeMs, paceMs, openMs } = this.#options;
    const { pauses } = this.#store.keys.admin;
    const asked = { breaker: this.#breaker, pauses, probeMs, paceMs, openMs, provider: this.#provider };
    const askedAt = performance.now();
    const answer = await this.#store.retryWhileRefused(() => this.#scripts.enter(asked));
    const [code, value, sound] = answer as [code: ProblemCode | '', permitOrMs: number, sound?: number];
    if (sound === 1 && this.#failedAt < askedAt) this.#soundAt = askedAt;
    return code === '' ? { type: 'in', permit: value } : { type: 'held', code, ms: value };
  }

  async succeeded(): Promise<void> {
    if (this.#isSound()) return;
    await this.#store.retryWhileRefused(() => this.#scripts.succeeded({ breaker: this.#breaker }));
  }

  async failed(code: ProblemCode, retryAfterMs = 0): Promise<void> {
    this.#failedAt = performance.now();
    this.#soundAt = -Infinity;
    const { failures, openMs } = this.#options;
    const trouble = { failures, openMs, maxMs: MAX_OPEN_MS, code, asked: Math.ceil(retryAfterMs), keptMs: KEPT_MS };
    await this.#store.retryWhileRefused(() => this.#scripts.failed({ breaker: this.#breaker, ...trouble }));
  }

  async leave(permit: number): Promise<void> {
    if (permit > 0) await this.#store.retryWhileRefused(() => this.#scripts.leave({ breaker: this.#breaker, permit }));
  }

  #isSound(): boolean {
    return performance.now() - this.#soundAt < SEEN_MS;
  }
}

/** Reads which of these providers' breakers are open: since then no call has succeeded. */
export async function readOpenBreakers({ redis, keys }: Store, providers: readonly string[]): Promise<ReadonlySet<string>> {
  if (providers.length === 0) return new Set();
  const pipeline = redis.pipeline();
  for (const provider of providers) pipeline.hexists(keys.breaker(provider), 'until');
  const replies = (await pipeline.exec()) ?? [];
  return new Set(providers.filter((_, n) => replies[n]?.[1] === 1));
}
