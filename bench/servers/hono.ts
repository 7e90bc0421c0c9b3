/** Hono's own way: streamSSE on @hono/node-server. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { eventData, publishOnOrder } from './publish.ts';

const followers = new Set<SSEStreamingApi>();
const app = new Hono();
app.get('/', (c) =>
  streamSSE(c, async (stream) => {
    await stream.writeSSE({ data: 'hello' });
    followers.add(stream);
    await new Promise<void>((resolve) => stream.onAbort(resolve));
    followers.delete(stream);
  }),
);
publishOnOrder((seq) => {
  const data = eventData(seq);
  for (const stream of followers) void stream.writeSSE({ id: String(seq), event: 'item', data });
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.send?.({ ready: true, port }));
