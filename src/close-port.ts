/** Closing a port so that each client is either served or refused, and none is reset. */
import { connect, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * How many connections may wait to be accepted: Node's usual bound, and the least that Linux can
 * do with. One more than the bound fills the queue.
 */
const BACKLOG = { usual: 511, least: 1 };

/**
 * How often it is tried to close a port while nobody waits,
 * and how many turns of the event loop are waited before each.
 */
const MAX = { tries: 10, turns: 1000 };

/**
 * How long after a try the next one is made, in ms. A client whose handshake ended while the queue
 * was full sends its request again within that, and gets in.
 */
const RETRY_MS = 250;

/**
 * Node's own handle of a port or of a connection: nothing public changes the bound while a
 * server listens, or tells at once whether a client has got through (0).
 */
type Handle = { listen?(backlog: number): number; getpeername?(found: object): number };

/**
 * Closes the port. Resolves once it is closed; connections that are accepted stay.
 *
 * Linux answers a client before the process accepts it. When the port closes, Linux resets those
 * who wait. They may have sent a request, so that a balancer can't know whether to send it again.
 * Somebody may come between the last look and the close, above all where the process is held up
 * there. So the queue is first filled with connections of our own. While it is full, Linux ignores
 * who comes: such a client tries again after a second, and is refused then.
 *
 * `shared`: other processes may listen on the port, and our own connections may get to them. There,
 * and elsewhere than on Linux, the port is closed at once when nobody seems to wait.
 */
export async function closePort(server: Server, shared: boolean): Promise<void> {
  const fills = process.platform === 'linux' && !shared;
  if (fills) await fill(server, BACKLOG.usual); // the first time takes long, and must not while the queue is full
  for (let tries = 0; tries < MAX.tries; tries++) {
    await acceptAll(server);
    if (!fills || (await fill(server, BACKLOG.least))) return void server.close();
    await pause(RETRY_MS);
  }
  await acceptAll(server);
  server.close();
}

/**
 * Resolves with whether two connections of our own are all that waits, in a queue for `bound` and
 * one more. Nothing is accepted meanwhile: it is the same turn of the event loop for the caller.
 */
async function fill(server: Server, bound: number): Promise<boolean> {
  const handle = handleOf(server);
  const address = server.address();
  if (!handle?.listen || address === null || typeof address === 'string') return true; // there is nothing to go by
  const { port, family } = address;
  const own = family === 'IPv6' ? '::1' : '127.0.0.1';
  const host = ['::', '0.0.0.0'].includes(address.address) ? own : address.address;
  handle.listen(bound);
  const sockets = Array.from({ length: 2 }, () => connect({ host, port }).on('error', () => {}));
  await new Promise<void>((resolve) => process.nextTick(resolve)); // Node connects in the next tick
  const isFull = sockets.every((socket) => handleOf(socket)?.getpeername?.({}) === 0);
  if (!isFull) handle.listen(BACKLOG.usual);
  for (const socket of sockets) socket.destroy(); // they wait on in the queue
  return isFull;
}

function handleOf(owner: Server | Socket): Handle | null | undefined {
  return (owner as unknown as { _handle?: Handle | null })._handle;
}

/**
 * Node accepts one connection in each turn of the event loop: nobody waits after one in which none
 * came. The first turn may have begun before.
 */
async function acceptAll(server: Server): Promise<void> {
  let isAccepted = false;
  const onConnection = (): void => void (isAccepted = true);
  server.on('connection', onConnection);
  for (let turn = 0; turn < 2 || (isAccepted && turn < MAX.turns); turn++) {
    isAccepted = false;
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.off('connection', onConnection);
}
