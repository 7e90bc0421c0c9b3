/** All open event streams of the process. One heartbeat serves all of them, so that no stream needs a timer of its own. */
import { encodeRetry, PING } from './sse-encoding.ts';

/** Where the frames of a stream go. */
export type Sink = {
  /** Takes whole frames. The same bytes can go to many sinks. */
  write(frames: Uint8Array): void;
  /** No more frames will come. */
  close(): void;
  /** Resolves with whether the client has acknowledged all that it was sent. Absent where the connection does not tell. */
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

/** The open streams. */
export type Connections = {
  add(sink: Sink, onDisconnect: () => void): Connection;
  remove(connection: Connection): void;
  /** Sends a comment to every stream, so that no proxy takes it for idle. Ends the streams that are too old. */
  heartbeat(): void;
  size(): number;
  /** Ends all streams, and each one that is added later. Each gets another `retry`, so that clients do not come back all at once. */
  close(): void;
};

/** How long a client waits when all streams end at once, in ms. It is random, so that they do not come back all at once. */
const spreadRetryMs = () => 1000 + 4000 * Math.random();

const encoder = new TextEncoder();
const ping = encoder.encode(PING);

/** Makes the set of open streams. Each may last `maxAgeMs`, at random up to a tenth more or less. Then its client is told to reconnect. */
export function createConnections(maxAgeMs: number): Connections {
  const connections = new Set<Connection>();
  let closed = false;

  const disconnect = (connection: Connection, retryMs: number): void => {
    connections.delete(connection);
    connection.onDisconnect();
    connection.sink.write(encoder.encode(encodeRetry(Math.round(retryMs))));
    connection.sink.close();
  };

  return {
    add(sink, onDisconnect) {
      const connection = { sink, until: performance.now() + maxAgeMs * (0.9 + 0.2 * Math.random()), onDisconnect };
      if (closed) disconnect(connection, spreadRetryMs());
      else connections.add(connection);
      return connection;
    },
    remove: (connection) => void connections.delete(connection),
    heartbeat() {
      const now = performance.now();
      for (const connection of connections) {
        if (now < connection.until) connection.sink.write(ping);
        else disconnect(connection, 1000 * Math.random());
      }
    },
    size: () => connections.size,
    close() {
      closed = true;
      for (const connection of connections) disconnect(connection, spreadRetryMs());
    },
  };
}
