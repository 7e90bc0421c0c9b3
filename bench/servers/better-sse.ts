/** better-sse: a channel over node:http. */
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';
import { eventData, publishOnOrder } from './publish.ts';

const channel = createChannel();
const server = createServer((request, response) => {
  const accept = async () => {
    const session = await createSession(request, response);
    session.push('hello');
    channel.register(session);
  };
  void accept();
});
publishOnOrder((seq) => channel.broadcast(JSON.parse(eventData(seq)), 'item', { eventId: String(seq) }));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
});
