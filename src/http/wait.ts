/** Waiting for a job within a request: long polls and `Prefer: wait`, on the same followers as the stream. */
import { ProblemError } from '../jobs/problem.ts';
import type { Look } from '../queue/look.ts';
import type { Feed } from '../stream/feed.ts';

/** The longest wait, in s: some hosts and phones give up on a silent answer at 30. */
export const MAX_WAIT_S = 25;

/** Reads a number of seconds; more than {@link MAX_WAIT_S} is that. `name` is what an error calls it. */
export function parseWait(text: string, name: string): number {
  if (!/^\d{1,6}(\.\d+)?$/.test(text))
    throw new ProblemError('invalid_input', `${name} must be a number of seconds, ${MAX_WAIT_S} at most.`);
  return Math.min(Number(text), MAX_WAIT_S);
}

/** What to wait for, and for how long. */
export type Wait = {
  seconds: number;
  /** Aborts when the client is gone. */
  signal: AbortSignal;
  /** Whether what is seen is worth an answer; without it only the end is. */
  isNews?: (look: Look) => boolean;
};

/** Looks at a job once it has ended or has news, or when the time is up; undefined if there is no such job (any more). */
export async function waitFor(
  jobId: string,
  { seconds, signal, isNews }: Wait,
  { feed, look }: { feed: Feed; look: () => Promise<Look | undefined> },
): Promise<Look | undefined> {
  const first = await look();
  if (!first || first.snapshot.end || isNews?.(first)) return first;
  const following = await feed.follow(jobId, first.snapshot.length);
  if (!following) return undefined;

  const over = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  let stirred = Promise.withResolvers<void>();
  const stir = () => stirred.resolve();
  over.addEventListener('abort', stir, { once: true });
  following.feed({ write: () => isNews && stir(), close: stir });
  try {
    for (;;) {
      await stirred.promise;
      stirred = Promise.withResolvers<void>(); // what happens during the look stirs again
      const seen = await look();
      if (!seen || seen.snapshot.end || over.aborted || isNews?.(seen)) return seen;
    }
  } finally {
    following.stop();
  }
}
