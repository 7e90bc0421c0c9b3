/**
 * A capability behind its circuit breaker: while a provider is
 * in trouble, only the jobs that need it are held back.
 */
import { ProblemError, type ProblemCode } from '../../src/job/problem.ts';
import type { Author } from '../../src/job/snapshot.ts';
import type { Call, Capability, Report } from '../capabilities.ts';

/** Who may call, with what to give back at the end; or who is held back: why, and for how many ms. */
export type BreakerAnswer = { type: 'in'; permit: number } | { type: 'held'; code: ProblemCode; ms: number };

/** What all workers together know of a provider's health. */
export type Breaker = {
  /** Asks to call the provider. Half-open, it lets one in as a probe. */
  enter(): Promise<BreakerAnswer>;
  /** The provider works: closes the breaker, unless it was opened after the call was made. */
  succeeded(): Promise<void>;
  /** The provider does not; `retryAfterMs` where it said itself for how long. */
  failed(code: ProblemCode, retryAfterMs: number | undefined): Promise<void>;
  /** The call ended and nothing is known: if it was the probe, another may try. */
  leave(permit: number): Promise<void>;
};

/** The breaker is open, so the provider was not asked. */
export class CircuitOpenError extends ProblemError {
  override name = 'CircuitOpenError';
}

/** The errors that show that a provider is in trouble. Any other answer shows that it works. */
const TROUBLE: ReadonlySet<ProblemCode> = new Set(['provider_unavailable', 'provider_rate_limited', 'provider_timeout']);

/** Puts a capability behind a breaker. */
export function guard<Request, Result>(work: Capability<Request, Result>, breaker: Breaker): Capability<Request, Result> {
  return async (request, report, signal) => {
    const entry = await breaker.enter();
    if (entry.type === 'held') {
      const detail = 'The provider was in trouble just now; this job waits until it is tried again.';
      throw new CircuitOpenError(entry.code, detail, { retryAfterMs: entry.ms });
    }
    const call = watchCall(report);
    let known = false; // whether the breaker was told; one report for each call
    let telling: Promise<void> | undefined;
    const succeeded = (): void => {
      if (known) return;
      known = true;
      telling = breaker.succeeded();
      telling.catch(() => {}); // the end of the call rejects with it
    };
    const begun = (): void | Promise<void> => {
      succeeded(); // not waited for: what has begun goes out at once
      return call.report.begun();
    };
    try {
      const result = await work(request, { ...call.report, begun }, signal);
      call.ended();
      succeeded();
      await telling;
      return result;
    } catch (error) {
      call.ended(signal.aborted && !isTimeout(signal.reason) ? 'aborted' : codeOf(error));
      if (signal.aborted && !known && isTimeout(signal.reason)) {
        known = true; // the attempt's time was over before the provider sent anything
        await breaker.failed('provider_timeout', undefined);
      } else if (error instanceof ProblemError && !signal.aborted) {
        known = true;
        if (TROUBLE.has(error.code)) await breaker.failed(error.code, error.extras.retryAfterMs);
        else await breaker.succeeded();
      }
      throw error;
    } finally {
      if (!known) await breaker.leave(entry.permit);
    }
  };
}

/** Times a call, and reports it once when it is over. A call that was not begun is none. */
function watchCall(report: Report): { report: Report; ended(code?: ProblemCode | 'aborted'): void } {
  const start = performance.now();
  let author: Author | undefined;
  let call: Call | undefined;
  let firstMs: number | undefined;
  let finish: string | undefined;
  return {
    report: {
      ...report,
      async startCall(expected, by) {
        author = by;
        call = await report.startCall(expected, by);
        return call;
      },
      begun() {
        firstMs ??= performance.now() - start;
        return report.begun();
      },
      finished(reason) {
        finish = reason;
      },
    },
    ended(code) {
      if (author) report.called?.({ author, ms: performance.now() - start, firstMs, finish, code, used: () => call?.used?.() });
      author = undefined;
    },
  };
}

function codeOf(error: unknown): ProblemCode {
  if (isTimeout(error)) return 'provider_timeout';
  return error instanceof ProblemError ? error.code : 'internal_error';
}

/** Whether an abort's reason is that of AbortSignal.timeout. */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError';
}
