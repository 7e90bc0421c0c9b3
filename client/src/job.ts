/** A job: what an app does with it. */
import type { Child, ItemEvent, JobEvent, JobObject } from './events.ts';
import { Feed, type FeedOptions, type ReadOptions } from './feed.ts';
import type { Connection, Transport } from './follow.ts';
import type { Kinds } from './kinds.ts';
import { type OutputOptions, rangeHeaders, readFileOf } from './output.ts';
import { type ApiError, CANCELLED, JobError, ownError, plain } from './problem.ts';
import { answerOf, type CallOptions, request, type RequestOptions } from './request.ts';
import { type Deadlines, deadlineHeaders } from './submission.ts';

/** How a job is tried again. */
export type RetryOptions = CallOptions & Deadlines;

/**
 * A job of one kind. It is an async iterable of its events: each reader gets all of them, from the first that this client knows. Of a client
 * with an outbox it has no id until it is sent.
 */
export type Job<Kind extends keyof Kinds = keyof Kinds, Id extends string | undefined = string> = AsyncIterable<JobEvent<Kind>> & {
  readonly id: Id;
  /** What it was submitted under, and is called in the outbox; undefined for a job that was found by its id. */
  readonly key: string | undefined;
  /** Where the stream is, with the token that lets it be read. Keep it with the id, to go on after a restart without asking. */
  readonly streamUrl: string | undefined;
  /**
   * The number of the last event that the slowest reader has been given, however far the connection is; undefined before the first. Keep it
   * with what you have stored, to go on from there.
   */
  readonly cursor: number | undefined;
  /** How it is followed now: by its stream, or by long polls where the platform or the network allows no stream. */
  readonly transport: Transport;
  /** How it is connected now, and why not. */
  readonly connection: Connection;
  /** Calls back whenever that changes. Returns what stops it. It opens no connection. */
  onConnection(fn: (connection: Connection) => void): () => void;
  /** The job that it leads to, from when that is known to somebody who reads. It is the same object each time. */
  readonly child: Job | undefined;
  /** The events, as the job itself iterates over them, with a bound. */
  events(options?: ReadOptions): AsyncIterable<JobEvent<Kind>>;
  /** The items as they come, each once and in order. Ends with the job. */
  items(options?: ReadOptions): AsyncIterable<ItemEvent<Kinds[Kind]['items']>>;
  /**
   * The result, once the job has completed.
   * @throws JobError if it fails, is cancelled, or can't be followed; ApiError `unreachable` after `timeoutMs` without a word of the server
   */
  result(options?: ReadOptions): Promise<Kinds[Kind]['result']>;
  /** The job as it stands at the server. */
  status(options?: CallOptions): Promise<JobObject<Kind>>;
  /** Cancels it; resolves with the job. One that has ended stays as it is. One that was not sent is not sent any more: undefined. */
  cancel(options?: CallOptions): Promise<JobObject<Kind> | (Id extends string ? never : undefined)>;
  /** Tries a failed job again; it keeps its items. Who reads gets what comes then. */
  retry(options?: RetryOptions): Promise<JobObject<Kind>>;
  /** Erases it with everything of it. Who reads gets the error `job_not_found`. */
  delete(options?: CallOptions): Promise<void>;
  /** The file that it has made, or a part of it as soon as that is there, by its number from 0. */
  output(n?: number, options?: OutputOptions): Promise<Blob>;
  /** Closes the connection, for an app in the background. Nothing is lost: `resume` goes on where it was. */
  pause(): void;
  resume(): void;
  /**
   * Calls back with every event: at once with those that have come, then with each that comes. `onFailure`: the job can't be followed.
   * Returns what stops it.
   */
  subscribe(onEvent: (event: JobEvent<Kind>) => void, onFailure?: (error: unknown) => void): () => void;
};

/** What a job is made with. */
export type JobOptions = FeedOptions & {
  key?: string | undefined;
  /** Takes it out of the outbox. Returns whether it had not been sent. */
  withdraw?: (() => Promise<boolean>) | undefined;
  /** The network may be back. */
  onResume?: (() => void) | undefined;
};

/** A job, and what its outbox tells it. */
export type MadeJob = { job: Job; feed: Feed<JobEvent> };

/** Makes it. The connection is opened when somebody reads, and closed when nobody does. */
export function createJob(options: JobOptions): MadeJob {
  const { wire, timeoutMs, key, withdraw, onResume } = options;
  let child: Job | undefined;
  const onEvent = (event: JobEvent): void => {
    const { child: known, result } = event as { child?: Child; result?: { child?: Child } };
    const { jobId, streamUrl } = known ?? result?.child ?? {};
    if (jobId !== undefined) child ??= createJob({ wire, timeoutMs, cursor: undefined, target: { jobId, streamUrl } }).job;
  };
  const feed = new Feed<JobEvent>({ ...options, onEvent });
  const path = (rest: string): string => {
    if (!feed.target) throw ownError('not_sent', 'The job waits in the outbox: the server does not know it yet', true);
    return `/api/jobs/${feed.target.jobId}${rest}`;
  };
  const call = async (method: string, rest: string, init?: RequestOptions, over = wire): Promise<JobObject> =>
    request(over, path(rest), { ...init, method }, answerOf<JobObject>);
  const read = (bound?: ReadOptions) => feed.read(bound);
  const status = async (init?: CallOptions): Promise<JobObject> => {
    const job = await call('GET', '', init);
    if (feed.target) feed.target.streamUrl = job.streamUrl;
    return job;
  };
  const isWithdrawn = async () => !feed.target && (await withdraw?.());

  const job = {
    get id() {
      return feed.target?.jobId;
    },
    key,
    get streamUrl() {
      return feed.target?.streamUrl;
    },
    get cursor() {
      return feed.cursor;
    },
    get transport() {
      return feed.transport;
    },
    get connection() {
      return feed.connection;
    },
    get child() {
      return child;
    },
    onConnection: (fn: (connection: Connection) => void) => feed.onConnection(fn),
    [Symbol.asyncIterator]: () => read(),
    events: read,
    async *items(bound?: ReadOptions) {
      for await (const event of read(bound)) if (event.type === 'item') yield event;
    },
    async result(bound?: ReadOptions) {
      let end: JobEvent | undefined;
      for await (const event of read(bound)) end = event; // to the end, so that it counts as read
      if (end?.type === 'completed') return end.result;
      throw new JobError(end?.type === 'failed' ? end.error : CANCELLED);
    },
    status,
    cancel: async (init?: CallOptions) => ((await isWithdrawn()) ? undefined : call('POST', '/cancel', init)),
    async retry(init: RetryOptions = {}) {
      const { signal, retries } = init;
      const job = await call('POST', '/retry', { signal, retries, headers: deadlineHeaders(init) }).catch(async (error: ApiError) => {
        const now = error.code === 'job_not_failed' && (await status({ signal }));
        if (now && (now.status === 'waiting' || now.status === 'active')) return now; // an answer was lost, or another device was first
        throw error;
      });
      feed.reopen();
      return job;
    },
    async delete(init?: CallOptions) {
      if (await isWithdrawn()) return;
      let tries = 0;
      const counted = { ...wire, send: async (...args: Parameters<typeof wire.send>) => (tries++, wire.send(...args)) };
      await call('DELETE', '', init, counted).catch((error: ApiError) => {
        if (error.status !== 404 || tries < 2) throw error; // else the answer of an earlier try was lost
      });
      feed.fail(new JobError(plain('job_not_found', 'The job was erased')));
    },
    output: async (n?: number, init: OutputOptions = {}) => {
      const { signal, retries } = init;
      return request(
        wire,
        path(`/output${n === undefined ? '' : `/${n}`}`),
        { signal, retries, headers: rangeHeaders(init) },
        async (response, guard) => (response.ok ? readFileOf(response, guard, init) : answerOf<Blob>(response)),
      );
    },
    pause: () => feed.pause(),
    resume() {
      feed.resume();
      onResume?.();
    },
    subscribe: feed.subscribe.bind(feed),
  };
  return { job: job as unknown as Job, feed };
}
