/** Follows a job to its end over any number of connections: each event once and in order, by its stream or, where that does not work, by long polls. */
import { type Child, ENDS, type JobObject } from './events.ts';
import { ApiError, JobError, problemOf, unreachable } from './problem.ts';
import { backoffMs, isPassing, pause, request, type Wire } from './request.ts';
import { readStream, type RawEvent } from './stream.ts';

/** How a job is followed now. */
export type Transport = 'stream' | 'poll';

/**
 * How a job is connected. `closed`: nobody reads, it is paused, or it is over; `connecting`: the first connection, or a new one soon after
 * the last; `live`: by its stream; `polling`: by long polls; `offline`: there is no answer, and it is tried again.
 */
export type Connection = {
  readonly state: 'connecting' | 'live' | 'polling' | 'offline' | 'closed';
  /** Why there is no connection. */
  readonly error?: ApiError | undefined;
  /** When it is tried again (RFC 3339); absent while it is being tried. */
  readonly retryAt?: string | undefined;
};

/** What is followed, and with what. */
export type FollowOptions = {
  wire: Wire;
  jobId: string;
  /** Where the stream is; undefined to ask the status for it. */
  streamUrl: string | undefined;
  /** The number of the last event that the client has. */
  cursor: number | undefined;
  /** Takes each event, as the server words it. */
  onEvent: (event: Record<string, unknown> & { type: string }) => void;
  onCursor: (cursor: number) => void;
  onConnection: (connection: Connection) => void;
  /** The server has said something of the job. */
  onHeard: () => void;
};

/** After so many connections in a row that brought nothing, a poll is tried. */
const LOST_IN_A_ROW = 3;

/** A poll that was answered within so many ms did not wait at the server. */
const QUICK_MS = 100;

/** How long a poll may wait at the server, in s. */
const WAIT_S = 25;

/**
 * Follows a job. Resolves at its end, and when the signal aborts.
 * @throws JobError if the job can't be followed: it is unknown, or the user may not see it
 */
export async function follow(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { wire, onConnection, onHeard } = options;
  const state = createState(options);
  let { streamUrl } = options;
  let canStream = true;
  let lost = 0; // connections in a row that brought nothing
  let answered = 0; // polls since a stream brought something
  let failures = 0; // tries in a row without an answer
  let isRefused = false;

  const heard = (): void => {
    failures = 0;
    onHeard();
  };
  const rest = async (ms: number): Promise<void> => pause(ms, signal).catch(() => {});
  const wait = async (error: unknown, retryMs = 0): Promise<void> => {
    if (error instanceof JobError && !isPassing(error.status ?? 0)) throw error; // a refusal that does not pass
    const asked = Math.min((error as Partial<ApiError> | undefined)?.retryAfterMs ?? retryMs, wire.backoff.mostMs);
    const ms = Math.max(asked, backoffMs(failures++, wire.backoff));
    onConnection(offline(error, ms));
    await rest(ms);
  };
  const stream = async (): Promise<void> => {
    try {
      streamUrl ??= (await askStatus(options, '', signal)).job?.streamUrl;
    } catch (error) {
      lost++;
      return wait(error);
    }
    const onEvent = (event: RawEvent): void => {
      onConnection({ state: 'live' });
      [lost, answered, isRefused] = [0, 0, false];
      state.take(event);
    };
    const end = await readStream({ wire, url: streamUrl ?? '', cursor: state.cursor(), signal, onEvent, onHeard: heard });
    if (signal.aborted || state.ended()) return;
    if (end.type === 'no stream') canStream = false;
    if (end.type === 'over') return poll(); // 204: the end was before the cursor, so the status tells it
    if (end.type === 'refused') {
      if (isRefused || end.error.status !== 401) throw end.error;
      [isRefused, streamUrl] = [true, undefined]; // its token has expired: the status, asked with the user's own, has a fresh one
    }
    if (end.type !== 'lost') return;
    if (!end.heard) {
      lost++;
      return wait(end.error, end.retryMs);
    }
    onConnection({ state: 'connecting' });
    await rest(backoffMs(0, wire.backoff));
  };
  const poll = async (): Promise<void> => {
    const askedAt = performance.now();
    try {
      await pollOnce(options, state, signal);
    } catch (error) {
      if (canStream) lost = 0; // then the stream again
      return wait(error);
    }
    heard();
    // The server may only have been away: the stream is tried once more before it is given up.
    if (canStream && answered++ === 0) lost = LOST_IN_A_ROW - 1;
    onConnection({ state: 'polling' });
    // A server that does not wait must not be asked in a loop.
    if (performance.now() - askedAt < QUICK_MS && !state.ended()) await rest(backoffMs(1, wire.backoff));
  };
  while (!signal.aborted && !state.ended()) await (canStream && lost < LOST_IN_A_ROW ? stream() : poll());
}

/** No connection, for so many ms. */
export function offline(error: unknown, ms: number): Connection {
  return {
    state: 'offline',
    error: error instanceof ApiError ? error : unreachable(error),
    retryAt: new Date(Date.now() + ms).toISOString(),
  };
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
  const progressOf = ({ percent, stage }: Record<string, unknown>): string => `${String(percent)} ${String(stage)}`;
  let hasChild = false; // whether the job that it leads to was told
  let isPartial = first !== undefined; // items from before the cursor were seen by somebody else

  const give = (event: Record<string, unknown> & { type: string }): void => {
    if (event.type === 'item') {
      const { list, index } = event as unknown as { list: string; index: number };
      if (index < (counts.get(list) ?? 0)) return; // a poll has shown it
      counts.set(list, index + 1);
    }
    if (event.type === 'reset') [counts, lastProgress, hasChild, isPartial] = [new Map(), '', false, false];
    if (event.type === 'progress') lastProgress = progressOf(event);
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
      const { status, attempt, position, etaSeconds, retryAt, paused, usage, progress } = job;
      const known = [status, attempt, position, paused?.reason, paused?.since].join(' ');
      if (progress) {
        const { percent, stage } = progress;
        if (progressOf(progress) !== lastProgress) give({ type: 'progress', percent, stage });
      }
      const { child } = (job.result ?? {}) as { child?: Child };
      if (child && !hasChild) give({ type: 'child', child });
      if (status === 'cancelled') give({ type: status });
      else if (ENDS.has(status)) give({ type: status, result: job.result, error: job.error, usage });
      else if (lastStatus !== known) {
        lastStatus = known;
        give({ type: 'status', status, attempt, position, etaSeconds, retryAt, paused });
      }
    },
  };
}

/** Asks for the status: at once at first, then for the next change. */
async function pollOnce(options: FollowOptions, state: State, signal: AbortSignal): Promise<void> {
  const { etag } = state;
  const wait = etag === undefined ? '' : `&wait=${WAIT_S}`;
  const known = etag === undefined ? undefined : { 'if-none-match': etag };
  const answer = await askStatus(options, `?include=items${wait}`, signal, known);
  state.etag = answer.etag ?? etag;
  if (answer.job) state.takeJob(answer.job);
}

/**
 * Asks for a status. The answer has no `job` if nothing is new.
 * @throws JobError if it is refused
 */
async function askStatus(
  { wire, jobId }: FollowOptions,
  query: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<{ job?: JobObject; etag?: string | undefined }> {
  const patient = { ...wire, callMs: WAIT_S * 1000 + wire.callMs };
  return request(patient, `/api/jobs/${jobId}${query}`, { headers, signal, retries: 0 }, async (response) => {
    const etag = response.headers.get('etag') ?? undefined;
    if (response.status === 304) return { etag };
    if (!response.ok) throw new JobError(await problemOf(response));
    return { job: (await response.json()) as JobObject, etag };
  });
}
