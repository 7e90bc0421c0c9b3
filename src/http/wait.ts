/** Waiting for a job within a request: long polls and `Prefer: wait`, on the same followers as the stream. */
import { ProblemError } from '../job/problem.ts';
import type { JobView } from '../queue/read-job.ts';
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
  isNews?: (view: JobView) => boolean;
};

/** Looks at a job once it has ended or has news, or when the time is up; undefined if there is no such job (any more). */
export async function waitFor(
  jobId: string,
  { seconds, signal, isNews }: Wait,
  { feed, read }: { feed: Feed; read: () => Promise<JobView | undefined> },
): Promise<JobView | undefined> {
  const first = await read();
  if (!first || first.snapshot.end || isNews?.(first)) return first;
  const following = await feed.follow(jobId, first.snapshot.length);
  if (!following) return undefined;

  const timer = AbortSignal.timeout(seconds * 1000);
  const over = new AbortController();
  let stirred = Promise.withResolvers<void>();
  const stir = () => stirred.resolve();
  const giveUp = (): void => {
    over.abort();
    stir();
  };
  for (const end of [signal, timer]) {
    if (end.aborted) giveUp(); // an abort that has been is not heard again
    else end.addEventListener('abort', giveUp, { once: true });
  }
  // Closed at the job's end, and when the server ends all streams: either way there is nothing more to wait for.
  following.feed({ write: () => isNews && stir(), close: giveUp });
  try {
    for (;;) {
      await stirred.promise;
      stirred = Promise.withResolvers<void>(); // what happens during the reading wakes it again
      const seen = await read();
      if (!seen || seen.snapshot.end || over.signal.aborted || isNews?.(seen)) return seen;
    }
  } finally {
    following.stop();
  }
}
