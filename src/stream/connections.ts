/**
 * All open event streams of the process. One timer's heartbeat serves all of them, so that no stream
 * needs a timer of its own.
 */
import { eventFraming } from './event-framing.ts';
import type { StreamHabits } from './framing.ts';
import { encodeRetry } from './sse-encoding.ts';
import { Staggered } from './staggered.ts';

/** Where the frames of a stream go. */
export type Sink = {
  /** Takes whole frames. The same bytes can go to many sinks. */
  write(frames: Uint8Array): void;
  /** No more frames will come. */
  close(): void;
  /**
   * Ends the connection so that the client sees an error, not an end. Absent where the client can't
   * see the difference.
   */
  break?(): void;
  /**
   * Resolves with whether the client has acknowledged all that it was sent. Absent where the
   * connection does not tell.
   */
  taken?(): Promise<boolean>;
  /** Whether the server cut the connection because the client read too slowly. */
  isCut?(): boolean;
};

/** What a stream is of: a job, a user's jobs, or a request that waits for a job. */
export type StreamType = 'job' | 'user' | 'wait';

/**
 * Why a stream was closed. `ended`: its job has ended. `gone`: its job is not there any more. `left`:
 * the client is gone. `slow`: it read too slowly. `age`: it was open for as long as it may be.
 * `stop`: the process stops.
 */
export type StreamEnd = 'ended' | 'gone' | 'left' | 'slow' | 'age' | 'stop';

/** Takes what happens on streams, to count it. None of its methods throws. */
export type StreamEvents = {
  opened(type: StreamType): void;
  closed(type: StreamType, why: StreamEnd): void;
  /** So many rows, states and ends were sent on one stream. */
  sent(type: StreamType, events: number): void;
  /** A row was sent to all who follow its job. `writtenAt`: when it was written, by Redis' clock, in ms. */
  rowSent(writtenAt: number): void;
  /** All followed jobs are read, because signals may have been missed. */
  reconciled(): void;
};

/** Counts nothing. */
const NO_EVENTS: StreamEvents = { opened() {}, closed() {}, sent() {}, rowSent() {}, reconciled() {} };

/** One open stream. */
export type Connection = {
  sink: Sink;
  type: StreamType;
  habits: StreamHabits;
  /** When it has to end, in ms on the clock of performance.now(). */
  until: number;
  /** Called when the server ends the stream, before its last bytes. */
  onDisconnect: () => void;
};

/**
 * How long a client waits when all streams end at once, in ms. It is random, so that clients do not
 * come back all at once.
 */
const spreadRetryMs = () => 1000 + 4000 * Math.random();

const encoder = new TextEncoder();

/** The open streams. */
export class Connections {
  readonly events: StreamEvents;
  readonly #maxAgeMs: number;
  readonly #open = new Staggered<Connection>();
  readonly #counts: Record<StreamType, number> = { job: 0, user: 0, wait: 0 };
  #closed = false;

  /**
   * Each stream may last `maxAgeMs`, at random up to a tenth more or less. Then the client has to
   * reconnect.
   */
  constructor(maxAgeMs: number, events: StreamEvents = NO_EVENTS) {
    this.#maxAgeMs = maxAgeMs;
    this.events = events;
  }

  add(sink: Sink, type: StreamType, onDisconnect: () => void, habits: StreamHabits = eventFraming): Connection {
    const ageMs = habits.interruption === 'break' ? Infinity : this.#maxAgeMs * (0.9 + 0.2 * Math.random());
    const connection = { sink, type, habits, until: performance.now() + ageMs, onDisconnect };
    this.#open.add(connection);
    this.#counts[type]++;
    this.events.opened(type);
    if (this.#closed) this.#disconnect(connection, 'stop', spreadRetryMs());
    return connection;
  }

  /** A stream is over. Only the first reason counts. */
  remove(connection: Connection, why: StreamEnd): void {
    if (!this.#open.delete(connection)) return;
    const { type, sink } = connection;
    this.#counts[type]--;
    this.events.closed(type, why === 'left' && sink.isCut?.() ? 'slow' : why);
  }

  /**
   * Sends its ping to each stream whose last one was `everyMs` ago, so that no proxy takes it for
   * idle. Ends those that are too old.
   */
  heartbeat(everyMs: number): void {
    const now = performance.now();
    for (const connection of this.#open.takeDue(everyMs)) {
      const { until, sink, habits } = connection;
      if (now >= until) this.#disconnect(connection, 'age', 1000 * Math.random());
      else if (habits.ping.length > 0) sink.write(habits.ping);
    }
  }

  size(): number {
    return this.#open.size;
  }

  /** How many are open, by what they are of. */
  counts(): Readonly<Record<StreamType, number>> {
    return this.#counts;
  }

  /**
   * Ends all streams, and each one that is added later. Each gets another `retry`, so that clients
   * do not come back all at once.
   */
  close(): void {
    this.#closed = true;
    for (const connection of this.#open.all()) this.#disconnect(connection, 'stop', spreadRetryMs());
  }

  #disconnect(connection: Connection, why: StreamEnd, retryMs: number): void {
    this.remove(connection, why);
    connection.onDisconnect();
    if (connection.habits.interruption === 'close') connection.sink.write(encoder.encode(encodeRetry(Math.round(retryMs))));
    finishStream(connection);
  }
}

/** Ends a stream that had no end of its job, as its protocol needs it. */
export function finishStream({ sink, habits }: Connection): void {
  if (habits.interruption === 'break' && sink.break) sink.break();
  else sink.close();
}
