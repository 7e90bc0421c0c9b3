/** Watches one job in all ways at once: by its stream, by polls and by a long poll, so that each can be compared with the others. */
import { notJudged } from './check.ts';
import { type Answer, type Http, pause } from './http.ts';
import { ENDS, job as jobShape, type Job, type Submitted } from './shapes.ts';
import { isEnd, openStream, readStream, type Recording } from './stream.ts';

/** The longest time that a long poll waits here, in s. */
const WAIT_S = 20;

/** The pause after the first poll, and the longest one, in ms: a quick job is not waited for, and a slow one is not asked for too often. */
const PAUSE_MS = { first: 100, longest: 500 };

/** How a job looked to a poll. The times are in ms on the clock of performance.now(). */
export type Poll = { askedAt: number; answeredAt: number; answer: Answer; ended: boolean; items: number };

/** A long poll. `waitS`: how long it was to wait, in s. */
export type LongPoll = { waitS: number; answer: Answer };

/** A job that is watched. */
export type Watched = {
  job: Submitted;
  /** Its stream, opened right after the submission. */
  stream: Recording;
  /** The polls so far, one after the other. They stop at the job's end. */
  polls: readonly Poll[];
  longPoll: Promise<LongPoll>;
  /** Resolves with the job at its end as polls see it; with undefined if that does not come in time. */
  polled: Promise<Job | undefined>;
  /** The same. It ends the check as not judged if the end does not come in time. */
  ended(): Promise<Job>;
  /** Its stream from the start to the end, read after the end. */
  whole(): Promise<Recording & { status: number; headers: Headers }>;
};

/** Begins to watch a job. It goes on until the job's end, or until the time for it is over. */
export function watchJob(http: Http, job: Submitted): Watched {
  const path = `/api/jobs/${job.jobId}`;
  const stream = openStream(http, job.streamUrl);
  const polls: Poll[] = [];
  const polled = pollToEnd(http, path, polls);
  polled.catch(() => {}); // who needs it awaits it
  const waitS = Math.min(WAIT_S, Math.floor(http.patienceMs / 2000));
  const longPoll = http.ask(`${path}?wait=${waitS}`).then((answer) => ({ waitS, answer }));
  longPoll.catch(() => {}); // as above
  const ended = async (): Promise<Job> =>
    (await polled) ?? notJudged(`the first job had not ended after ${http.patienceMs / 1000} s: see poll-job; --timeout gives it more`);
  let whole: ReturnType<Watched['whole']> | undefined;
  const readWhole = async () => {
    await ended();
    return readStream(http, job.streamUrl);
  };
  return { job, stream, polls, longPoll, polled, ended, whole: () => (whole ??= readWhole()) };
}

/** Polls until the job has ended, or the time is over. Resolves with the job at its end. */
async function pollToEnd(http: Http, path: string, polls: Poll[]): Promise<Job | undefined> {
  const deadline = performance.now() + http.patienceMs;
  for (let pauseMs = PAUSE_MS.first; performance.now() < deadline; pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest)) {
    const askedAt = performance.now();
    const answer = await http.ask(`${path}?include=items`);
    const { status, items } = answer.json;
    const ended = typeof status === 'string' && ENDS.includes(status);
    polls.push({ askedAt, answeredAt: performance.now(), answer, ended, items: countItems(items) });
    if (ended) return jobShape.safeParse(answer.json).data ?? notJudged('the job is not as the contract says: see poll-job');
    await pause(pauseMs);
  }
  return undefined;
}

function countItems(items: unknown): number {
  if (typeof items !== 'object' || items === null) return 0;
  return Object.values(items).reduce((sum: number, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
}

/** The stream of a watched job from its opening to its end. It ends the check as not judged if the stream has no end event. */
export async function completeStream({ stream, ended }: Watched, http: Http): Promise<Recording> {
  await ended();
  const complete = await stream.until(() => stream.events().some(isEnd), http.patienceMs);
  return complete ? stream : notJudged("the job's stream had no end: see stream-end");
}
