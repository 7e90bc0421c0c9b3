/**
 * Waits for a job within a request: long polls and `Prefer: wait`. The request is a follower of the
 * job, like a stream.
 */
import { ProblemError } from '../job/problem.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { Feed } from '../stream/feed.ts';
import type { Hold } from './shares.ts';

/** The longest wait, in s. Some hosts and phones close a connection that is silent for 30 s. */
export const MAX_WAIT_S = 25;

/**
 * Reads a number of seconds, and limits it to {@link MAX_WAIT_S}. `name`: the parameter's name, for
 * the error `invalid_input`.
 */
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
  /**
   * Holds a place for the wait, once it is known that there is something to wait for. Undefined:
   * there is none, and the job is returned as it is.
   */
  hold: (view: JobView) => Hold | undefined;
  /** Whether a reading has news for the client. Without it the wait goes on until the job's end. */
  isNews?: ((view: JobView) => boolean) | undefined;
};

/** How the job is followed and read. */
type Reading = { feed: Feed; read: () => Promise<JobView | undefined> };

/**
 * Resolves with the job when it has ended or has news, or when the time is over; undefined if there
 * is no such job (any more).
 */
export async function waitFor(jobId: string, { hold, ...wait }: Wait, { feed, read }: Reading): Promise<JobView | undefined> {
  const first = await read();
  if (!first || first.snapshot.end || wait.isNews?.(first)) return first;
  const place = hold(first);
  if (!place) return first;
  try {
    return await followUntil(jobId, first, wait, { feed, read });
  } finally {
    place.release();
  }
}

async function followUntil(
  jobId: string,
  first: JobView,
  { seconds, signal, isNews }: Omit<Wait, 'hold'>,
  { feed, read }: Reading,
): Promise<JobView | undefined> {
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
    if (end.aborted) giveUp(); // a signal that is already aborted fires no event
    else end.addEventListener('abort', giveUp, { once: true });
  }
  // The sink is closed at the job's end, and when the server ends all streams. Both end the wait.
  following.feed({ write: () => isNews && stir(), close: giveUp }, 'wait');
  try {
    for (;;) {
      await stirred.promise;
      stirred = Promise.withResolvers<void>(); // a signal during the reading causes another reading
      const seen = await read();
      if (!seen || seen.snapshot.end || over.signal.aborted || isNews?.(seen)) return seen;
    }
  } finally {
    following.stop();
  }
}
