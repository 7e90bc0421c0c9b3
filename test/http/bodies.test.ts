/** Bodies of requests: whatever pieces they come in, they cost what their bytes cost, and a client that stops in the middle holds up nobody. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { decodeBase64 } from '../../src/http/base64.ts';
import { pullFromStream, receiveBody } from '../../src/http/body.ts';
import { JsonReader } from '../../src/http/json-body.ts';
import { FormReader } from '../../src/http/multipart.ts';
import { createShares } from '../../src/http/shares.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { JoinedMessage } from '../../src/joined-message.ts';
import { createNodeServer, pullFromIncoming } from '../../src/node-server.ts';
import { createDice } from '../support/dice.ts';
import { noise, wav } from '../support/recordings.ts';
import { type Stack, startStack } from '../support/stack-in-process.ts';
import { form, json, startSlices } from '../support/uploads.ts';

const MB = 1024 * 1024;
const FLASHCARDS = '/api/ai/generate-flashcards';

/** Opens a POST and sends what is given; the rest is the test's to send, or never comes. */
async function open(url: string, path: string, headers: Record<string, string>, bytes: Uint8Array | string = ''): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n`);
  socket.write(bytes);
  return socket;
}

/** All that is answered on a connection until the server closes it. */
async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const piece of socket) text += String(piece);
  return text;
}

/** Bytes as chunks of HTTP/1.1 with one byte in each. */
const inSingleBytes = (bytes: Uint8Array) =>
  Buffer.concat([...bytes].map((byte) => Buffer.from([0x31, 13, 10, byte, 13, 10])).concat(Buffer.from('0\r\n\r\n')));

/** The file's part of a form, which more may follow. */
const partOf = (bytes: Uint8Array) =>
  Buffer.concat([Buffer.from('--b\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\n'), bytes]);
const FORM = { 'content-type': 'multipart/form-data; boundary=b', 'user-id': 'ana' };
const CHUNKED = { 'transfer-encoding': 'chunked', connection: 'close' };

const held = async ({ get }: Pick<Stack, 'get'>) => (await get('/api/queue/stats'))['held'];

test('a form and JSON in chunks of one byte are taken like any other', async () => {
  const { url } = await startSlices();
  const sound = wav(1, { sampleRate: 8000 });
  const whole = Buffer.concat([partOf(sound), Buffer.from('\r\n--b--\r\n')]);
  expect(await answerOf(await open(url, '/api/slice-audio', { ...FORM, ...CHUNKED }, inSingleBytes(whole)))).toMatch(/^HTTP\/1.1 202 /);
  const [text, headers] = json(sound.toString('base64'));
  expect(await answerOf(await open(url, '/api/slice-audio', { ...headers, ...CHUNKED }, inSingleBytes(Buffer.from(text))))).toMatch(
    /^HTTP\/1.1 202 /,
  );
});

test('what comes after the last boundary of a form means nothing, in a block of its own, too', () => {
  const reader = new FormReader(FORM['content-type'], { audio: { types: [], maxBytes: 100, inspect: () => ({ type: '' }) } });
  reader.take(Buffer.concat([partOf(noise(3)), Buffer.from('\r\n--b--')]));
  reader.take(Buffer.from('\r\nan epilogue'));
  expect(reader.finish().files.get('audio')).toHaveLength(3);
});

test('chunks of one byte reach readers joined, in order and whole; the server makes few pieces of them', async () => {
  const bytes = noise(200_000);
  const pieces: Buffer[] = [];
  const server = createServer({ IncomingMessage: JoinedMessage }, (incoming, outgoing) => {
    incoming.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => outgoing.end());
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  await answerOf(await open(`http://127.0.0.1:${port}`, '/', CHUNKED, inSingleBytes(bytes)));
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  expect(pieces.length).toBeLessThan(2000);
});

test('two requests whose tiny chunks come at the same time get their own bytes', async () => {
  const server = createServer({ IncomingMessage: JoinedMessage }, (incoming: IncomingMessage, outgoing) => {
    let text = '';
    incoming.on('data', (piece: Buffer) => (text += piece.toString('latin1'))).on('end', () => outgoing.end(text));
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const answers = await Promise.all(
    ['a', 'b', 'c'].map(async (letter) => {
      const sent = request({ port, method: 'POST' });
      for (let n = 0; n < 3000; n++) {
        sent.write(letter);
        if (n % 100 === 0) await new Promise(setImmediate);
      }
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      let text = '';
      for await (const piece of response) text += String(piece);
      return text;
    }),
  );
  expect(answers).toEqual(['a', 'b', 'c'].map((letter) => letter.repeat(3000)));
});

describe.each([
  ['node', pullFromIncoming],
  ['web', pullFromStream],
] as const)('the way of %s', (_, pull) => {
  /** Serves one request, and tells what its body came to. */
  async function serve() {
    const pieces: Uint8Array[] = [];
    const outcome = Promise.withResolvers<string>();
    const came = Promise.withResolvers<void>();
    const stopping = Promise.withResolvers<() => void>();
    const take = (piece: Uint8Array) => {
      pieces.push(piece);
      came.resolve();
    };
    const server = createNodeServer(async (asked, env) => {
      const { ended, stop } = pull(env, asked, take);
      stopping.resolve(stop);
      outcome.resolve(await ended.then(() => 'over').catch(() => 'gone'));
      return new Response('answered');
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    return { url, pieces, outcome: outcome.promise, came: came.promise, stop: async () => (await stopping.promise)() };
  }

  test('a body comes whole and in order', async () => {
    const { url, pieces, outcome } = await serve();
    const bytes = noise(3 * MB);
    await fetch(url, { method: 'POST', body: new Uint8Array(bytes) });
    expect([await outcome, Buffer.concat(pieces).equals(bytes)]).toEqual(['over', true]);
  });

  test('no body is one of no bytes', async () => {
    const { url, pieces, outcome } = await serve();
    await fetch(url, { method: 'POST' });
    expect([await outcome, Buffer.concat(pieces)]).toEqual(['over', Buffer.alloc(0)]);
  });

  test('a client that goes in the middle is told of', async () => {
    const { url, came, outcome } = await serve();
    const socket = await open(url, '/', { 'content-length': '100' }, 'abc');
    await came;
    socket.destroy();
    expect(await outcome).toBe('gone');
  });

  test('after a stop it goes on at once, and the client gets an answer', async () => {
    const { url, came, outcome, stop } = await serve();
    const socket = await open(url, '/', { 'content-length': '100' }, 'abc');
    await came;
    await stop();
    expect(await outcome).toBe('over');
    expect(await answerOf(socket)).toMatch(/answered$/);
  });
});

/** Receives a body whose pieces are the test's to give. */
function receiving({ each = 100 * MB, maxBytes = 100 * MB, stallMs = 30_000 } = {}) {
  const bounds = { each, all: each };
  const { bodies } = createShares({ bodies: bounds, answers: bounds, streams: bounds, reads: bounds });
  const blocks: number[] = [];
  const [held, end] = [bodies.hold(tenantOf('ana', undefined), 0), Promise.withResolvers<void>()];
  let give!: (piece: Uint8Array) => void;
  const pull = (take: typeof give) => {
    give = take;
    return { ended: end.promise, stop: () => end.resolve() };
  };
  const reader = {
    take: (block: Uint8Array) => void blocks.push(block.byteLength),
    finish: () => 'whole',
    drop: () => void blocks.splice(0),
  };
  const received = receiveBody(pull, reader, { maxBytes, held, stallMs });
  void received.catch(() => {});
  return { received, blocks, give: (piece: Uint8Array) => give(piece), end: end.resolve, figures: () => bodies.figures() };
}

test('on every runtime a reader gets blocks and not pieces, and what is held is what has come', async () => {
  const { received, blocks, give, end, figures } = receiving();
  for (let n = 0; n < 200_000; n++) give(new Uint8Array(1));
  give(new Uint8Array(1_000_000));
  give(new Uint8Array(1));
  expect(figures().held).toBe(1_200_001);
  end();
  expect(await received).toBe('whole');
  expect(blocks).toEqual([65_536, 65_536, 65_536, 200_000 - 3 * 65_536, 1_000_000, 1]);
});

test('a body that is too much for its holder holds nothing from then on, and is told when it has ended', async () => {
  const { received, blocks, give, end, figures } = receiving({ each: 100_000 });
  give(new Uint8Array(90_000));
  give(new Uint8Array(20_000));
  expect(figures()).toEqual({ held: 0, holders: 0, waiting: 0 });
  give(new Uint8Array(90_000));
  expect([figures().held, blocks]).toEqual([0, []]); // what came before is dropped, too
  end();
  await expect(received).rejects.toThrow(expect.objectContaining({ code: 'too_many_open' }));
});

test('a body may take any time while bytes come, and 30 s without one are too long', async () => {
  vi.useFakeTimers();
  try {
    const { received, give } = receiving();
    for (let n = 0; n < 100; n++) {
      await vi.advanceTimersByTimeAsync(29_000);
      give(new Uint8Array(1));
    }
    let code: unknown;
    void received.catch((error: { code?: unknown }) => (code = error.code));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(code).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(code).toBe('request_timeout');
  } finally {
    vi.useRealTimers();
  }
  const { requestTimeout } = createNodeServer(() => new Response()); // nor does Node limit the time of a whole body
  expect(requestTimeout).toBe(0);
});

test.each([
  ['a form', '/api/slice-audio', FORM, partOf(wav(1))],
  ['a file as JSON', '/api/slice-audio', { 'content-type': 'application/json' }, '{"audio":"AAAA'],
  ['flashcards', FLASHCARDS, { 'content-type': 'application/json' }, '{"content":"The mitochondrion'],
  ['nothing of a body', '/api/slice-audio', FORM, ''],
])('%s that stops coming is 408, and the connection is closed', async (_, path, headers, bytes) => {
  const stack = await (path === FLASHCARDS ? startStack : startSlices)({ STALL_TIMEOUT_MS: '200' });
  const answer = await answerOf(await open(stack.url, path, { ...headers, 'content-length': '500000' }, bytes));
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(answer).toMatch(/retry-after: 1\r\n/i);
  expect(answer).toContain('"code":"request_timeout"');
  expect((await held(stack)).bodies).toEqual({ held: 0, holders: 0, waiting: 0 });
});

test("bodies that one user has left open block that user's uploads, and nobody else's", async () => {
  const stack = await startSlices({ MAX_UPLOAD_MB_PER_USER: '16', MAX_UPLOAD_MB: '40' });
  const half = partOf(noise(7 * MB));
  const idle = [];
  for (let n = 1; n <= 2; n++) {
    idle.push(await open(stack.url, '/api/slice-audio', { ...FORM, 'content-length': String(9 * MB) }, half));
    await expect.poll(async () => (await held(stack)).bodies.held).toBe(n * half.byteLength);
  }
  expect((await held(stack)).bodies.holders).toBe(1);
  const refused = await stack.send(form(wav(25, { sampleRate: 50_000 })), { 'user-id': 'ana' });
  expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([429, 'too_many_open', '2']);
  expect((await stack.send(form(wav(1)), { 'user-id': 'ana' })).status).toBe(202); // there is room for a small one
  const others = await Promise.all(Array.from({ length: 15 }, (_, n) => stack.send(form(wav(1)), { 'user-id': `user-${n}` })));
  expect(others.map(({ status }) => status)).toEqual(others.map(() => 202));
  for (const socket of idle) socket.destroy();
  await expect.poll(async () => (await held(stack)).bodies).toEqual({ held: 0, holders: 0, waiting: 0 });
});

test.each([
  ['a form', new FormReader(FORM['content-type'], { audio: { types: [], maxBytes: 10 * MB, inspect: () => ({ type: '' }) } }), false],
  ['JSON', new JsonReader(), true],
])('of %s that is refused nothing is kept while the rest comes', (_, reader, isJson) => {
  reader.take(isJson ? Buffer.from('{"a":1}') : Buffer.concat([partOf(noise(3)), Buffer.from('\r\n--b--')]));
  reader.drop();
  expect(() => reader.finish()).toThrow(expect.objectContaining({ code: isJson ? 'invalid_json' : 'invalid_input' })); // as if nothing had come
});

test('base64 is taken in both alphabets, with and without padding, and nothing else is', () => {
  const roll = createDice(3);
  for (let n = 0; n < 2000; n++) {
    const bytes = Buffer.from(Array.from({ length: roll(40) }, () => roll(256)));
    const texts = [bytes.toString('base64'), bytes.toString('base64url'), `data:image/png;base64,${bytes.toString('base64')}`];
    for (const text of texts) expect(decodeBase64(text)).toEqual(bytes);
    const text = bytes.toString('base64url');
    const at = roll(text.length + 1);
    const stranger = ['=', 'é', '.', '\u0000', '🙂'][roll(5)] ?? '';
    for (const broken of [text.slice(0, at) + stranger + text.slice(at), text.slice(0, at) + stranger + text.slice(at + 1)]) {
      if (!/^[A-Za-z0-9_-]*={0,2}$/.test(broken)) expect(decodeBase64(broken)).toBeUndefined();
    }
  }
  for (const text of ['A', 'A===', 'AA=', 'AAA==', 'AAAA=', '=', '==', 'AAAA====']) expect(decodeBase64(text)).toBeUndefined();
});
