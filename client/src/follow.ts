/** Follows a job to its end over any number of connections: each event once and in order, by its stream or, where that does not work, by long polls. */
import { JobError, problemOf, CANCELLED, type Problem } from './problem.ts';
import type { Child, JobObject } from './events.ts';
import { backoffMs, pause, type Send } from './request.ts';
import { readStream, type RawEvent } from './stream.ts';

/** How a job is followed now. */
export type Transport = 'stream' | 'poll';

/** What is followed, and with what. */
export type FollowOptions = {
  send: Send;
  jobId: string;
  /** Where the stream is; undefined to ask the status for it. */
  streamUrl: string | undefined;
  /** The number of the last event that the client has. */
  cursor: number | undefined;
  silenceMs: number;
  backoff: { firstMs: number; mostMs: number };
  /** Takes each event, as the server words it. */
  onEvent: (event: Record<string, unknown> & { type: string }) => void;
  onCursor: (cursor: number) => void;
  onTransport: (transport: Transport) => void;
};

/** After so many connections in a row that brought nothing, long polls are tried. */
const LOST_IN_A_ROW = 3;

/** A poll that was answered within so many ms did not wait at the server. */
const QUICK_MS = 100;

/** How long a poll may wait at the server, in s. */
const WAIT_S = 25;

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);

/**
 * Follows a job. Resolves at its end, and when the signal aborts.
 * @throws JobError if the job can't be followed: it is unknown, or the user may not see it
 */
export async function follow(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { send, jobId, silenceMs, backoff, onTransport } = options;
  const state = createState(options);
  let streamUrl = options.streamUrl;
  let failures = 0;
  let refused = 0;
  let canStream = true;

  while (!signal.aborted && !state.ended()) {
    if (canStream && failures < LOST_IN_A_ROW) {
      onTransport('stream');
      streamUrl ??= (await askStatus(send, `/api/jobs/${jobId}`, signal))?.job?.streamUrl;
      if (streamUrl === undefined) {
        failures++;
        await pause(backoffMs(failures, backoff), signal).catch(() => {});
        continue;
      }
      const end = await readStream({ send, url: streamUrl, cursor: state.cursor(), silenceMs, signal, onEvent: state.take });
      if (signal.aborted || state.ended()) return;
      if (end.type === 'no stream') canStream = false;
      if (end.type === 'refused') {
        if (refused++ > 0 || end.response.status !== 401) throw new JobError(await problemOf(end.response));
        streamUrl = undefined; // its token has expired: the status, asked with the user's own, has a fresh one
        continue;
      }
      // 204: the end was before the cursor, so the status tells it.
      if (end.type === 'over' && !(await pollOnce(options, state, signal)))
        await pause(backoffMs(++failures, backoff), signal).catch(() => {});
      if (end.type === 'lost') {
        failures = end.heard ? 0 : failures + 1;
        refused = 0;
        const asked = end.heard ? 0 : Math.min(end.retryMs ?? 0, backoff.mostMs);
        await pause(Math.max(asked, backoffMs(failures, backoff)), signal).catch(() => {});
      }
      continue;
    }
    onTransport('poll');
    const askedAt = performance.now();
    if (await pollOnce(options, state, signal)) {
      // A server that does not wait must not be asked in a loop.
      if (performance.now() - askedAt < QUICK_MS && !state.ended()) await pause(backoffMs(1, backoff), signal).catch(() => {});
      continue;
    }
    failures = canStream ? 0 : failures + 1; // then the stream again
    await pause(backoffMs(Math.max(failures, 1), backoff), signal).catch(() => {});
  }
}

/** What has been given on so far. */
type State = {
  take(event: RawEvent): void;
  /** Gives on what a poll shows and no event has told. */
  takeJob(job: JobObject): void;
  cursor(): number | undefined;
  ended(): boolean;
  etag: string | undefined;
};

function createState({ cursor: first, onEvent, onCursor }: FollowOptions): State {
  let cursor = first;
  let ended = false;
  let counts = new Map<string, number>(); // how many items of each list were given on; unknown before a cursor from outside
  let lastStatus = '';
  let lastProgress = '';
  let hasChild = false; // whether the job that it leads to was told
  let isPartial = first !== undefined; // items from before the cursor were seen by somebody else

  const give = (event: Record<string, unknown> & { type: string }): void => {
    if (event.type === 'item') {
      const [list, index] = [String(event['list']), Number(event['index'])];
      if (index < (counts.get(list) ?? 0)) return; // a poll has shown it
      counts.set(list, index + 1);
    }
    if (event.type === 'reset') [counts, lastProgress, hasChild, isPartial] = [new Map(), '', false, false];
    if (event.type === 'progress') lastProgress = `${String(event['percent'])} ${String(event['stage'])}`;
    hasChild ||= event.type === 'child';
    ended ||= ENDS.has(event.type);
    onEvent(event);
  };

  return {
    etag: undefined,
    cursor: () => cursor,
    ended: () => ended,
    take({ id, type, data }) {
      if (ended || (id !== undefined && cursor !== undefined && id <= cursor)) return; // it came before
      if (type === 'reset') cursor = undefined;
      if (id !== undefined) {
        cursor = id;
        onCursor(id);
      }
      give({ ...data, type });
    },
    takeJob(job) {
      if (ended) return;
      if (isPartial) give({ type: 'reset' }); // a status has all items, and does not tell which are new
      for (const [list, values] of Object.entries<unknown[]>(job.items ?? {})) {
        for (const [index, value] of values.entries()) give({ type: 'item', list, index, value });
      }
      const { status, attempt, position, etaSeconds, retryAt, usage, progress } = job;
      if (progress && `${progress.percent} ${progress.stage}` !== lastProgress) {
        give({ type: 'progress', percent: progress.percent, stage: progress.stage });
      }
      const { child } = (job.result ?? {}) as { child?: Child };
      if (child && !hasChild) give({ type: 'child', child });
      if (status === 'completed') give({ type: status, result: job.result, usage });
      else if (status === 'failed') give({ type: status, error: job.error, usage });
      else if (status === 'cancelled') give({ type: status });
      else if (lastStatus !== `${status} ${attempt} ${position}`) {
        lastStatus = `${status} ${attempt} ${position}`;
        give({ type: 'status', status, attempt, position, etaSeconds, retryAt });
      }
    },
  };
}

/** Asks for the status: at once at first, then for the next change. Returns whether there was an answer. */
async function pollOnce({ send, jobId }: FollowOptions, state: State, signal: AbortSignal): Promise<boolean> {
  const { etag } = state;
  const wait = etag === undefined ? '' : `&wait=${WAIT_S}`;
  const answer = await askStatus(
    send,
    `/api/jobs/${jobId}?include=items${wait}`,
    signal,
    etag === undefined ? {} : { 'if-none-match': etag },
  );
  if (!answer) return false;
  if (answer.etag !== undefined) state.etag = answer.etag;
  if (answer.job) state.takeJob(answer.job);
  return true;
}

/** Asks for a status. Undefined if there was no answer; without a `job` if nothing is new. */
async function askStatus(
  send: Send,
  path: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<{ job?: JobObject; etag?: string | undefined } | undefined> {
  const response = await send(path, { headers, signal }).catch(() => undefined);
  if (!response) return undefined;
  const etag = response.headers.get('etag') ?? undefined;
  if (response.status === 304) return { etag };
  if (response.ok) {
    const job = (await response.json().catch(() => undefined)) as JobObject | undefined;
    return job && { job, etag };
  }
  if (response.status >= 500 || response.status === 429) return undefined;
  throw new JobError(await problemOf(response));
}

/** Why a job has no result. */
export function problemOfEnd(event: { type: string; error?: Problem }): Problem {
  return event.error ?? CANCELLED;
}
