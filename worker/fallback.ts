/** A provider with another to fall back on: who asks gets an answer from the first of them that has one. */
import { ProblemError, problems } from '../src/job/problem.ts';
import { CircuitOpenError } from './guard.ts';
import type { Provider } from './capabilities.ts';

/**
 * Asks `first`, and `second` where that has failed before it gave anything. Once there is an item, a failure is the
 * attempt's: the next one asks for the rest alone, which this one could not.
 */
export function withFallback(first: Provider, second: Provider): Provider {
  const makeList: Provider['makeList'] = async (request, taker, signal) => {
    let begun = false;
    const watched: typeof taker = {
      ...taker,
      take(value) {
        begun = true;
        return taker.take(value);
      },
    };
    try {
      return await first.makeList(request, watched, signal);
    } catch (error) {
      if (begun || signal.aborted || !(error instanceof ProblemError) || !problems[error.code].retryable) throw error;
      try {
        return await second.makeList(request, taker, signal);
      } catch (secondError) {
        throw moreHopeful(error, secondError);
      }
    }
  };
  return { name: first.name, makeList };
}

/**
 * Of two failures the one to go by. Who was held back was not asked, so the other's counts, unless it can't get
 * better; else whoever said when to come back, or the latter.
 */
function moreHopeful(first: ProblemError, second: unknown): unknown {
  if (!(second instanceof ProblemError)) return second;
  if (second instanceof CircuitOpenError || !problems[second.code].retryable) return first;
  if (first instanceof CircuitOpenError) return second;
  return first.extras.retryAfterMs === undefined ? second : first;
}
