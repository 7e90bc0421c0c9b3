/**
 * A server's end: whoever has a connection to it is served,
 * and connections that wait do not hold it up.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { closePort } from './close-port.ts';

/** How often connections are closed that wait for a request while a server closes, in ms. */
const CLOSING_MS = 50;

/**
 * How long a connection may be silent after its start before it counts as opened in advance, in ms.
 * A client under load may take a while until it sends its request.
 */
const SILENT_MS = 1000;

/**
 * How long a kept connection stays open after the port is closed, in ms; at most twice as long as
 * the drain was. A proxy with requests uses it meanwhile, and is told that it ends. A proxy under
 * load chooses a connection long before it sends the request, so the idle time before says little.
 */
const IDLE_MS = 1000;

/**
 * A connection: its requests that are not answered, since when it has been without one (on
 * performance.now()'s clock), and how many bytes it had sent then.
 */
type Connection = { open: number; since: number; bytesRead: number };

/**
 * The end of a server. A proxy may send a request into a connection at any time, and one that we
 * close just then costs its client a 502. So only the peer's next request ends a connection: its
 * answer says so. What still waits after a while is closed, or it would hold the server open:
 * connections that are kept for further requests, and those that were opened in advance.
 */
export class ClosingServer {
  readonly #server: Server;
  readonly #shared: boolean;
  readonly #connections = new Map<Socket, Connection>();
  #drainingSince: number | undefined;

  /** `shared`: other processes may listen on its port. */
  constructor(server: Server, shared: boolean) {
    this.#server = server;
    this.#shared = shared;
    server.closeIdleConnections = () => {}; // Node's close() calls it
    server.on('connection', (socket: Socket) => {
      this.#connections.set(socket, { open: 0, since: performance.now(), bytesRead: 0 });
      socket.once('close', () => this.#connections.delete(socket));
    });
    server.prependListener('request', ({ socket }, response) => {
      if (this.#drainingSince !== undefined) response.shouldKeepAlive = false;
      const connection = this.#connections.get(socket);
      if (!connection) return;
      connection.open++;
      response.once('close', () => {
        connection.open--;
        connection.since = performance.now();
        connection.bytesRead = socket.bytesRead;
      });
    });
  }

  /** From now on each answer ends its connection. */
  drain(): void {
    this.#drainingSince ??= performance.now();
  }

  /** Resolves once the last request is answered. */
  async close(): Promise<void> {
    this.drain();
    const idleMs = Math.min(IDLE_MS, 2 * (performance.now() - (this.#drainingSince ?? 0)));
    const closed = new Promise((resolve) => this.#server.once('close', resolve));
    await closePort(this.#server, this.#shared);
    const portClosed = performance.now();
    // In a turn of the event loop what has come is read before an immediate runs.
    const look = (): void => void setImmediate(() => this.#closeWaiting(portClosed, idleMs));
    look();
    const timer = setInterval(look, CLOSING_MS);
    await closed;
    clearInterval(timer);
  }

  #closeWaiting(portClosed: number, idleMs: number): void {
    const now = performance.now();
    for (const [socket, { open, since, bytesRead }] of this.#connections) {
      if (open > 0 || socket.bytesRead !== bytesRead) continue;
      const isOver = bytesRead === 0 ? now - since >= SILENT_MS : now - Math.max(since, portClosed) >= idleMs;
      if (isOver) socket.destroy();
    }
  }
}
