/** Closing a port so that each client is either served or refused, and none is reset. */
import { fstatSync, readFileSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * How many connections may wait to be accepted: Node's usual bound, and the least that Linux can
 * do with. One more than the bound fills the queue.
 */
const BACKLOG = { usual: 511, least: 1 };

/**
 * How often it is tried, for how many turns of the event loop it is waited before
 * each, how long after it (in ms), and how many connections of our own are made.
 */
const MAX = { tries: 100, turns: 1000, pauseMs: 20, fillers: 32 };

/** Linux lists connections here, as lines of text. */
const LISTS = ['/proc/net/tcp', '/proc/net/tcp6'];

/**
 * Node's own handle: nothing public gives the descriptor, or
 * changes the bound while the server listens.
 */
type Handle = { fd?: number; listen?(backlog: number): number } | null;

/**
 * Closes the port. Resolves once it is closed; connections that are accepted stay.
 *
 * Linux answers a client before the process accepts it. When the port closes, Linux resets those
 * who wait. They may have sent a request, so that a balancer can't know whether to send it again.
 * Somebody may come between a look at the queue and the close, so the queue is first filled with
 * connections of our own. While it is full, Linux ignores who comes: such a client tries again
 * after a second, and is refused then, or gets to another process that shares the port.
 * Elsewhere than on Linux the port is closed when what waited was accepted.
 */
export async function closePort(server: Server): Promise<void> {
  const own = new Set<number>();
  for (let tries = 1; tries <= MAX.tries; tries++) {
    await acceptAll(server);
    if (await closeIfNobodyWaits(server, own, Math.min(2 * tries, MAX.fillers))) return;
    await pause(Math.min(tries, MAX.pauseMs)); // a handshake may be under way
  }
  server.close();
}

/** Node accepts one connection in each turn of the event loop: nobody waits after one in which none came. */
async function acceptAll(server: Server): Promise<void> {
  let isAccepted = false;
  const onConnection = (): void => void (isAccepted = true);
  server.on('connection', onConnection);
  for (let turn = 0; turn === 0 || (isAccepted && turn < MAX.turns); turn++) {
    isAccepted = false;
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.off('connection', onConnection);
}

/**
 * From the first line to the close it is one turn of the event loop, so nothing is accepted
 * meanwhile. The client's ports of our own connections are added to `own`: one that did not get into
 * the full queue is listed for a while.
 */
async function closeIfNobodyWaits(server: Server, own: Set<number>, fillers: number): Promise<boolean> {
  const { fd, listen } = handleOf(server);
  const address = server.address();
  if (process.platform !== 'linux' || fd === undefined || !listen || address === null || typeof address === 'string') {
    server.close();
    return true;
  }
  const { port, family } = address;
  const any = family === 'IPv6' ? '::1' : '127.0.0.1';
  const host = ['::', '0.0.0.0'].includes(address.address) ? any : address.address;
  listen(BACKLOG.least);
  // Where others share the port, some of these get to them.
  const sockets = Array.from({ length: fillers }, () => connect({ host, port }).on('error', () => {}));
  await new Promise<void>((resolve) => process.nextTick(resolve)); // Node connects in the next tick
  for (const { localPort } of sockets) if (localPort !== undefined) own.add(localPort);
  const isClosed = isFullOf(own, port, fstatSync(fd).ino);
  if (isClosed) server.close();
  else listen(BACKLOG.usual);
  for (const socket of sockets) socket.destroy();
  return isClosed;
}

function handleOf(server: Server): { fd?: number; listen?: (backlog: number) => number } {
  const { _handle: handle } = server as unknown as { _handle?: Handle };
  if (!handle || handle.fd === undefined || handle.fd < 0) return {};
  return { fd: handle.fd, listen: (backlog) => handle.listen?.(backlog) ?? 0 };
}

/**
 * The lines of a port: the client's port, the state, how many wait (of a
 * port that listens), and the inode: 0 while nobody has accepted it.
 */
function linesOf(port: number): RegExp {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return new RegExp(`: [0-9A-F]+:${hex} [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) [0-9A-F]+:([0-9A-F]+) \\S+ \\S+ +\\d+ +\\d+ (\\d+)`, 'g');
}

/** States, as the list has them: a port that listens, and connections whose client is there or has just closed. */
const LISTEN = '0A';
const BEGUN = new Set(['01', '03', '08']); // established, its handshake is under way, closed by the client

/** Whether the queue of a port (`inode`) is full, and nobody but `own` waits on the port or is about to. */
function isFullOf(own: ReadonlySet<number>, port: number, inode: number): boolean {
  let queued = 0;
  let owned = 0;
  for (const [, client = '', state = '', waiting = '', owner] of readLists().matchAll(linesOf(port))) {
    if (state === LISTEN && Number(owner) === inode) queued = Number.parseInt(waiting, 16);
    if (!BEGUN.has(state) || owner !== '0') continue;
    if (!own.has(Number.parseInt(client, 16))) return false;
    if (state !== '03') owned++;
  }
  return queued > BACKLOG.least && owned >= queued;
}

function readLists(): string {
  return LISTS.map((list) => {
    try {
      return readFileSync(list, 'latin1');
    } catch {
      return ''; // a system may have no IPv6
    }
  }).join('');
}
