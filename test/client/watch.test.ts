/** Tests what a watch of all jobs says of a connection that is gone, before it opens another one. */
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createClient, type Connection } from '../../client/src/index.ts';
import { listenForTest } from '../support/proxy.ts';

/** How the server leaves a stream, and what the watch has said by the time it asks again. */
const WAYS: [name: string, leave: (answer: ServerResponse) => void, said: Connection['state'][]][] = [
  ['its process is killed', (answer) => answer.destroy(), ['connecting', 'live', 'offline']],
  ['it stops, and wants the client back later', (answer) => answer.end('retry: 60000\n\n'), ['connecting', 'live', 'offline']],
  ['it ends a stream', (answer) => answer.end(), ['connecting', 'live', 'connecting']],
];

test.each(WAYS)('a watch whose server is gone says so at once, before it tries again: %s', async (_, leave, said) => {
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const port = await listenForTest(server, sockets);
  const answers = async () => ((await once(server, 'request')) as [unknown, ServerResponse])[1];
  const watch = createClient({ baseUrl: `http://127.0.0.1:${port}`, backoff: { firstMs: 50, mostMs: 100 } }).watch();
  const seen: Connection[] = [];
  const live = new Promise<void>((resolve) => {
    watch.onConnection((connection) => {
      seen.push(connection);
      if (connection.state === 'live') resolve();
    });
  });
  const first = answers();
  const reading = watch[Symbol.asyncIterator]().next();
  const answer = await first;
  answer.writeHead(200, { 'content-type': 'text/event-stream' }).write(': \n\n');
  await live;
  const second = answers();
  leave(answer);
  await second;
  expect(seen.map(({ state }) => state)).toEqual(said);
  const last = seen.at(-1);
  expect([last?.error?.code, last?.retryAt]).toEqual(
    said.at(-1) === 'offline' ? ['unreachable', expect.any(String)] : [undefined, undefined],
  );
  watch.close();
  expect(await reading).toEqual({ done: true, value: undefined });
});
