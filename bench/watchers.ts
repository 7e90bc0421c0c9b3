/** Clients that watch jobs over streams, in one process. They note when each card has arrived. */
import { Agent, request } from 'node:http';
import { monotonicMs } from './servers/clock.ts';

/** What the process is told: the requests to make, and how many cards each of them gets. */
export type Watch = { port: number; method: 'GET' | 'POST'; requests: { path: string; body?: string }[]; cards: number };

const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

process.on('message', (order: Watch | string) => {
  if (typeof order === 'object' && 'requests' in order) void watchAll(order);
});
process.send?.({ ready: true });

async function watchAll({ port, method, requests, cards }: Watch): Promise<void> {
  const arrived: Record<string, number> = {};
  let open = 0;
  const watch = ({ path, body }: Watch['requests'][number]) =>
    new Promise<void>((resolve, reject) => {
      const headers = {
        accept: 'text/event-stream',
        'user-id': 'bench',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const call = request({ port, host: '127.0.0.1', path, method, agent, headers }, (response) => {
        if (response.statusCode !== 200) return reject(new Error(`a stream was answered with ${response.statusCode}`));
        if (++open === requests.length) process.send?.({ watching: open });
        let rest = '';
        let seen = 0;
        response.on('data', (chunk: Buffer) => {
          const now = monotonicMs();
          const frames = (rest + chunk.toString()).split('\n\n');
          rest = frames.pop() ?? '';
          for (const frame of frames) {
            const front = /^event: item$[^]*"front":"([^"]*)"/m.exec(frame)?.[1];
            if (front === undefined) continue;
            arrived[front] = now;
            if (++seen === cards) resolve();
          }
        });
        response.on('end', () => reject(new Error(`a stream has ended after ${seen} of ${cards} cards`)));
      });
      call.on('error', reject);
      call.end(body);
    });
  await Promise.all(requests.map(watch));
  process.send?.({ arrived });
}
