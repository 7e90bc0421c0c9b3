/** The floor of a card's way, second half: one reader of the events, which writes each card to the raw response that follows its job. */
import { createServer, type ServerResponse } from 'node:http';
import { Redis } from 'ioredis';
import { tellReady } from './job.ts';

const redis = new Redis(process.env['REDIS_URL'] ?? '');
const followers = new Map<string, ServerResponse>();
const server = createServer((request, response) => {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': hello\n\n');
  followers.set((request.url ?? '').slice(1), response);
});

async function read(): Promise<never> {
  for (let last = '$'; ;) {
    const answer = await redis.xread('BLOCK', 5000, 'STREAMS', 'events', last);
    for (const [id, fields] of answer?.[0]?.[1] ?? []) {
      last = id;
      const [, job = '', , row = ''] = fields;
      followers.get(job)?.write(`id: ${id}\nevent: item\ndata: ${row}\n\n`);
    }
  }
}

await redis.ping();
void read();
server.listen(0, '127.0.0.1', () => tellReady(server.address()));
