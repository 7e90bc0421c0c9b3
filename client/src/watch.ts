/** All jobs of a user, as they change, over any number of connections. */
import type { JobEvent } from './events.ts';
import { type Connection, offline } from './follow.ts';
import { ownError, unreachable } from './problem.ts';
import { backoffMs, pause, type Wire } from './request.ts';
import { readStream } from './stream.ts';

/** A status or an end of one of the jobs. At first, and after each lost connection, all that are unfinished or have just ended come. */
export type WatchEvent = Extract<JobEvent, { type: 'status' | 'completed' | 'failed' | 'cancelled' }> & { jobId: string };

/** The jobs of a user, as they change. The connection is opened when somebody iterates. A reader that is slow gets the newest of each job. */
export type Watch = AsyncIterable<WatchEvent> & {
  readonly connection: Connection;
  /** Calls back whenever that changes. Returns what stops it. */
  onConnection(fn: (connection: Connection) => void): () => void;
  /** Ends all iterations. */
  close(): void;
};

/** What a watch is made with. */
export type WatchOptions = {
  /** Ends it: an iteration rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** After so long without a word of the server an iteration rejects with `unreachable`, in ms. The client's `timeoutMs` by default. */
  timeoutMs?: number | undefined;
};

/** Makes it. */
export function createWatch(wire: Wire, { signal, timeoutMs = 0 }: WatchOptions): Watch {
  let connection: Connection = { state: 'closed' };
  const watchers = new Set<(connection: Connection) => void>();
  const closing = new AbortController();
  const show = (next: Connection): void => {
    if (next.state === connection.state && !next.error) return;
    connection = next;
    for (const tell of watchers) tell(next);
  };

  /** Reads until it is left. Rejects if it is refused, or after too long a silence. */
  const follow = async (own: AbortSignal, onEvent: (event: WatchEvent) => void): Promise<void> => {
    let heardAt = performance.now();
    let isLive = false;
    const onHeard = (): void => {
      [heardAt, isLive] = [performance.now(), true];
      show({ state: 'live' });
    };
    for (let failures = 0; !own.aborted;) {
      isLive = false;
      const end = await readStream({
        wire,
        url: '/api/events',
        signal: own,
        onEvent: ({ type, data }) => onEvent({ ...data, type } as WatchEvent),
        onHeard,
      });
      if (own.aborted) return;
      if (end.type === 'refused') throw end.error;
      if (end.type === 'no stream') throw ownError('no_stream', 'This platform can not read a stream', false);
      const { error, retryMs = 0 } = end as Partial<Extract<typeof end, { type: 'lost' }>>;
      const leftMs = heardAt + timeoutMs - performance.now();
      if (leftMs <= 0) throw unreachable(error);
      failures = isLive ? 0 : failures + 1;
      const ms = Math.min(Math.max(retryMs, backoffMs(failures, wire.backoff)), wire.backoff.mostMs, leftMs);
      // A connection that broke is said at once, before a next one is tried. Only one that the server has ended may be opened soon.
      const isSoon = isLive && error === undefined && ms <= wire.backoff.firstMs;
      show(isSoon ? { state: 'connecting' } : offline(error, ms));
      await pause(ms, own).catch(() => {});
    }
  };

  async function* read(): AsyncGenerator<WatchEvent, void> {
    const own = new AbortController();
    const pending = new Map<string, WatchEvent>();
    let wake = (): void => {};
    let failure: unknown;
    const leave = (): void => {
      own.abort();
      wake();
    };
    for (const one of [closing.signal, signal]) one?.addEventListener('abort', leave);
    show({ state: 'connecting' });
    const onEvent = (event: WatchEvent): void => {
      pending.delete(event.jobId);
      pending.set(event.jobId, event);
      wake();
    };
    follow(own.signal, onEvent).catch((error: unknown) => {
      failure = error;
      leave();
    });
    try {
      for (;;) {
        if (signal?.aborted) throw signal.reason;
        if (closing.signal.aborted) return;
        const [event] = pending.values();
        if (event) {
          pending.delete(event.jobId);
          yield event;
        } else if (failure !== undefined) throw failure;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      for (const one of [closing.signal, signal]) one?.removeEventListener('abort', leave);
      own.abort();
      show({ state: 'closed' });
    }
  }
  return {
    get connection() {
      return connection;
    },
    onConnection(fn) {
      watchers.add(fn);
      return () => void watchers.delete(fn);
    },
    close: () => closing.abort(),
    [Symbol.asyncIterator]: read,
  };
}
