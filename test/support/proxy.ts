/** A TCP proxy on loopback whose target a test can change: connections that are open stay where they lead. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A running proxy. */
export type Proxy = {
  port: number;
  /** Where connections that are made from now on lead, on loopback. */
  target(port: number): void;
  /** Cuts all connections that are open. */
  cut(): void;
  /**
   * Lets nothing more through on connections that are open, and tells neither side, as if a host were gone or a NAT entry
   * dropped. A side that closes its own end is not noticed by the other one. New connections work.
   */
  vanish(): void;
};

/** Starts a proxy; it goes with the test. */
export async function startProxy(port: number): Promise<Proxy> {
  let target = port;
  const sockets = new Set<Socket>();
  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // the other side is told by the close
  };
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) hold(socket);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  return {
    port: await listenForTest(server, sockets),
    target: (next) => void (target = next),
    cut: () => sockets.forEach((socket) => socket.destroy()),
    vanish() {
      for (const socket of sockets) {
        socket.unpipe().resume();
        socket.removeAllListeners('close').removeAllListeners('end');
      }
    },
  };
}

/** Has a server listen on a free port of this machine, which it resolves with. The server and its sockets go with the test. */
export async function listenForTest(server: Server, sockets: ReadonlySet<Socket>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
