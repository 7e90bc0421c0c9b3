/** A capability with another to fall back on: a request is answered by the first of the two that can. */
import { ProblemError, problems } from '../src/job/problem.ts';
import type { Capability } from './capabilities.ts';
import { CircuitOpenError } from './guard.ts';

/**
 * Asks `first`, and `second` where that has failed before it gave anything. Once something of the answer is there, a failure
 * is the attempt's: the next one asks for the rest alone, which this one could not.
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
 * Of two failures the one to go by. A provider that was held back was not asked, so the other's failure counts, unless that
 * can't get better. Otherwise the failure that says when to come back counts, or the latter.
 */
function moreHopeful(first: ProblemError, second: unknown): unknown {
  if (!(second instanceof ProblemError)) return second;
  if (second instanceof CircuitOpenError || !problems[second.code].retryable) return first;
  if (first instanceof CircuitOpenError) return second;
  return first.extras.retryAfterMs === undefined ? second : first;
}
