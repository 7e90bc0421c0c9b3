/** Loads an HTTP server over keep-alive sockets: as fast as it answers, or at a pace. Every answer is checked. */
import { connect, type Socket } from 'node:net';
import { quantile } from './figures.ts';

/** A server under load. */
export type Target = {
  port: number;
  /** The n-th request, whole, as it goes over the wire. Only a request that `n` appears in differs from the others. */
  request(n: number): string;
  /** What is wrong with an answer; undefined if it is as expected. */
  complaint(answer: Answer): string | undefined;
};

/** An answer. `head`: status line and headers; `body`: the bytes as latin1. */
export type Answer = { status: number; head: string; body: string };

/** ms from sending a request to its whole answer. */
export type Latency = { p50: number; p99: number };

/** Makes the text of a request. */
export function httpRequest(method: string, path: string, headers: Record<string, string>, body = ''): string {
  const lines = Object.entries({ host: 'bench.example', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}${length}\r\n${body}`;
}

/** Opens connections to a server. */
export const openConnections = (target: Target, count: number): Promise<Connection[]> =>
  Promise.all(Array.from({ length: count }, () => dial(target)));

/** Sends `count` requests, the next on each connection as soon as its last is answered. Resolves with the seconds it took. */
export async function closedLoop(connections: readonly Connection[], count: number): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async ({ send }: Connection) => {
    while (next < count) await send(next++);
  };
  await Promise.all(connections.map(lane));
  return (performance.now() - start) / 1000;
}

/** How many requests may be on their way at once in an open loop; more wait here, and that time counts. */
const MAX_OPEN = 500;

/** Sends `count` requests at a pace, whether the last ones are answered or not. */
export async function openLoop(target: Target, perSecond: number, count: number): Promise<Latency> {
  const idle = await openConnections(target, 50);
  const latencies: number[] = [];
  const overdue: { n: number; since: number }[] = [];
  let [sent, connections] = [0, idle.length];
  const { promise, resolve, reject } = Promise.withResolvers<void>();

  const serve = async (connection: Connection, n: number, since: number): Promise<void> => {
    await connection.send(n);
    latencies.push(performance.now() - since);
    const waiting = overdue.shift();
    if (waiting) return serve(connection, waiting.n, waiting.since);
    idle.push(connection);
    if (latencies.length === count) resolve();
  };
  const begin = async (n: number, since: number): Promise<void> => {
    const free = idle.shift(); // the one that was idle longest, so that the server closes none of them
    if (free) return serve(free, n, since);
    if (connections === MAX_OPEN) return void overdue.push({ n, since });
    connections++;
    return serve(await dial(target), n, since);
  };
  const start = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const due = Math.min(Math.floor(((now - start) * perSecond) / 1000), count);
    while (sent < due) begin(sent++, now).catch(reject);
    if (sent === count) clearInterval(timer);
  }, 1);
  await promise.finally(() => clearInterval(timer));
  idle.forEach(({ close }) => close());
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

/** A connection that sends one request at a time. `send`: the n-th; it rejects on an answer that is not as expected. */
export type Connection = { send(n: number): Promise<void>; close(): void };

async function dial({ port, request, complaint }: Target): Promise<Connection> {
  const socket = await opened(port);
  let received = '';
  let waiting: PromiseWithResolvers<void> | undefined;

  const fail = (why: string) => {
    waiting?.reject(new Error(why));
    waiting = undefined;
  };
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const answer = parse(received);
    if (typeof answer === 'string') return fail(answer);
    if (!answer) return;
    received = '';
    const wrong = complaint(answer);
    if (wrong !== undefined) return fail(`${wrong}:\n${answer.head}\n\n${answer.body.slice(0, 1000)}`);
    waiting?.resolve();
    waiting = undefined;
  });
  socket.on('error', ({ message }) => fail(`a connection broke: ${message}`));
  socket.on('close', () => fail('the server closed a connection before it had answered'));
  return {
    send(n) {
      waiting = Promise.withResolvers<void>();
      socket.write(request(n), 'latin1');
      return waiting.promise;
    },
    close: () => void socket.destroy(),
  };
}

function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** The answer, once it is whole; what is wrong with it where it can't be read. */
function parse(received: string): Answer | string | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) return `an answer without Content-Length:\n${head}`;
  const body = received.slice(end + 4);
  if (body.length < Number(length)) return undefined;
  return { status: Number(head.slice(9, 12)), head, body };
}
