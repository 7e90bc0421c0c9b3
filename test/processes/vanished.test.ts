/** Clients that go without a word: nothing says so but that they acknowledge nothing any more. */
import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createNodeTransport, withNodeTransport } from '../../src/node-transport.ts';
import type { Sink } from '../../src/stream/connections.ts';
import { STREAM_HEADERS } from '../../src/stream/response.ts';
import { startExpo } from '../support/expo.ts';
import { createFarSide, whyNoNetwork } from '../support/network.ts';
import { skippedFor, whyNotReached } from '../support/reach.ts';
import { startStack } from '../support/stack.ts';
import { pass } from '../support/waits.ts';

/** Serves one stream; `heartbeat` keeps writing to it. `deadlineMs`: after so long a client that takes nothing is let go. */
async function serve(host: string, heartbeat: boolean, deadlineMs = 1500) {
  const transport = createNodeTransport({ deadlineMs, everyMs: 250 });
  const begun = Promise.withResolvers<Sink>();
  const stopped = Promise.withResolvers<void>();
  const server = createAdaptorServer({
    fetch: withNodeTransport((_, env) =>
      transport(env, new Response(null, { headers: STREAM_HEADERS }), (sink) => {
        const timer = heartbeat ? setInterval(() => sink.write(Buffer.from(': ping\n\n')), 100) : undefined;
        begun.resolve(sink);
        return () => {
          clearInterval(timer);
          stopped.resolve();
        };
      }),
    ),
  });
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, sink: begun.promise, stopped: stopped.promise };
}

const why = whyNoNetwork();

test.skipIf(why !== undefined)(
  `a phone that vanishes without a FIN is let go, though the system buffers for it${skippedFor(why)}`,
  async () => {
    const far = createFarSide();
    const { port, stopped } = await serve(far.address, true);
    const client = far.run(`
    const socket = require('node:net').connect(${port}, '${far.address}', () => socket.write('GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n'));
    socket.on('data', (data) => String(data).includes('ping') && console.log('heard'));
  `);
    await once(client.stdout, 'data');
    far.vanish();
    await stopped; // the system itself would try for a quarter of an hour
  },
);

test.skipIf(why !== undefined)('a phone that vanishes while it follows a job gets a push at the end', async () => {
  const far = createFarSide();
  const expo = await startExpo();
  const stack = await startStack({ ...expo.env, PUSH_DELAY_MS: '3000', HOST: '0.0.0.0' });
  const job = await stack.submit({ content: 'Hund: dog', pushToken: 'ExponentPushToken[a]' }, { 'user-id': 'ana' });
  const client = far.run(`
    const socket = require('node:net').connect(${new URL(stack.url).port}, '${far.address}', () =>
      socket.write('GET ${job['streamUrl']} HTTP/1.1\\r\\nhost: ${far.address}\\r\\n\\r\\n'));
    socket.on('data', (data) => String(data).includes('event: status') && console.log('heard'));
  `);
  await once(client.stdout, 'data');
  far.vanish();
  await stack.startWorker();
  await expect.poll(() => expo.messages.map(({ data }) => data.jobId)).toEqual([job['jobId']]);
  expect((await stack.get('/health'))['followers']).toBe(0); // the end was written to it all the same
});

for (const host of ['127.0.0.1', '::1', '::'] as const) {
  const notThere = process.platform === 'linux' ? await whyNotReached(host === '::' ? '::1' : host) : 'the system does not tell';
  test.skipIf(notThere)(
    `one that takes nothing of what fills the system's buffers is let go, on ${host}${skippedFor(notThere)}`,
    async () => {
      const { port, sink, stopped } = await serve(host, false);
      const socket = dial(port, host === '::' ? '127.0.0.1' : host);
      socket.pause();
      socket.on('error', () => {});
      onTestFinished(() => void socket.destroy());
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      (await sink).write(new Uint8Array(16 * 1024 * 1024));
      await stopped;
    },
  );
}

test('one that is slow, and takes something now and then, is served on, however much waits for it', async () => {
  const { port, sink, stopped } = await serve('127.0.0.1', false, 5000);
  let over = false;
  void stopped.then(() => (over = true));
  const socket = dial(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  (await sink).write(new Uint8Array(64 * 1024 * 1024)); // far more than the system takes at once
  // Each pause is shorter than the deadline, all of them together are longer.
  let received = 0;
  let pauses = 0;
  for await (const chunk of socket) {
    received += (chunk as Buffer).length;
    expect(over).toBe(false);
    if (received < (pauses + 1) * 1024 * 1024) continue;
    if (++pauses === 12) break;
    await pass(500); // this is how slow the client is; nothing is waited for
  }
  expect(pauses).toBe(12);
});
