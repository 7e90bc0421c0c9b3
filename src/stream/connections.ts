/**
 * All open event streams of the process. One timer's heartbeat serves all of them, so that no stream
 * needs a timer of its own.
 */
import { encodeRetry, PING } from './sse-encoding.ts';
import { Staggered } from './staggered.ts';

/** Where the frames of a stream go. */
export type Sink = {
  /** Takes whole frames. The same bytes can go to many sinks. */
  write(frames: Uint8Array): void;
  /** No more frames will come. */
  close(): void;
  /**
   * Resolves with whether the client has acknowledged all that it was sent. Absent where the
   * connection does not tell.
   */
  taken?(): Promise<boolean>;
};

/** One open stream. */
export type Connection = {
  sink: Sink;
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
const ping = encoder.encode(PING);

/** The open streams. */
export class Connections {
  readonly #maxAgeMs: number;
  readonly #open = new Staggered<Connection>();
  #closed = false;

  /**
   * Each stream may last `maxAgeMs`, at random up to a tenth more or less. Then the client has to
   * reconnect.
   */
  constructor(maxAgeMs: number) {
    this.#maxAgeMs = maxAgeMs;
  }

  add(sink: Sink, onDisconnect: () => void): Connection {
    const connection = { sink, until: performance.now() + this.#maxAgeMs * (0.9 + 0.2 * Math.random()), onDisconnect };
    if (this.#closed) this.#disconnect(connection, spreadRetryMs());
    else this.#open.add(connection);
    return connection;
  }

  remove(connection: Connection): void {
    this.#open.delete(connection);
  }

  /**
   * Sends a comment to each stream whose last one was `everyMs` ago, so that no proxy takes it for
   * idle. Ends those that are too old.
   */
  heartbeat(everyMs: number): void {
    const now = performance.now();
    for (const connection of this.#open.takeDue(everyMs)) {
      if (now < connection.until) connection.sink.write(ping);
      else this.#disconnect(connection, 1000 * Math.random());
    }
  }

  size(): number {
    return this.#open.size;
  }

  /**
   * Ends all streams, and each one that is added later. Each gets another `retry`, so that clients
   * do not come back all at once.
   */
  close(): void {
    this.#closed = true;
    for (const connection of this.#open.all()) this.#disconnect(connection, spreadRetryMs());
  }

  #disconnect(connection: Connection, retryMs: number): void {
    this.#open.delete(connection);
    connection.onDisconnect();
    connection.sink.write(encoder.encode(encodeRetry(Math.round(retryMs))));
    connection.sink.close();
  }
}
