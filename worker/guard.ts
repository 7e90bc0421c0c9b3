/** A provider behind its circuit breaker: while it is sick its jobs are held back, and nobody else's. */
import { ProblemError, type ProblemCode } from '../src/job/problem.ts';
import type { Provider } from './capabilities.ts';

/** What a guard needs of a circuit breaker; see the one in src/queue. */
export type Breaker = {
  enter(): Promise<{ type: 'in'; permit: number } | { type: 'held'; code: ProblemCode; ms: number }>;
  succeeded(): Promise<void>;
  failed(code: ProblemCode, retryAfterMs: number | undefined): Promise<void>;
  leave(permit: number): Promise<void>;
};

/** The breaker is open: the provider was not asked. */
export class CircuitOpenError extends ProblemError {
  override name = 'CircuitOpenError';
}

/** What says that a provider is sick; whatever else it answers shows that it is there. */
const SICK: ReadonlySet<ProblemCode> = new Set(['provider_unavailable', 'provider_rate_limited', 'provider_timeout']);

/** Guards a provider. */
export function guard(provider: Provider, breaker: Breaker): Provider {
  const makeList: Provider['makeList'] = async (request, taker, signal) => {
    const entry = await breaker.enter();
    if (entry.type === 'held') {
      const detail = 'The provider was in trouble just now; this job waits until it is tried again.';
      throw new CircuitOpenError(entry.code, detail, { retryAfterMs: entry.ms });
    }
    let known = false; // one report a call
    const succeeded = async (): Promise<void> => {
      if (!known) await breaker.succeeded();
      known = true;
    };
    const watched: typeof taker = {
      ...taker,
      async take(value) {
        await succeeded();
        return taker.take(value);
      },
    };
    try {
      const ending = await provider.makeList(request, watched, signal);
      await succeeded();
      return ending;
    } catch (error) {
      if (signal.aborted && !known && isTimeout(signal.reason)) {
        known = true; // the attempt's time was up before the provider had said a word
        await breaker.failed('provider_timeout', undefined);
      } else if (error instanceof ProblemError && !signal.aborted) {
        known = true;
        if (SICK.has(error.code)) await breaker.failed(error.code, error.extras.retryAfterMs);
        else await breaker.succeeded();
      }
      throw error;
    } finally {
      if (!known) await breaker.leave(entry.permit);
    }
  };
  return { ...provider, makeList };
}

/** As AbortSignal.timeout gives for a reason. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}
