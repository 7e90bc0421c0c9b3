/**
 * Clients that have vanished: a phone that loses its network sends no FIN. What it
 * is sent waits in the system's buffer, of which Node tells nothing, for as long
 * as the system tries again (some 15 minutes on Linux). Linux lists how much each
 * connection has not acknowledged, so one read of that list tells it of all. Node
 * offers no TCP_USER_TIMEOUT, and keep-alive sends no probes while anything waits.
 */
import { createReadStream } from 'node:fs';
import { type Socket, SocketAddress } from 'node:net';

/** Watches a connection until it closes; all of one watch are a server's, on one port. */
export type Watch = (socket: Socket) => void;

/**
 * When one that acknowledges nothing is cut off, and how often
 * to check, in ms: it happens up to one check later.
 */
export type WatchOptions = { deadlineMs: number; everyMs: number };

/**
 * What a connection had acknowledged when it was last seen to
 * get on, and when that was, on performance.now()'s clock.
 */
type Waiting = { acknowledged: number; since: number };

const isListed = process.platform === 'linux';

/** Connections are listed here, as lines of text, some 4 µs of work each. */
const LISTS = ['/proc/net/tcp', '/proc/net/tcp6'];

/**
 * Makes a watch. Systems other than Linux list nothing: there it goes by what
 * the system takes, and sees only clients for whom more waits in the process.
 */
export function watchAcknowledgements({ deadlineMs, everyMs }: WatchOptions): Watch {
  const sockets = new Set<Socket>();
  let waiting = new Map<Socket, Waiting>();

  const check = async (): Promise<void> => {
    const [first] = sockets;
    const unacknowledged = isListed ? await readUnacknowledged(first?.localPort ?? 0) : undefined;
    if (unacknowledged?.size === 0) return waiting.clear();
    const now = performance.now();
    const still = new Map<Socket, Waiting>();
    for (const socket of sockets) {
      const handedOver = bytesHandedOver(socket);
      const bytes = unacknowledged ? unacknowledged.get(keyOf(socket)) : socket.writableLength > 0 ? 0 : undefined;
      if (bytes === undefined || handedOver === undefined) continue;
      const acknowledged = handedOver - bytes;
      const before = waiting.get(socket);
      // A slow one gets on, and a long wait is no fault while it does.
      const state = before && acknowledged <= before.acknowledged ? before : { acknowledged, since: now };
      if (now - state.since > deadlineMs) socket.destroy();
      else still.set(socket, state);
    }
    waiting = still;
  };

  let checking = false;
  const timer = setInterval(() => {
    for (const socket of sockets) if (socket.destroyed) sockets.delete(socket); // costs less than a listener on each
    if (checking || sockets.size === 0) return;
    checking = true;
    // Where the list can't be read there is nothing to go by.
    void check()
      .catch(() => clearInterval(timer))
      .finally(() => (checking = false));
  }, everyMs);
  timer.unref();

  return (socket) => void sockets.add(socket);
}

/**
 * Resolves with whether a client has acknowledged all that it
 * was sent; true where the system does not tell.
 */
export async function hasAcknowledged(socket: Socket): Promise<boolean> {
  if (socket.destroyed) return !socket.errored; // a client that goes after the end has got it
  const { localPort } = socket;
  if (!isListed || localPort === undefined) return true;
  const unacknowledged = await readUnacknowledged(localPort).catch(() => undefined);
  return unacknowledged?.has(keyOf(socket)) !== true;
}

/**
 * A line of a connection of which the client has not acknowledged all bytes: an established one, or
 * one that we have closed. It has the addresses and ports, and how many bytes are not acknowledged.
 */
const LINE = /: ([0-9A-F]{8,32}):([0-9A-F]{4}) ([0-9A-F]{8,32}):([0-9A-F]{4}) 0[14] (?!0{8})([0-9A-F]{8}):/g;

/**
 * The bytes that are not acknowledged, by the client's address and port, of each connection
 * to a port that has any. The list is read in pieces, so that nobody waits for a long one.
 */
async function readUnacknowledged(port: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const list of LISTS) {
    let rest = '';
    try {
      for await (const piece of createReadStream(list, { encoding: 'latin1', highWaterMark: 64 * 1024 })) {
        const text = rest + String(piece);
        const end = text.lastIndexOf('\n') + 1;
        for (const [, , local = '', address = '', remote = '', bytes = ''] of text.slice(0, end).matchAll(LINE)) {
          if (Number.parseInt(local, 16) !== port) continue;
          found.set(`${toAddress(address)} ${Number.parseInt(remote, 16)}`, Number.parseInt(bytes, 16));
        }
        rest = text.slice(end);
      }
    } catch (error) {
      if (list === LISTS[0]) throw error; // a system may have no IPv6
    }
  }
  return found;
}

/**
 * Node's own handle counts what it was given and what of it still waits
 * in the process: none of Node's public figures tells the two apart.
 */
type Counting = { _handle?: { bytesWritten?: number; writeQueueSize?: number } | null };

/**
 * How many bytes of a connection the system has taken; undefined
 * where Node does not tell, and there is nothing to go by.
 */
function bytesHandedOver(socket: Socket): number | undefined {
  const { bytesWritten, writeQueueSize } = (socket as unknown as Counting)._handle ?? {};
  return bytesWritten === undefined || writeQueueSize === undefined ? undefined : bytesWritten - writeQueueSize;
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress?.replace(/%.*/, '')} ${remotePort}`;
}

/**
 * An address as Node words it, from the kernel's: words of 32
 * bits in the machine's own byte order, in hexadecimal.
 */
function toAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const words = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n).toString(16));
  return new SocketAddress({ address: words.join(':'), family: 'ipv6' }).address;
}
