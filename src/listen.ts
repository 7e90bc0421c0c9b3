/** Listening for HTTP: on which addresses, on which port, and what to do where that can't be had. */
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { OwnError } from './job/own-error.ts';

/** Where to listen. */
export type ListenOptions = {
  /** An address; `localhost` for both loopback addresses; undefined for all addresses. */
  host: string | undefined;
  /** The ports to try, the first that is free is taken; 0 for whichever is free. */
  ports: number[];
  /** The variable that sets the port; errors name it. */
  variable: string;
};

/** What listens. */
export type Listening = { port: number; close(): Promise<void> };

/**
 * How often another free port is tried where the one that the
 * system gave for one address is taken on the other.
 */
const TRIES = 5;

/** Error codes of addresses that this machine does not have: IPv4 or IPv6 may be switched off. */
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * Listens with a server of its own on each address, all on the same port.
 * @throws OwnError with what to do where the port or the address can't be had
 */
export async function listen(createServer: () => Server, { host, ports, variable }: ListenOptions): Promise<Listening> {
  const addresses = host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
  for (const port of ports.flatMap((one) => (one === 0 ? Array.from({ length: TRIES }, () => 0) : [one]))) {
    try {
      return await listenOn(createServer, addresses, port);
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw adviceOn(error, host, port, variable);
    }
  }
  const [first, last] = [ports[0], ports.at(-1)];
  throw new OwnError(
    first === last
      ? `port ${first} is taken: stop what listens there, or set ${variable} to another`
      : `ports ${first} to ${last} are taken: set ${variable} to one that is free`,
  );
}

async function listenOn(createServer: () => Server, addresses: (string | undefined)[], wanted: number): Promise<Listening> {
  const servers: Server[] = [];
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closers.map((closeOne) => closeOne()));
  };
  let port = wanted;
  let absent: unknown;
  for (const address of addresses) {
    const server = createServer();
    const closeOne = closerOf(server);
    try {
      server.listen(port, address);
      await once(server, 'listening');
      servers.push(server);
      closers.push(closeOne);
      port = portOf(server);
    } catch (error) {
      if (addresses.length === 1 || !ABSENT.has(codeOf(error))) {
        await close();
        throw error;
      }
      absent = error;
    }
  }
  if (servers.length === 0) throw absent;
  return { port, close };
}

/** How often connections are closed that have become idle while a server closes, in ms. */
const CLOSING_MS = 50;

/**
 * Makes the function that closes a server when its last request is answered. Connections that
 * wait for a request would hold it open: those that are kept for further ones, which Node knows
 * as idle, and those that were opened in advance and have sent nothing, which it does not.
 */
function closerOf(server: Server & { closeIdleConnections?(): void }): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const closeWaiting = (): void => {
    server.closeIdleConnections?.();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  return async () => {
    const timer = setInterval(closeWaiting, CLOSING_MS);
    await new Promise((resolve) => server.close(resolve));
    clearInterval(timer);
  };
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function adviceOn(error: unknown, host: string | undefined, port: number, variable: string): unknown {
  const code = codeOf(error);
  if (code === 'EACCES') return new OwnError(`port ${port} needs more rights than this user has: set ${variable} to one above 1023`);
  if (ABSENT.has(code) || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new OwnError(`HOST: this machine can't listen on ${host} (${code}); expected one of its addresses, localhost or 0.0.0.0`);
  }
  return error;
}
