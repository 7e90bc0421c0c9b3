/** The two ways to a client: Node's own response, and a web stream for every other runtime. */
import { createAdaptorServer } from '@hono/node-server';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect as dial } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createNodeTransport, withNodeTransport } from '../../src/node-transport.ts';
import { Connections, type Sink } from '../../src/stream/connections.ts';
import { BUFFER_BYTES, STREAM_HEADERS, type Transport, webTransport } from '../../src/stream/response.ts';
import { latch } from '../support/openai.ts';

/** Serves one stream over a transport; the test writes to its sink. */
async function serve(transport: Transport) {
  const begun = Promise.withResolvers<Sink>();
  const stopped = latch();
  const server = createAdaptorServer({
    fetch: withNodeTransport((_, env) =>
      transport(env, new Response(null, { headers: STREAM_HEADERS }), (sink) => {
        begun.resolve(sink);
        return stopped.open;
      }),
    ),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, sink: begun.promise, stopped: stopped.wait };
}

const bytes = (size: number) => new Uint8Array(size).fill(0x2e);

for (const [name, transport] of [
  ['node', createNodeTransport()],
  ['web', webTransport],
] as const) {
  test(`${name}: what is written arrives, and the end ends it`, async () => {
    const { port, sink, stopped } = await serve(transport);
    const response = fetch(`http://127.0.0.1:${port}`);
    const writer = await sink;
    writer.write(new TextEncoder().encode('data: 1\n\n'));
    writer.write(new TextEncoder().encode('data: é\n\n'));
    writer.close();
    expect(await (await response).text()).toBe('data: 1\n\ndata: é\n\n');
    expect((await response).headers.get('content-type')).toContain('text/event-stream');
    await stopped; // what the stream held is given back
  });

  test(`${name}: a broken stream is an error to its client`, async () => {
    const { port, sink, stopped } = await serve(transport);
    const response = fetch(`http://127.0.0.1:${port}`);
    const writer = await sink;
    writer.write(new TextEncoder().encode('data: 1\n\n'));
    const { body } = await response;
    const reader = body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('data: 1\n\n');
    writer.break?.();
    await expect(reader?.read()).rejects.toThrow(/terminated|aborted|closed|socket/i);
    await stopped;
  });

  test(`${name}: a long history is one write, and no fault of the client's`, async () => {
    const { port, sink } = await serve(transport);
    const response = fetch(`http://127.0.0.1:${port}`);
    const writer = await sink;
    writer.write(bytes(10));
    writer.write(bytes(20 * BUFFER_BYTES));
    writer.close();
    expect((await (await response).arrayBuffer()).byteLength).toBe(20 * BUFFER_BYTES + 10);
  });

  test(`${name}: who does not read is cut off at a bounded buffer`, async () => {
    const { port, sink, stopped } = await serve(transport);
    const socket = dial(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const writer = await sink;
    let written = 0;
    let over = false;
    void stopped.then(() => (over = true));
    while (!over) {
      writer.write(bytes(64 * 1024));
      written += 64 * 1024;
      expect(written).toBeLessThan(64 * 1024 * 1024); // the system's own buffers take a few megabytes
      await new Promise(setImmediate);
    }
    writer.write(bytes(10)); // nobody's any more
    writer.close();
  });

  test(`${name}: a client that goes is noticed, by FIN and by RST`, async () => {
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const { port, sink, stopped } = await serve(transport);
      const socket = dial(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      const writer = await sink;
      writer.write(bytes(10));
      await once(socket, 'data');
      socket[leave]();
      await stopped;
      writer.write(bytes(10));
      writer.close();
    }
  });
}

test('node: a second stream on a connection that was kept alive begins with its head', async () => {
  const { port } = await serveEach((sink) => {
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) sink.write(new TextEncoder().encode(text));
    sink.close();
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  for (let n = 0; n < 3; n++) {
    const response = await new Promise<IncomingMessage>((resolve) => void get({ port, host: '127.0.0.1', agent }, resolve));
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect([response.headers['content-type'], Buffer.concat(chunks).toString()]).toEqual([
      STREAM_HEADERS['Content-Type'],
      'data: 1\n\ndata: 2\n\n',
    ]);
  }
});

test('node: an HTTP/1.0 client, which knows no chunks, gets none', async () => {
  const { port } = await serveEach((sink) => {
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) sink.write(new TextEncoder().encode(text));
    sink.close();
  });
  const socket = dial(port, '127.0.0.1');
  socket.write('GET / HTTP/1.0\r\nhost: x\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString().split('\r\n\r\n')[1]).toBe('data: 1\n\ndata: 2\n\n');
});

/** Serves every request over Node's transport in the same way. */
async function serveEach(feed: (sink: Sink) => void): Promise<{ port: number }> {
  const transport = createNodeTransport();
  const server = createAdaptorServer({
    fetch: withNodeTransport((_, env) =>
      transport(env, new Response(null, { headers: STREAM_HEADERS }), (sink) => {
        feed(sink);
        return () => {};
      }),
    ),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === 'object' && address ? address.port : 0 };
}

test('streams whose time is up end with a retry of their own', () => {
  const connections = new Connections(0);
  const got: string[] = [];
  connections.add({ write: (frames) => got.push(Buffer.from(frames).toString()), close: () => got.push('closed') }, 'job', () =>
    got.push('disconnected'),
  );
  connections.heartbeat(0);
  expect(got).toEqual(['disconnected', expect.stringMatching(/^retry: \d+\n\n$/), 'closed']);
  expect(connections.size()).toBe(0);
});
