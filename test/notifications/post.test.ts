/** Posting to servers that users name: which addresses are refused, over HTTP and over TLS, and what each kind of answer comes to. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, BlockList, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { post, type PostRules } from '../../src/notifications/post.ts';
import { callbackAddresses } from '../../src/notifications/public-addresses.ts';
import { createResolveName, NameNotFoundError, type ResolveName } from '../../src/notifications/resolve-name.ts';

const calm = new AbortController().signal;
const strict: PostRules = { blockList: callbackAddresses(true).blockList, resolveName: createResolveName(), timeoutMs: 5000, signal: calm };
const local: PostRules = { ...strict, blockList: callbackAddresses(false).blockList };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    if (server instanceof http.Server) server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** Resolves every name to these addresses, one after the other, as a name server does that changes its mind. */
function resolving(...addresses: string[]): ResolveName {
  let asked = 0;
  return async () => {
    const address = addresses[Math.min(asked++, addresses.length - 1)] ?? '';
    return [{ address, family: address.includes(':') ? 6 : 4 }];
  };
}

/** Resolves every name to all of these addresses at once. */
function leadingTo(...addresses: string[]): ResolveName {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

const PRIVATE = `
  127.0.0.1 127.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
  0.0.0.0 198.18.0.1 192.0.2.1 198.51.100.1 203.0.113.1 224.0.0.1 255.255.255.255 192.0.0.192
  ::  ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:a9fe:a9fe ::10.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::a00:1
  fe80::1 fc00::1 fd00:ec2::254 ff02::1 2002:a00:1::1 2001:db8::1 2001::1 100::1 3fff::1 5f00::1 fec0::1`
  .trim()
  .split(/\s+/);

describe.each(['http', 'https'])('over %s', (scheme) => {
  test('no private address is connected to, as itself or behind a name', async () => {
    const seen: Record<string, unknown> = {};
    for (const address of PRIVATE) {
      const host = address.includes(':') ? `[${address}]` : address;
      const request = (url: string) => ({ url, headers: {}, body: '{}' });
      const literal = await post(request(`${scheme}://${host}:9/`), strict);
      const named = await post(request(`${scheme}://hook.example:9/`), { ...strict, resolveName: resolving(address) });
      seen[address] = [literal, named];
    }
    const refused = { type: 'failed', code: 'address_not_public' };
    expect(seen).toEqual(Object.fromEntries(PRIVATE.map((address) => [address, [refused, refused]])));
  });

  test('other spellings of a private address are the same address', async () => {
    for (const host of ['2130706433', '0x7f000001', '0177.0.0.1', '127.1', '017700000001', '[0:0:0:0:0:ffff:7f00:1]', '①②⑦.0.0.1']) {
      expect(await post({ url: `${scheme}://${host}:9/`, headers: {}, body: '' }, strict), host).toEqual({
        type: 'failed',
        code: 'address_not_public',
      });
    }
  });

  test('a name that leads to another address the second time is checked where it is connected to', async () => {
    let connections = 0;
    const port = await listen(createServer((socket) => (connections++, socket.destroy())));
    const rules = { ...strict, resolveName: resolving('127.0.0.1', '127.0.0.1') };
    await post({ url: `${scheme}://rebinding.example:${port}/`, headers: {}, body: '' }, rules);
    await post({ url: `${scheme}://rebinding.example:${port}/`, headers: {}, body: '' }, rules);
    expect(connections).toBe(0);
  });

  test('of a name’s many addresses those that are refused are not connected to, and the others are', async () => {
    let connections = 0;
    const port = await listen(createServer((socket) => (connections++, socket.destroy())));
    const privates = Array.from({ length: 50 }, (_, n) => `10.0.0.${n}`);
    const to = async (resolveName: ResolveName, blockList: BlockList) => {
      const posted = await post({ url: `${scheme}://many.example:${port}/`, headers: {}, body: '' }, { ...strict, blockList, resolveName });
      return posted.type === 'failed' && posted.code;
    };
    expect(await to(leadingTo(...privates, '127.0.0.1', '::ffff:127.0.0.1', '::1'), strict.blockList)).toBe('address_not_public');
    expect(connections).toBe(0);
    const only = new BlockList();
    only.addSubnet('10.0.0.0', 8);
    await to(leadingTo(...privates, '127.0.0.1'), only);
    expect(connections).toBe(1);
    await to(leadingTo('127.0.0.3', '127.0.0.1'), only); // nobody listens at the first
    expect(connections).toBe(2);
  });

  test('the block list is the socket’s: with an empty one the same request comes through', async () => {
    let connections = 0;
    const port = await listen(createServer((socket) => (connections++, socket.destroy())));
    const rules = { ...strict, blockList: new BlockList(), resolveName: resolving('127.0.0.1') };
    const posted = await post({ url: `${scheme}://hook.example:${port}/`, headers: {}, body: '' }, rules);
    expect([posted.type, connections]).toEqual(['failed', 1]);
  });
});

test('public addresses are not refused', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.169.0.1', '100.128.0.1', '198.20.0.1', '223.255.255.255']) {
    expect([address, strict.blockList.check(address, 'ipv4')]).toEqual([address, false]);
  }
  for (const address of ['2606:4700::1111', '2a00:1450::1', '2400:cb00::1', '2c0f:fb50::1', '::ffff:8.8.8.8']) {
    expect([address, strict.blockList.check(address, 'ipv6')]).toEqual([address, false]);
  }
});

const NOON = Date.UTC(2030, 0, 1, 12);

/** A server that answers so. */
const answering = (answer: http.RequestListener) => listen(http.createServer(answer));
const postTo = (port: number, rules: PostRules = local) =>
  post({ url: `http://127.0.0.1:${port}/hook?a=b`, headers: { 'x-a': 'b' }, body: '{"a":"ä"}' }, rules);

describe('an answer', () => {
  test('is its status, and how long to wait', async () => {
    for (const [status, headers, expected] of [
      [204, {}, {}],
      [410, {}, {}],
      [429, { 'retry-after': '120' }, { retryAfterMs: 120_000 }],
      [503, { date: new Date(NOON).toUTCString(), 'retry-after': new Date(NOON + 60_000).toUTCString() }, { retryAfterMs: 60_000 }],
      [503, { 'retry-after': 'soon' }, {}],
    ] as const) {
      const port = await answering((_request, response) => response.writeHead(status, headers).end());
      expect(await postTo(port)).toEqual({ type: 'answered', status, ...expected });
    }
  });

  test('that leads elsewhere is not followed', async () => {
    let calls = 0;
    const port = await answering((_request, response) => {
      calls++;
      response.writeHead(307, { location: '/again' }).end();
    });
    expect(await postTo(port)).toEqual({ type: 'answered', status: 307 });
    expect(calls).toBe(1);
  });

  test('with a body that has no end is not read: its connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await answering((_request, response) => {
      const writing = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.writeHead(200);
      response.on('close', () => {
        clearInterval(writing);
        closed.resolve();
      });
    });
    expect(await postTo(port)).toEqual({ type: 'answered', status: 200 });
    await closed.promise;
  });

  test('that does not come is given up, with the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await answering((request) => request.socket.on('close', () => closed.resolve()));
    expect(await postTo(port, { ...local, timeoutMs: 100 })).toEqual({ type: 'failed', code: 'timed_out' });
    await closed.promise;
  });

  test('that comes drop by drop is given up, too', async () => {
    const port = await listen(
      createServer((socket) => {
        const dripping = setInterval(() => socket.write('x'), 10);
        socket.on('close', () => clearInterval(dripping)).on('error', () => {});
        socket.write('HTTP/1.1 200 OK\r\nx: ');
      }),
    );
    expect(await postTo(port, { ...local, timeoutMs: 200 })).toEqual({ type: 'failed', code: 'timed_out' });
  });

  test('that is none is told apart from no connection and no name', async () => {
    const port = await listen(createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-OpenSSH\r\n')));
    expect(await postTo(port)).toEqual({ type: 'failed', code: 'answer_invalid' });
    expect(await postTo(1)).toEqual({ type: 'failed', code: 'connection_failed' });
    const resolveName: ResolveName = () => Promise.reject(new NameNotFoundError('no'));
    expect(await post({ url: 'http://none.example/', headers: {}, body: '' }, { ...local, resolveName })).toEqual({
      type: 'failed',
      code: 'name_not_found',
    });
  });

  test('gets the body and the headers as they were given', async () => {
    const got = Promise.withResolvers<unknown>();
    const port = await answering((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        got.resolve([request.method, request.url, request.headers['x-a'], request.headers.host, body]);
        response.end();
      });
    });
    await postTo(port);
    expect(await got.promise).toEqual(['POST', '/hook?a=b', 'b', `127.0.0.1:${port}`, '{"a":"ä"}']);
  });

  test('is not waited for when the process stops', async () => {
    const stopping = new AbortController();
    const port = await answering(() => stopping.abort());
    expect(await postTo(port, { ...local, signal: stopping.signal })).toEqual({ type: 'failed', code: 'stopped' });
    expect(await postTo(port, { ...local, signal: stopping.signal })).toEqual({ type: 'failed', code: 'stopped' });
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test.skipIf(!hasOpenssl)('over TLS a certificate of nobody known, or of another name, is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=right.example'];
  execFileSync('openssl', ['req', ...args, '-addext', 'subjectAltName=DNS:right.example', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  let calls = 0;
  const server = https.createServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    (_request, response) => (calls++, response.end()),
  );
  const port = await listen(server);
  const rules = { ...local, resolveName: resolving('127.0.0.1') };
  const to = (name: string) => post({ url: `https://${name}:${port}/`, headers: {}, body: '' }, rules);
  expect(await to('right.example')).toEqual({ type: 'failed', code: 'certificate_invalid' }); // nobody known
  const script = `
    const { post } = await import('./src/notifications/post.ts');
    const { callbackAddresses } = await import('./src/notifications/public-addresses.ts');
    const resolveName = async () => [{ address: '127.0.0.1', family: 4 }];
    const rules = { blockList: callbackAddresses(false).blockList, timeoutMs: 5000, signal: new AbortController().signal, resolveName };
    const to = (name) => post({ url: 'https://' + name + ':${port}/', headers: {}, body: '' }, rules);
    console.log(JSON.stringify([await to('right.example'), await to('wrong.example')]));`;
  const output = await new Promise<string>((resolve, reject) => {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: cert };
    execFile(process.execPath, ['--input-type=module', '-e', script], { env }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
  expect(JSON.parse(output)).toEqual([
    { type: 'answered', status: 200 },
    { type: 'failed', code: 'certificate_invalid' },
  ]);
  expect(calls).toBe(1);
});
