/** A TCP proxy on loopback that holds back what clients send, from the piece on that a test waits for, as a network or a server does that stalls. */
import { connect, createServer, type Socket } from 'node:net';
import { listenForTest } from './proxy.ts';

/** A running proxy. */
export type HoldingProxy = {
  port: number;
  /** Holds everything back from the next piece on in which this text stands. Resolves once there was one. */
  holdFrom(text: string): Promise<void>;
  /** Closes the clients' connections. What is held of them is kept, and still delivered when it is let go. */
  cut(): void;
  /** Delivers what was held, in order, and holds nothing any more. */
  letGo(): void;
};

/** Starts a proxy; it goes with the test. */
export async function startHoldingProxy(target: number): Promise<HoldingProxy> {
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let held: (() => void)[] = [];
  let wanted: { text: string; seen: () => void } | undefined;
  let holds: ReadonlySet<Socket> = new Set();

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {}); // the other side is told by the close
    }
    clients.add(client);
    upstream.on('data', (chunk) => void client.write(chunk));
    upstream.on('close', () => client.destroy());
    client.on('data', (chunk: Buffer) => {
      if (wanted && chunk.includes(wanted.text)) {
        wanted.seen();
        wanted = undefined;
        holds = new Set([client]);
      }
      if (holds.has(client)) held.push(() => void upstream.write(chunk));
      else upstream.write(chunk);
    });
    client.on('close', () => {
      clients.delete(client);
      if (!holds.has(client)) upstream.destroy();
    });
  });
  return {
    port: await listenForTest(server, sockets),
    holdFrom: (text) => new Promise((resolve) => (wanted = { text, seen: resolve })),
    cut: () => clients.forEach((client) => client.destroy()),
    letGo() {
      for (const deliver of held) deliver();
      held = [];
      holds = new Set();
    },
  };
}
