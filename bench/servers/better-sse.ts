/** better-sse: a channel over node:http. */
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { eventData, publishOnOrder } from './publish.ts';

const channel = createChannel();
const server = createServer((request, response) => {
  void createSession(request, response).then((session) => {
    session.push('hello');
    channel.register(session);
  });
});
publishOnOrder((seq) => channel.broadcast(JSON.parse(eventData(seq)), 'item', { eventId: String(seq) }));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
});
