/** A job: one connection, however many read it, and everything that has come, so that a late reader misses nothing. */
import { ENDS, type ItemEvent, type JobEvent, type JobObject } from './events.ts';
import { follow, problemOfEnd, type Transport } from './follow.ts';
import type { Kinds } from './kinds.ts';
import { ApiError, JobError, problemOf } from './problem.ts';
import type { Send } from './request.ts';

/** A job of one kind. It is an async iterable of its events: each reader gets all of them, from the first that this client knows. */
export type Job<Kind extends keyof Kinds = keyof Kinds> = AsyncIterable<JobEvent<Kind>> & {
  readonly id: string;
  /** Where the stream is, with the token that lets it be read. Keep it with the id, to go on after a restart without asking. */
  readonly streamUrl: string | undefined;
  /**
   * The number of the last event that the slowest reader has been given, however far the connection is; undefined before the first. Keep it
   * with what you have stored, to go on from there.
   */
  readonly cursor: number | undefined;
  /** How it is followed now: by its stream, or by long polls where the platform or the network allows no stream. */
  readonly transport: Transport;
  /** The items as they come, each once and in order. Ends with the job. */
  items(): AsyncIterable<ItemEvent<Kinds[Kind]['items']>>;
  /**
   * The result, once the job has completed.
   * @throws JobError if it fails, is cancelled, or can't be followed
   */
  result(): Promise<Kinds[Kind]['result']>;
  /** The job as it stands at the server. */
  status(): Promise<JobObject<Kind>>;
  /** Cancels it; resolves with the job. One that has ended stays as it is. */
  cancel(): Promise<JobObject<Kind>>;
  /** Erases it with everything of it. */
  delete(): Promise<void>;
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
export type JobOptions = {
  send: Send;
  id: string;
  streamUrl?: string | undefined;
  cursor?: number | undefined;
  silenceMs: number;
  backoff: { firstMs: number; mostMs: number };
};

/** Who reads, and the number of the last event that it was given. */
type Reader = { cursor: number | undefined };

/** How far the slowest reader is; undefined if one has nothing yet. */
function lowest(readers: readonly Reader[]): number | undefined {
  const cursors = readers.map(({ cursor }) => cursor ?? -1);
  const least = Math.min(...cursors);
  return least < 0 ? undefined : least;
}

/** Makes it. The connection is opened when somebody reads, and closed when nobody does. */
export function createJob<Kind extends keyof Kinds>(options: JobOptions): Job<Kind> {
  const { send, id } = options;
  let { streamUrl, cursor: reached } = options; // how far the connection is
  let transport: Transport = 'stream';
  let events: JobEvent<Kind>[] = []; // since the last reset, which is the first then
  let cursors: (number | undefined)[] = []; // how far the connection was with each of them
  let generation = 0; // how many resets there were
  let failure: unknown;
  let isOver = false;
  let isPaused = false;
  const readers = new Set<Reader>();
  let left = options.cursor; // how far the last reader was that went
  let connection: AbortController | undefined;
  const waiting = new Set<() => void>();

  const wake = (): void => {
    for (const look of waiting) look();
  };

  const take = (event: { type: string }): void => {
    if (event.type === 'reset') {
      [events, cursors] = [[], []];
      generation++;
    }
    const last = events.at(-1);
    // Of two statuses in a row the newer is enough for who comes later.
    if (event.type === 'status' && last?.type === 'status') {
      events.pop();
      cursors.pop();
    }
    events.push(event as JobEvent<Kind>);
    cursors.push(reached);
    isOver ||= ENDS.has(event.type);
    listeners.forEach(({ reader, onEvent }) => {
      reader.cursor = reached;
      onEvent(event as JobEvent<Kind>);
    });
    wake();
  };
  type Listener = { reader: Reader; onEvent: (event: JobEvent<Kind>) => void; onFailure?: ((error: unknown) => void) | undefined };
  const listeners = new Set<Listener>();

  const connect = (): void => {
    if (connection || isOver || isPaused || readers.size === 0 || failure !== undefined) return;
    const own = new AbortController();
    connection = own;
    void follow(
      {
        ...options,
        jobId: id,
        streamUrl,
        cursor: reached,
        onEvent: (event) => own.signal.aborted || take(event),
        onCursor: (seq) => void (own.signal.aborted || (reached = seq)),
        onTransport: (now) => (transport = now),
      },
      own.signal,
    )
      .catch((error: unknown) => {
        if (own.signal.aborted) return;
        failure = error;
        listeners.forEach(({ onFailure }) => onFailure?.(error));
      })
      .finally(() => {
        if (connection === own) connection = undefined;
        wake();
      });
  };
  const disconnect = (): void => {
    connection?.abort();
    connection = undefined;
  };
  const enter = (): Reader => {
    const reader = { cursor: options.cursor };
    readers.add(reader);
    connect();
    return reader;
  };
  const leave = (reader: Reader): void => {
    if (!readers.delete(reader) || readers.size > 0) return;
    left = reader.cursor;
    disconnect();
  };

  async function* read(): AsyncGenerator<JobEvent<Kind>, void> {
    const reader = enter();
    let [seen, at] = [generation, 0];
    try {
      for (;;) {
        if (seen !== generation) [seen, at] = [generation, 0];
        const event = events[at];
        if (event) {
          reader.cursor = cursors[at++];
          yield event;
          if (ENDS.has(event.type)) return;
        } else if (failure !== undefined) throw failure;
        else if (isOver) return;
        else await next();
      }
    } finally {
      leave(reader);
    }
  }
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
    });

  const call = async (method: string, path: string): Promise<Response> => {
    const response = await send(path, { method });
    if (!response.ok) throw new ApiError(await problemOf(response));
    return response;
  };

  return {
    id,
    get streamUrl() {
      return streamUrl;
    },
    get cursor() {
      return readers.size > 0 ? lowest([...readers]) : left;
    },
    get transport() {
      return transport;
    },
    [Symbol.asyncIterator]: read,
    async *items() {
      for await (const event of read()) if (event.type === 'item') yield event;
    },
    async result() {
      for await (const event of read()) {
        if (event.type === 'completed') return event.result;
        if (event.type === 'failed' || event.type === 'cancelled') throw new JobError(problemOfEnd(event));
      }
      throw new JobError({ code: 'unknown', title: 'The job has no end', detail: 'The job has no end.', retryable: true });
    },
    async status() {
      const job = (await (await call('GET', `/api/jobs/${id}`)).json()) as JobObject<Kind>;
      streamUrl = job.streamUrl;
      return job;
    },
    cancel: async () => (await call('POST', `/api/jobs/${id}/cancel`)).json() as Promise<JobObject<Kind>>,
    async delete() {
      await call('DELETE', `/api/jobs/${id}`);
      disconnect();
    },
    pause() {
      isPaused = true;
      disconnect();
    },
    resume() {
      isPaused = false;
      connect();
    },
    subscribe(onEvent, onFailure) {
      const reader = enter();
      const listener = { reader, onEvent, onFailure };
      for (const [at, event] of events.entries()) {
        reader.cursor = cursors[at];
        onEvent(event);
      }
      if (failure !== undefined) onFailure?.(failure);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        leave(reader);
      };
    },
  };
}
