/**
 * A capability with a fallback: the second one is asked if the
 * first one fails before it gave anything.
 */
import { ProblemError, problems } from '../src/job/problem.ts';
import type { Capability } from './capabilities.ts';
import { CircuitOpenError } from './run/circuit-breaker.ts';

/**
 * Asks `first`, and then `second` if `first` has failed before it gave anything. If a part of the
 * answer was there, the attempt fails instead, because only a new attempt can ask for the rest alone.
 */
export function withFallback<Request, Result>(
  first: Capability<Request, Result>,
  second: Capability<Request, Result>,
): Capability<Request, Result> {
  return async (request, report, signal) => {
    let hasBegun = false;
    const begun = (): void | Promise<void> => {
      hasBegun = true;
      return report.begun();
    };
    try {
      return await first(request, { ...report, begun }, signal);
    } catch (error) {
      if (hasBegun || signal.aborted || !(error instanceof ProblemError) || !problems[error.code].retryable) throw error;
      try {
        return await second(request, report, signal);
      } catch (secondError) {
        throw moreHopeful(error, secondError);
      }
    }
  };
}

/**
 * Chooses which of two failures counts. If one provider was held back by its breaker, it
 * was not asked, so the other's failure counts. A second failure that can't get better
 * never counts. Else a first failure that says when to come back counts, or the second.
 */
function moreHopeful(first: ProblemError, second: unknown): unknown {
  if (!(second instanceof ProblemError)) return second;
  if (second instanceof CircuitOpenError || !problems[second.code].retryable) return first;
  if (first instanceof CircuitOpenError) return second;
  return first.extras.retryAfterMs === undefined ? second : first;
}
