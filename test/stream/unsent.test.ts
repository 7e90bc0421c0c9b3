/** What waits in the process for clients that do not take it: counted whatever the answer is, bounded, and cut off where nothing moves. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { sendAsStream } from '../../src/http/send-file.ts';
import { createShares } from '../../src/http/shares.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { createNodeServer } from '../../src/node-server.ts';
import { createNodeFiles, createNodeTransport, type Fetch } from '../../src/node-transport.ts';
import { STREAM_HEADERS } from '../../src/stream/response.ts';
import { UnsentCount } from '../../src/unsent.ts';
import { watchAcknowledgements } from '../../src/vanished-clients.ts';

const MB = 1024 * 1024;
const PIECE = 256 * 1024;

/** More than the system's own buffers take of one answer. */
const LARGE = 24 * MB;

type Answering = (unsent: UnsentCount, env: Parameters<Fetch>[1]) => Response;

const file: Answering = (unsent, env) => {
  const pieces = async function* (): AsyncGenerator<Uint8Array, void> {
    for (let sent = 0; sent < LARGE; sent += PIECE) yield new Uint8Array(PIECE).fill(0x2e);
  };
  const head = new Response(null, { headers: { 'content-length': String(LARGE) } });
  return createNodeFiles(unsent)(env, head, pieces(), () => {});
};
const stream: Answering = (unsent, env) =>
  createNodeTransport(undefined, unsent)(env, new Response(null, { headers: STREAM_HEADERS }), (sink) => {
    sink.write(new Uint8Array(LARGE).fill(0x2e));
    sink.close();
    return () => {};
  });
const json: Answering = () => new Response('.'.repeat(LARGE));

/** Serves such answers; all are ana's. */
async function serve(answering: Answering, { each = 100 * MB, stallMs = 30_000 } = {}) {
  const bounds = { each, all: each };
  const { answers } = createShares({ bodies: bounds, answers: bounds, streams: bounds, reads: bounds });
  const unsent = new UnsentCount(answers, watchAcknowledgements({ deadlineMs: stallMs, everyMs: stallMs / 6 }));
  const server = createNodeServer((_, env) => {
    unsent.countFor((env as { outgoing: Parameters<UnsentCount['countFor']>[0] }).outgoing, tenantOf('ana', undefined));
    return answering(unsent, env);
  }, unsent);
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  /** Asks, and reads nothing of the answer. */
  const ask = async (): Promise<Socket> => {
    const socket = connect({ port, host: '127.0.0.1' }).pause();
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    return socket;
  };
  return { ask, held: () => answers.figures().held };
}

/** Reads to the end. Resolves with how many bytes came. */
async function drain(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (piece: Buffer) => {
    bytes += piece.byteLength;
    if (bytes > LARGE) socket.destroy(); // it has all of it
  });
  socket.resume();
  await once(socket, 'close');
  return bytes;
}

test.each([
  ['a file', file],
  ['a stream', stream],
  ['a whole answer', json],
])('%s counts while it waits, and no longer', async (_, answering) => {
  const { ask, held } = await serve(answering);
  const socket = await ask();
  await expect.poll(held).toBeGreaterThan(0);
  if (answering === file) expect(held()).toBeLessThanOrEqual(PIECE); // a piece is read when the one before is taken
  expect(await drain(socket)).toBeGreaterThan(LARGE);
  await expect.poll(held).toBe(0);
  const gone = await ask();
  await expect.poll(held).toBeGreaterThan(0);
  gone.resetAndDestroy();
  await expect.poll(held).toBe(0);
});

test.each([
  ['a file', file, PIECE],
  ['a stream', stream, 1.5 * LARGE],
  ['a whole answer', json, 1.5 * LARGE],
])('of %s no more waits than the share has: the next one is cut off', async (_, answering, each) => {
  const { ask, held } = await serve(answering, { each });
  const first = await ask();
  await expect.poll(held).toBeGreaterThan(0);
  const others = await Promise.all(Array.from({ length: 8 }, ask));
  const ended = others.map((socket) => drain(socket));
  expect(Math.min(...(await Promise.all(ended)))).toBeLessThan(LARGE);
  expect(held()).toBeLessThanOrEqual(each);
  expect(await drain(first)).toBeGreaterThan(LARGE); // who was there before is served
});

test.each([
  ['a file', file],
  ['a whole answer', json],
])('%s of which nothing is taken is cut off, and holds nothing then', async (_, answering) => {
  const { ask, held } = await serve(answering, { stallMs: 300 });
  const socket = await ask();
  await expect.poll(held).toBeGreaterThan(0);
  await expect.poll(held).toBe(0);
  expect(await drain(socket)).toBeLessThan(LARGE);
});

test('on every runtime a file is read no further than its client has taken it', async () => {
  let read = 0;
  const pieces = async function* (): AsyncGenerator<Uint8Array, void> {
    for (; read < 10; read++) yield new Uint8Array(1);
  };
  const response = sendAsStream(undefined, new Response(null), pieces(), () => {});
  const reader = response.body?.getReader();
  expect(read).toBe(0);
  await reader?.read();
  await reader?.read();
  expect(read).toBeLessThanOrEqual(2);
  await reader?.cancel();
  expect((await reader?.read())?.done).toBe(true);
});
