/** A crowd of clients in one process: sockets that take streams and note how old each event is when it arrives. They keep nothing of it, so that thousands cost little. */
import { connect } from 'node:net';

/** What the process is told. `open`: a URL for each client; `count`: begin to count anew; `tell`: say what has come since. */
export type CrowdOrder = { open: string[] } | { count: true } | { tell: true };

/** What has come: how many events, and their ages in ms, as counts by age. */
export type Arrived = { events: number; ages: number[] };

/** An event says when it was made, in ms since the epoch. */
const MARK = '"at":';
const DIGITS = 13;

/** Events that are older count as this old, in ms. */
const MAX_AGE_MS = 60_000;

/** How many clients dial at once, so that no listen queue overflows. */
const DIALS = 100;

let ages = new Uint32Array(MAX_AGE_MS + 1);

/** What is read from any socket; it is used before the next read. */
const buffer = Buffer.alloc(64 * 1024);

function count(length: number): void {
  const now = Date.now();
  const bytes = buffer.subarray(0, length);
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    const made = Number(bytes.toString('latin1', at + MARK.length, at + MARK.length + DIGITS));
    const age = Math.min(Math.max(now - made, 0), MAX_AGE_MS);
    ages[age] = (ages[age] ?? 0) + 1;
  }
}

function dial(url: string): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    let answered = false;
    const take = (length: number): boolean => {
      if (answered) count(length);
      else {
        answered = true;
        const head = buffer.toString('latin1', 0, Math.min(length, 200));
        if (head.startsWith('HTTP/1.1 200 ')) resolve();
        else reject(new Error(`a stream was answered with:\n${head}`));
      }
      return true;
    };
    const socket = connect({ port: Number(port), host: hostname, onread: { buffer, callback: take } });
    socket.once('error', reject);
    socket.once('close', () => {
      if (!answered) return reject(new Error('the server closed a connection before it had answered'));
      throw new Error('a stream has ended');
    });
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`);
  });
}

async function open(urls: string[]): Promise<void> {
  for (let from = 0; from < urls.length; from += DIALS) await Promise.all(urls.slice(from, from + DIALS).map(dial));
}

function arrived(): Arrived {
  const known: number[] = [];
  let events = 0;
  ages.forEach((many, age) => {
    if (many > 0) known[age] = many;
    events += many;
  });
  return { events, ages: Array.from(known, (many) => many ?? 0) };
}

process.on('message', (order: CrowdOrder | string) => {
  if (typeof order !== 'object') return;
  if ('open' in order) void open(order.open).then(() => process.send?.({ opened: order.open.length }));
  if ('count' in order) {
    ages = new Uint32Array(MAX_AGE_MS + 1);
    process.send?.({ counting: true });
  }
  if ('tell' in order) process.send?.({ arrived: arrived() });
});
process.send?.({ ready: true });
