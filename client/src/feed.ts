/** What has come of a job and who reads it: one connection, however many read, and everything that has come, so that a late reader misses nothing. */
import { ENDS, type JobEvent } from './events.ts';
import { type Connection, follow, type FollowOptions } from './follow.ts';
import { ApiError, unreachable } from './problem.ts';

/** How a reader waits. */
export type ReadOptions = {
  /** Ends the reading: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** After so long without a word of the server the reading rejects with `unreachable`, in ms. The client's `timeoutMs` by default. */
  timeoutMs?: number | undefined;
};

/** What a feed is made with. */
export type FeedOptions = Pick<FollowOptions, 'wire' | 'cursor'> & {
  /** The job; undefined until it has one, which `sent` tells. */
  target: Pick<FollowOptions, 'jobId' | 'streamUrl'> | undefined;
  timeoutMs: number;
  /** Looks at each event that comes. */
  onEvent?: ((event: JobEvent) => void) | undefined;
  /** The slowest reader is done with what it was given, up to this event; `isOver`: the end among it. */
  onDone?: ((cursor: number | undefined, isOver: boolean) => void) | undefined;
  /** The job can't be followed. */
  onFailure?: ((error: unknown) => void) | undefined;
};

/** Who reads: the last event that it was given, and the last that it is done with, each by its number. */
type Reader = { cursor: number | undefined; done: number | undefined };

/** How far the slowest reader is; undefined if one has nothing yet. */
function lowest(cursors: readonly (number | undefined)[]): number | undefined {
  const least = Math.min(...cursors.map((cursor) => cursor ?? -1));
  return least < 0 ? undefined : least;
}

/** The longest time that a timer can have, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** The feed of one job. */
export class Feed<Event extends { type: string }> {
  readonly #options: FeedOptions;
  readonly #readers = new Set<Reader>();
  readonly #listeners = new Set<{ reader: Reader; onEvent: (event: Event) => void; onFailure: ((error: unknown) => void) | undefined }>();
  readonly #watchers = new Set<(connection: Connection) => void>();
  readonly #waiting = new Set<() => void>();
  /** Since the last reset, which is the first then, each with how far the connection was. */
  #events: { event: Event; cursor: number | undefined }[] = [];
  #generation = 0; // how many resets there were
  #reached: number | undefined; // how far the connection is
  #left: number | undefined; // how far the last reader was that went
  #heardAt = 0;
  #failure: unknown;
  #isPaused = false;
  #own: AbortController | undefined;
  #connection: Connection;
  transport: 'stream' | 'poll' = 'stream';
  target: FeedOptions['target'];

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#reached = this.#left = options.cursor;
    this.target = options.target;
    this.#connection = { state: options.target ? 'closed' : 'offline' };
  }

  get connection(): Connection {
    return this.#connection;
  }
  get cursor(): number | undefined {
    return this.#readers.size > 0 ? lowest([...this.#readers].map(({ cursor }) => cursor)) : this.#left;
  }
  get #isOver(): boolean {
    return ENDS.has(this.#events.at(-1)?.event.type ?? '');
  }

  onConnection(fn: (connection: Connection) => void): () => void {
    this.#watchers.add(fn);
    return () => void this.#watchers.delete(fn);
  }

  /** Shows how it is connected. */
  show(connection: Connection): void {
    const { state, error } = this.#connection;
    if (connection.state === state && !error && !connection.error) return;
    this.#connection = connection;
    for (const tell of this.#watchers) tell(connection);
  }

  /** The job has got its id. */
  sent(target: NonNullable<FeedOptions['target']>): void {
    this.target = target;
    this.#heardAt = performance.now();
    this.show({ state: 'closed' });
    this.#connect();
  }

  /** Takes an event. */
  take(event: Event): void {
    if (event.type === 'reset') {
      this.#events = [];
      this.#generation++;
    }
    // Of two statuses in a row the newer is enough for who comes later.
    if (event.type === 'status' && this.#events.at(-1)?.event.type === 'status') this.#events.pop();
    this.#events.push({ event, cursor: this.#reached });
    this.#options.onEvent?.(event as unknown as JobEvent);
    for (const { reader, onEvent } of this.#listeners) this.#give(reader, this.#reached, () => onEvent(event), event);
    if (this.#isOver) this.#disconnect();
    this.#wake();
  }

  /** The job goes on after its end. */
  reopen(): void {
    if (this.#isOver) this.#events.pop();
    this.#connect();
  }

  /** Nothing more comes. */
  fail(error: unknown): void {
    this.#failure = error;
    this.#disconnect(error);
    for (const { onFailure } of this.#listeners) onFailure?.(error);
    this.#options.onFailure?.(error);
    this.#wake();
  }

  pause(): void {
    this.#isPaused = true;
    this.#disconnect();
    this.#wake(); // who waits does so without a timer now
  }
  resume(): void {
    this.#isPaused = false;
    this.#heardAt = performance.now();
    this.#connect();
    this.#wake();
  }

  subscribe(onEvent: (event: Event) => void, onFailure?: (error: unknown) => void): () => void {
    const reader = this.#enter();
    for (const { event, cursor } of this.#events) this.#give(reader, cursor, () => onEvent(event), event);
    if (this.#failure !== undefined) onFailure?.(this.#failure);
    const listener = { reader, onEvent, onFailure };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.#leave(reader);
    };
  }

  async *read(options: ReadOptions = {}): AsyncGenerator<Event, void> {
    const reader = this.#enter();
    let [seen, at] = [this.#generation, 0];
    let given: object | undefined;
    try {
      for (;;) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (seen !== this.#generation) [seen, at, given] = [this.#generation, 0, undefined];
        if (given && this.#events[at - 1] !== given) at--; // a newer status took its place
        const next = this.#events[at];
        if (next) {
          at++;
          given = next;
          reader.cursor = next.cursor;
          yield next.event;
          this.#done(reader, next.event);
          if (ENDS.has(next.event.type)) return;
        } else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#isOver) return;
        else await this.#next(options);
      }
    } finally {
      this.#leave(reader);
    }
  }

  #give(reader: Reader, cursor: number | undefined, give: () => void, event: Event): void {
    reader.cursor = cursor;
    give();
    this.#done(reader, event);
  }

  #done(reader: Reader, { type }: Event): void {
    reader.done = reader.cursor;
    const done = lowest([...this.#readers].map((one) => one.done));
    this.#options.onDone?.(done, ENDS.has(type) && done === reader.done);
  }

  #enter(): Reader {
    const { cursor } = this.#options;
    const reader = { cursor, done: cursor };
    this.#readers.add(reader);
    this.#connect();
    return reader;
  }
  #leave(reader: Reader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.#left = reader.cursor;
    this.#disconnect();
  }

  #connect(): void {
    if (!this.target || this.#own || this.#isOver || this.#isPaused || this.#readers.size === 0 || this.#failure !== undefined) return;
    const own = new AbortController();
    this.#own = own;
    const unlessLeft = <Args extends unknown[]>(act: (...args: Args) => void) => {
      return (...args: Args): void => void (own.signal.aborted || act(...args));
    };
    this.show({ state: 'connecting' });
    const options: FollowOptions = {
      wire: this.#options.wire,
      ...this.target,
      cursor: this.#reached,
      onEvent: unlessLeft((event) => this.take(event as unknown as Event)),
      onCursor: unlessLeft((cursor) => (this.#reached = cursor)),
      onConnection: unlessLeft((connection) => {
        if (connection.state === 'live') this.transport = 'stream';
        if (connection.state === 'polling') this.transport = 'poll';
        this.show(connection);
      }),
      onHeard: unlessLeft(() => (this.#heardAt = performance.now())),
    };
    follow(options, own.signal).catch(unlessLeft((error: unknown) => this.fail(error)));
  }

  #disconnect(error = this.#failure): void {
    this.#own?.abort();
    this.#own = undefined;
    if (this.target || error) this.show({ state: 'closed', ...(error instanceof ApiError && { error }) });
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }

  /** Waits for what comes next. Rejects when the signal aborts, and when nothing was heard for too long. */
  #next({ signal, timeoutMs = this.#options.timeoutMs }: ReadOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const since = performance.now();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        signal?.removeEventListener('abort', look);
      };
      const look = (): void => {
        end();
        resolve();
      };
      const leftMs = (): number => Math.max(since, this.#heardAt) + timeoutMs - performance.now();
      const arm = (): void => {
        const due = performance.now() + leftMs();
        timer = setTimeout(
          () => {
            // A timer that is that late was asleep, as phones let it: the silence of that time is not the server's.
            if (performance.now() - due > this.#options.wire.silenceMs) this.#heardAt = performance.now();
            if (leftMs() > 0) return arm();
            end();
            reject(unreachable(this.#connection.error));
          },
          Math.min(leftMs(), LONGEST_MS),
        );
      };
      this.#waiting.add(look);
      signal?.addEventListener('abort', look);
      if (!this.#isPaused) arm();
    });
  }
}
