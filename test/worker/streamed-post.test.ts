/** A POST whose answer streams, against real local servers: what comes, what breaks, which connections are kept, and who gets the key. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { brotliCompressSync, constants, createGzip, deflateSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { createStreamedPost, type StreamedAnswer } from '../../worker/streamed-post.ts';
import { latch } from '../support/openai.ts';

const calm = new AbortController().signal;
const HEADERS = { authorization: 'Bearer key', 'content-type': 'application/json' };

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

type Seen = { path: string; headers: http.IncomingHttpHeaders; body: string };

/** A server that keeps what it is asked. `connections`: the connections it has had, in their order. */
async function serve(answer: (response: ServerResponse, n: number) => unknown) {
  const seen: Seen[] = [];
  const connections: Socket[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    seen.push({ path: request.url ?? '', headers: request.headers, body });
    await answer(response, seen.length);
  };
  const server = http.createServer((request, response) => void take(request, response));
  server.on('connection', (socket) => connections.push(socket));
  const port = await listen(server);
  onTestFinished(() => server.closeAllConnections());
  const url = `http://127.0.0.1:${port}/v1/chat`;
  return { url, seen, connections, post: createStreamedPost(url, HEADERS) };
}

/** A server that answers each request on a connection with raw text, once the request is there. */
async function serveRaw(answer: (socket: Socket, n: number) => unknown) {
  const connections: Socket[] = [];
  let requests = 0;
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => String(bytes).endsWith('{}') && void answer(socket, ++requests));
  });
  const port = await listen(server);
  onTestFinished(() => connections.forEach((socket) => socket.destroy()));
  return { connections, post: createStreamedPost(`http://127.0.0.1:${port}/`, HEADERS) };
}

async function textOf(answer: StreamedAnswer): Promise<string> {
  let whole = '';
  for await (const piece of answer.texts()) whole += piece;
  answer.close();
  return whole;
}

test('the request has the headers, the whole body and its length; the answer its status, headers and body', async () => {
  const { post, seen } = await serve((response) =>
    response.writeHead(418, { 'x-request-id': 'r1', 'content-type': 'text/plain' }).end('ü€😀'),
  );
  const body = JSON.stringify({ text: 'ü€😀'.repeat(20_000) });
  const answer = await post(body, calm);
  expect([answer.status, answer.contentType, answer.headers().get('x-request-id')]).toEqual([418, 'text/plain', 'r1']);
  expect(await textOf(answer)).toBe('ü€😀');
  expect(seen[0]?.body === body).toBe(true);
  const length = String(Buffer.byteLength(body));
  expect(seen).toMatchObject([{ path: '/v1/chat', headers: { ...HEADERS, 'content-length': length, connection: 'keep-alive' } }]);
  expect(seen[0]?.headers).not.toHaveProperty('expect');
});

test('calls one after the other take one connection, and calls at once one each', async () => {
  const { post, connections } = await serve((response) => response.end('x'));
  for (let n = 0; n < 3; n++) await textOf(await post('{}', calm));
  expect(connections).toHaveLength(1);
  await Promise.all([1, 2, 3].map(async () => textOf(await post('{}', calm))));
  expect(connections).toHaveLength(3);
});

test('a connection that the server has closed meanwhile is not used again', async () => {
  const { post, connections } = await serveRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx');
    socket.end();
  });
  for (let n = 1; n <= 3; n++) {
    expect(await textOf(await post('{}', calm))).toBe('x');
    const socket = connections[n - 1] as Socket;
    if (!socket.destroyed) await once(socket, 'close');
  }
  expect(connections).toHaveLength(3);
});

test('a connection whose answer was held up by its reader is not used again: the server may be about to close it', async () => {
  const { post, connections } = await serve((response) => {
    response.write('x');
    setTimeout(() => response.end('y'), 50); // while the reader holds
  });
  for (const hold of ['before it is read', 'before its end is read', 'before it is closed']) {
    const answer = await post('{}', calm);
    if (hold === 'before it is read') await pause(600);
    for await (const piece of answer.texts()) {
      if (hold === 'before its end is read' && piece === 'x') await pause(600);
      if (hold === 'before it is closed') {
        answer.over();
        await pause(600);
        break;
      }
    }
    answer.close();
  }
  await textOf(await post('{}', calm));
  expect(connections).toHaveLength(4);
});

test('a server that closes a kept connection when it gets the next request is asked once: it may have begun to work', async () => {
  let requests = 0;
  const { post } = await serveRaw((socket, n) => {
    requests = n;
    if (n === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx');
    else socket.destroy();
  });
  await textOf(await post('{}', calm));
  await expect(post('{}', calm)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(requests).toBe(2);
});

const CODINGS: [coding: string, bytes: Buffer][] = [
  ['gzip', gzipSync('ü€😀 text')],
  ['x-gzip', gzipSync('ü€😀 text')],
  ['deflate', deflateSync('ü€😀 text')],
  ['br', brotliCompressSync('ü€😀 text')],
  ['identity', Buffer.from('ü€😀 text')],
];

test.each(CODINGS)('a body that a proxy has encoded as %s is read, and its connection kept', async (coding, bytes) => {
  const { post, connections } = await serve((response) => response.writeHead(200, { 'content-encoding': coding }).end(bytes));
  for (let n = 0; n < 2; n++) expect(await textOf(await post('{}', calm))).toBe('ü€😀 text');
  expect(connections).toHaveLength(1);
});

test('what is encoded goes on as it comes; if it breaks off, the reading fails', async () => {
  const goOn = latch();
  const { post } = await serve(async (response) => {
    const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    gzip.pipe(response.writeHead(200, { 'content-encoding': 'gzip' }));
    gzip.write('first');
    await goOn.wait;
    response.destroy();
  });
  const pieces: string[] = [];
  const reading = async () => {
    for await (const piece of (await post('{}', calm)).texts()) {
      pieces.push(piece);
      goOn.open();
    }
  };
  await expect(reading()).rejects.toThrow('aborted');
  expect(pieces).toEqual(['first']);
});

test('single bytes, and trailers behind the last chunk: the body is whole, and the connection kept', async () => {
  const text = 'data: "ü€😀"\n\n';
  const { post, connections } = await serveRaw((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-end\r\n\r\n');
    for (const byte of Buffer.from(text)) socket.write(Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]));
    socket.write('0\r\nx-end: 1\r\n\r\n');
  });
  for (let n = 0; n < 2; n++) expect(await textOf(await post('{}', calm))).toBe(text);
  expect(connections).toHaveLength(1);
});

const CUTS: [name: string, head: string][] = [
  ['in chunks', 'transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n'],
  ['of a known length', 'content-length: 10\r\n\r\nfirst'],
];

test.each(CUTS)('a body %s that breaks off is no whole one', async (_, head) => {
  const { post } = await serveRaw((socket) => socket.end(`HTTP/1.1 200 OK\r\n${head}`));
  const answer = await post('{}', calm);
  let text = '';
  const reading = async () => {
    for await (const piece of answer.texts()) text += piece;
  };
  await expect(reading()).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(text).toBe('first');
});

test('a server that ends the connection, or speaks no HTTP, before it has answered', async () => {
  for (const reply of ['', 'SMTP ready\r\n', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n']) {
    const { post } = await serveRaw((socket) => socket.end(reply));
    await expect(post('{}', calm)).rejects.toThrow(/hang up|Parse Error|without an answer/);
  }
});

test('an answer that comes before the request was read is the answer', async () => {
  const { url } = await serve(() => {});
  const server = http.createServer((_request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too much');
  });
  const port = await listen(server);
  const post = createStreamedPost(url.replace(/:\d+/, `:${port}`), HEADERS);
  const answer = await post('x'.repeat(100_000), calm);
  expect([answer.status, await answer.startOfText(1000)]).toEqual([413, 'too much']);
});

test('of an error that never ends only the beginning is read', async () => {
  const closed = latch();
  const { post } = await serve((response) => {
    response.writeHead(500).on('close', closed.open);
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(10_000)));
      response.once('drain', write);
    };
    write();
  });
  const text = await (await post('{}', calm)).startOfText(50_000);
  expect(text.length).toBeGreaterThanOrEqual(50_000);
  await closed.wait;
});

test('an abort closes the connection: before it is open, while no answer comes, and within the answer', async () => {
  const reason = new Error('enough');
  const { post, seen, connections } = await serve((response, n) => n > 1 && response.write('first'));
  const before = new AbortController();
  before.abort(reason);
  await expect(post('{}', before.signal)).rejects.toBe(reason);
  expect(connections).toHaveLength(0);

  const connecting = new AbortController();
  const early = post('{}', connecting.signal);
  connecting.abort(reason);
  await expect(early).rejects.toBe(reason);
  expect(seen).toHaveLength(0);

  const waiting = new AbortController();
  const silent = post('{}', waiting.signal);
  await expect.poll(() => seen.length).toBe(1);
  const first = connections.at(-1) as Socket;
  waiting.abort(reason);
  await expect(silent).rejects.toBe(reason);
  if (!first.destroyed) await once(first, 'close');

  const reading = new AbortController();
  const answer = await post('{}', reading.signal);
  const second = connections.at(-1) as Socket;
  const read = async () => {
    for await (const piece of answer.texts()) if (piece === 'first') reading.abort(reason);
  };
  await expect(read()).rejects.toThrow('aborted');
  if (!second.destroyed) await once(second, 'close');
});

test('an answer that is left is closed; one that is over keeps its connection if its end comes', async () => {
  const { post, connections } = await serveRaw((socket, n) => {
    const end = n === 3 ? '' : '4\r\nlast\r\n0\r\n\r\n';
    socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n${end}`);
  });
  const readFirst = async () => {
    const answer = await post('{}', calm);
    for await (const piece of answer.texts()) if (piece.startsWith('first')) break;
    answer.over();
    answer.close();
    await turn(); // in which the rest, which has come already, is read
  };
  for (let n = 1; n <= 3; n++) await readFirst(); // the third one's end never comes
  expect(connections).toHaveLength(1);
  if (!connections[0]?.destroyed) await once(connections[0] as Socket, 'close');

  const endless = await serve((response) => response.write('first'));
  const answer = await endless.post('{}', calm);
  for await (const piece of answer.texts()) if (piece === 'first') break;
  answer.close();
  if (!endless.connections[0]?.destroyed) await once(endless.connections[0] as Socket, 'close');
});

test.each([307, 308])('a redirect of status %i is followed with the same body; the key goes to no other origin', async (status) => {
  const other = await serve((response) => response.end('there'));
  const { post, seen } = await serve((response, n) =>
    n === 1
      ? response.writeHead(status, { location: '/v2/chat?a=1' }).end('moved')
      : response.writeHead(status, { location: other.url }).end('moved'),
  );
  const answer = await post('{"a":1}', calm);
  expect([answer.status, await textOf(answer)]).toEqual([200, 'there']);
  expect(seen.map(({ path, body, headers }) => [path, body, headers.authorization])).toEqual([
    ['/v1/chat', '{"a":1}', 'Bearer key'],
    ['/v2/chat?a=1', '{"a":1}', 'Bearer key'],
  ]);
  expect(other.seen).toMatchObject([{ path: '/v1/chat', body: '{"a":1}' }]);
  expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
});

test('redirects that ask for something else, lead nowhere or go round are answers', async () => {
  const round = await serve((response) => response.writeHead(307, { location: '/v1/chat' }).end('again'));
  expect([(await round.post('{}', calm)).status, round.seen.length]).toEqual([307, 6]);
  for (const [status, location] of [
    [302, '/v2'],
    [307, 'ftp://127.0.0.1/'],
    [307, 'http://'],
    [308, ''],
  ] as const) {
    const { post, seen } = await serve((response) => response.writeHead(status, location === '' ? {} : { location }).end());
    expect([(await post('{}', calm)).status, seen.length]).toEqual([status, 1]);
  }
});

/** Posts in a process of its own with these variables, and resolves with the status and the text of the answer, or with the code of the error. */
async function postElsewhere(url: string, env: Record<string, string>): Promise<unknown> {
  const script = `
    const { createStreamedPost } = await import('./worker/streamed-post.ts');
    const post = createStreamedPost('${url}', { authorization: 'Bearer key' });
    const told = await post('{}', new AbortController().signal).then(
      async (answer) => [answer.status, await answer.startOfText(1000)],
      (error) => error.code,
    );
    console.log(JSON.stringify(told));
    process.exit();`;
  return new Promise((resolve, reject) => {
    const options = { env: { PATH: process.env['PATH'] ?? '', ...env } };
    execFile(process.execPath, ['--input-type=module', '-e', script], options, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout)),
    );
  });
}

test('the proxy that the environment names is asked, if Node is told to use it', async () => {
  const proxy = await serve((response) => response.end('by the proxy'));
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: new URL(proxy.url).origin };
  expect(await postElsewhere('http://model.example/v1/chat', env)).toEqual([200, 'by the proxy']);
  expect(proxy.seen).toMatchObject([{ path: 'http://model.example/v1/chat', body: '{}' }]);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test.skipIf(!hasOpenssl)('over TLS only a server with a known certificate gets the request', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', ...args, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  let calls = 0;
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
    calls++;
    response.end('secure');
  });
  const url = `https://localhost:${await listen(server)}/`;
  expect(await postElsewhere(url, {})).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  expect(calls).toBe(0);
  expect(await postElsewhere(url, { NODE_EXTRA_CA_CERTS: cert })).toEqual([200, 'secure']);
  expect(calls).toBe(1);
});
