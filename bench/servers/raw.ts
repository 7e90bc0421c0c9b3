/** The floor: node:http, one write for each follower and event, and nothing else. */
import { createServer, type ServerResponse } from 'node:http';
import { eventData, publishOnOrder } from './publish.ts';

const followers = new Set<ServerResponse>();
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': hello\n\n');
  followers.add(response);
  response.on('close', () => followers.delete(response));
});
publishOnOrder((seq) => {
  const frame = `id: ${seq}\nevent: item\ndata: ${eventData(seq)}\n\n`;
  for (const response of followers) response.write(frame);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
});
