/** Listening: on all addresses, on this machine's own two, or on the next port that is free. */
import { once } from 'node:events';
import { Agent, createServer, get, type Server } from 'node:http';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { listen, type ListenOptions } from '../src/listen.ts';
import { freePort } from './support/ports.ts';
import { skippedFor, whyNotReached } from './support/reach.ts';

const noIPv6 = await whyNotReached('::1');

/** An address of this machine that only who listens on all addresses is found at. */
const BESIDE = '127.0.0.2';
const notBeside = await whyNotReached(BESIDE);
const hello = (): Server => createServer((_request, response) => response.end('hello'));

async function open(place: Partial<ListenOptions>) {
  const listening = await listen(hello, { host: 'localhost', ports: [0], variable: 'PORT', ...place });
  onTestFinished(listening.close);
  return listening;
}

async function take(port: number, host: string): Promise<void> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

const reach = (host: string, port: number) =>
  fetch(`http://${host}:${port}`)
    .then((response) => response.text())
    .catch(() => 'nobody');

test('localhost is the loopback address of IPv4', async () => {
  const { port } = await open({});
  expect(await reach('127.0.0.1', port)).toBe('hello');
});

test.skipIf(noIPv6)(`localhost is the loopback address of IPv6, too, on the same port${skippedFor(noIPv6)}`, async () => {
  const { port } = await open({});
  expect([await reach('127.0.0.1', port), await reach('[::1]', port)]).toEqual(['hello', 'hello']);
});

test.skipIf(notBeside)(`localhost is no other address${skippedFor(notBeside)}`, async () => {
  const { port } = await open({});
  expect(await reach(BESIDE, port)).toBe('nobody');
});

test('without a host this machine is served', async () => {
  const { port } = await open({ host: undefined });
  expect(await reach('127.0.0.1', port)).toBe('hello');
});

test.skipIf(notBeside)(`without a host all addresses are served${skippedFor(notBeside)}`, async () => {
  const { port } = await open({ host: undefined });
  expect(await reach(BESIDE, port)).toBe('hello');
});

test('closing waits for a request that runs, and not for its connection, which is kept for more', async () => {
  const began = Promise.withResolvers<() => void>();
  const slow = (): Server =>
    createServer({ keepAliveTimeout: 600_000 }, (_request, response) => began.resolve(() => response.end('hello')));
  const { port, close } = await listen(slow, { host: 'localhost', ports: [0], variable: 'PORT' });
  const answered = reach('127.0.0.1', port); // fetch keeps its connection
  const answer = await began.promise;
  const closed = close();
  answer();
  expect(await answered).toBe('hello');
  await closed;
});

test('closing does not wait for a connection that was opened in advance', async () => {
  const { port, close } = await listen(hello, { host: 'localhost', ports: [0], variable: 'PORT' });
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  await reach('127.0.0.1', port); // the server has seen it by then
  await close();
});

test('closing resets nobody who connects just before, while the process is held up: it is refused', async () => {
  const go = new Int32Array(new SharedArrayBuffer(4));
  const heldUp = (): Server => {
    const server = hello();
    return server.once('listening', () => {
      const { _handle: handle } = server as unknown as { _handle: { close(...rest: unknown[]): void } };
      const close = handle.close.bind(handle);
      handle.close = (...rest) => {
        Atomics.store(go, 0, 1);
        Atomics.notify(go, 0);
        Atomics.wait(go, 0, 1, 100); // nobody changes it: this thread rests
        close(...rest);
      };
    });
  };
  const { port, close } = await listen(heldUp, { host: '127.0.0.1', ports: [0], variable: 'PORT' });
  const thread = new Worker(new URL('support/connecting-thread.ts', import.meta.url), { workerData: { port, go } });
  await once(thread, 'message');
  const ended = once(thread, 'message');
  await close();
  expect(await ended).toEqual(['ECONNREFUSED']);
});

test('closing closes both', async () => {
  const { port, close } = await listen(hello, { host: 'localhost', ports: [0], variable: 'PORT' });
  await close();
  expect([await reach('127.0.0.1', port), await reach('[::1]', port)]).toEqual(['nobody', 'nobody']);
});

const TAKEN = [
  { taken: '127.0.0.1', why: undefined },
  { taken: '::1', why: noIPv6 },
];
for (const { taken, why } of TAKEN) {
  test.skipIf(why)(`a port that is taken on ${taken} is told with its variable, and nothing stays open${skippedFor(why)}`, async () => {
    const port = await freePort();
    await take(port, taken);
    await expect(open({ ports: [port] })).rejects.toThrow(`port ${port} is taken: stop what listens there, or set PORT to another`);
    if (taken !== '127.0.0.1') expect(await reach('127.0.0.1', port)).toBe('nobody');
  });
}

test('of several ports the first that is free; if none is, all are named', async () => {
  const [first, second] = [await freePort(), await freePort()];
  await take(first, '127.0.0.1');
  expect((await open({ ports: [first, second] })).port).toBe(second);
  await expect(open({ ports: [first, second] })).rejects.toThrow(`ports ${first} to ${second} are taken`);
});

test('an address that is not of this machine is told with the variable HOST', async () => {
  await expect(open({ host: '192.0.2.1' })).rejects.toThrow(/^HOST: .*192\.0\.2\.1/);
  await expect(open({ host: 'nobody.invalid' })).rejects.toThrow(/^HOST: .*nobody\.invalid/);
});

test('while a server drains it serves on, and each answer ends its connection', async () => {
  const { port, drain } = await open({});
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(url)).headers.get('connection')).toBe('keep-alive');
  drain();
  const last = await fetch(url);
  expect([last.headers.get('connection'), await last.text()]).toEqual(['close', 'hello']);
});

test('a server closes though a proxy always has another request for its connection', async () => {
  const { port, close } = await listen(hello, { host: 'localhost', ports: [0], variable: 'PORT' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  let answered = 0;
  const ask = (): void => {
    get({ host: '127.0.0.1', port, agent }, (response) => {
      answered++;
      response.resume().on('end', ask);
    }).on('error', () => {}); // the port is closed
  };
  ask();
  await expect.poll(() => answered).toBeGreaterThan(10);
  await close();
  expect(await reach('127.0.0.1', port)).toBe('nobody');
});

test.runIf(process.platform === 'linux')('servers that share a port follow each other without a gap', async () => {
  const shared = { host: '127.0.0.1', shared: true };
  const first = await open(shared);
  const second = await open({ ...shared, ports: [first.port] });
  expect(second.port).toBe(first.port);
  await first.close();
  expect(await reach('127.0.0.1', first.port)).toBe('hello');
  await expect(open({ host: '127.0.0.1', ports: [first.port] })).rejects.toThrow(`port ${first.port} is taken`);
});
