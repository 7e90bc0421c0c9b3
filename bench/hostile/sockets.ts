/** How a hostile client uses its sockets: as fast as it is answered, or held open for nothing. Both go on until they are told to stop. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Counts answers by status, and connections that ended without one. */
export type Tally = (status: number | 'none') => void;

/** When to stop. */
export type Stop = { over(): boolean; signal: AbortSignal };

type Place = { port: number; stop: Stop; tally: Tally };

/** How long a client waits after a connection that was refused or cut at once, in ms: full speed, and no loop without a pause. */
const AGAIN_MS = 20;

/** Sends requests on so many connections, each as soon as the last one is answered. `request`: the n-th, as it goes over the wire. */
export async function flood({ port, stop, tally }: Place, connections: number, request: (n: number) => string): Promise<void> {
  let n = 0;
  const lane = async (): Promise<void> => {
    let socket: Socket | undefined;
    while (!stop.over()) {
      socket = socket?.writable ? socket : await dial(port, stop);
      if (!socket) {
        await pause(AGAIN_MS);
        continue;
      }
      socket.write(request(n++), 'latin1');
      const status = await answerOf(socket, stop);
      if (status === 'stopped') break;
      tally(status);
      if (status !== 'none') continue;
      socket.destroy();
      await pause(AGAIN_MS);
    }
    socket?.destroy();
  };
  await Promise.all(Array.from({ length: connections }, lane));
}

/** What a held connection does. */
export type Holding = {
  /** How many are held at once. One that ends is opened anew. */
  count: number;
  request: string | ((n: number) => string);
  /** What is sent after the request, piece by piece, as fast as it is taken. */
  more?: { piece: string; times: number };
  /** Reads nothing of the answer. */
  unread?: boolean;
  /** Closes as soon as the answer begins. */
  closeAtFirstByte?: boolean;
};

/** How many connections are opened in a ms: no system takes thousands in one moment. */
const OPENED_A_MS = 5;

/** Holds connections open. */
export async function hold(place: Place, holding: Holding): Promise<void> {
  const { stop } = place;
  const keep = async (n: number): Promise<void> => {
    await pause(n / OPENED_A_MS);
    while (!stop.over()) {
      const socket = await dial(place.port, stop);
      if (socket) await use(socket, place, holding, n);
      await pause(holding.closeAtFirstByte ? 0 : AGAIN_MS);
    }
  };
  await Promise.all(Array.from({ length: holding.count }, (_, n) => keep(n)));
}

/** Uses a connection until it ends. */
async function use(socket: Socket, { stop, tally }: Place, { request, more, unread, closeAtFirstByte }: Holding, n: number): Promise<void> {
  socket.write(typeof request === 'string' ? request : request(n), 'latin1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const stopNow = (): void => void socket.destroy();
  stop.signal.addEventListener('abort', stopNow);
  let status: number | 'none' = 'none';
  if (unread) socket.pause();
  else
    socket.on('data', (piece: Buffer) => {
      if (status === 'none') status = Number(piece.toString('latin1', 9, 12)) || 'none';
      if (closeAtFirstByte || status !== 200) socket.destroy();
    });
  for (let left = more?.times ?? 0; left > 0 && !socket.destroyed && more; left--) {
    if (!socket.write(more.piece, 'latin1')) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
  await closed;
  stop.signal.removeEventListener('abort', stopNow);
  if (!stop.over() || status !== 'none') tally(status);
}

/** Opens a connection; undefined if it was refused. */
function dial(port: number, { signal }: Stop): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  return new Promise((resolve) => {
    socket.on('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** The status of the next answer, once it is whole; `none` if the connection ends before. */
function answerOf(socket: Socket, { signal }: Stop): Promise<number | 'none' | 'stopped'> {
  return new Promise((resolve) => {
    let received = '';
    const finish = (status: number | 'none' | 'stopped'): void => {
      socket.removeAllListeners('data');
      socket.removeAllListeners('close');
      signal.removeEventListener('abort', onStop);
      resolve(status);
    };
    const onStop = (): void => finish('stopped');
    signal.addEventListener('abort', onStop);
    socket.once('close', () => finish('none'));
    socket.on('data', (piece: Buffer) => {
      received += piece.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end))?.[1] ?? 0);
      if (received.length >= end + 4 + length) finish(Number(received.slice(9, 12)));
    });
  });
}
