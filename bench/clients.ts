/** Many clients in one process: plain sockets that ask for a stream and watch for a sequence number in it. An answer other than 200, or a stream that ends, ends the process. */
import { connect, type Socket } from 'node:net';

/** What the process is told. `open`: a URL for each client. `until`: the number all of them are to see. */
export type Order = { open: string[]; stalled?: number } | { until: number } | { close: true };

type Client = { socket: Socket; tail: string };

let clients: Client[] = [];
let waiting: { mark: string; left: number; latencies: number[] } | undefined;

process.on('message', (order: Order) => {
  if ('open' in order) void open(order.open, order.stalled ?? 0).then(() => process.send?.({ opened: clients.length }));
  if ('until' in order) waiting = { mark: `"seq":${order.until},`, left: clients.length, latencies: [] };
  if ('close' in order) {
    for (const { socket } of clients) socket.removeAllListeners('close').destroy();
    clients = [];
    process.send?.({ closed: true });
  }
});
process.send?.({ ready: true });

/** Opens clients in groups of a hundred, so that no listen queue overflows; the last `stalled` never read. */
async function open(urls: string[], stalled: number): Promise<void> {
  for (let from = 0; from < urls.length; from += 100) {
    await Promise.all(urls.slice(from, from + 100).map((url, index) => dial(url, from + index >= urls.length - stalled)));
  }
}

function dial(url: string, stalls: boolean): Promise<void> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  const client: Client = { socket, tail: '' };
  if (!stalls) clients.push(client);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('a stream has ended')));
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`);
    socket.once('data', (chunk) => {
      const head = chunk.toString('latin1', 0, 200);
      if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`a stream was answered with:\n${head}`);
      if (stalls) socket.pause();
      else
        socket.once('close', () => {
          throw new Error('a stream has ended');
        });
      resolve();
    });
    if (!stalls) socket.on('data', (chunk) => read(client, chunk));
  });
}

function read(client: Client, chunk: Buffer): void {
  if (!waiting) return;
  const text = client.tail + chunk.toString('latin1');
  client.tail = text.slice(-16); // a mark may be cut in two
  const at = text.indexOf('"at":');
  if (at >= 0) waiting.latencies.push(Date.now() - Number(text.slice(at + 5, at + 18)));
  if (!text.includes(waiting.mark)) return;
  if (--waiting.left > 0) return;
  const { latencies } = waiting;
  waiting = undefined;
  latencies.sort((a, b) => a - b);
  const share = (part: number) => latencies[Math.floor(part * latencies.length)] ?? 0;
  process.send?.({ seen: { p50: share(0.5), p99: share(0.99) } });
}
