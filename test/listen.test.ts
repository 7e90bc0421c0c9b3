/** Listening: on all addresses, on this machine's own two, or on the next port that is free. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { listen, type ListenOptions } from '../src/listen.ts';
import { freePort } from './support/ports.ts';

const hasIPv6 = networkInterfaces()['lo']?.some(({ family }) => family === 'IPv6') ?? true;
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

test('localhost is both loopback addresses, on one port, and no other', async () => {
  const { port } = await open({});
  expect(await reach('127.0.0.1', port)).toBe('hello');
  if (hasIPv6) expect(await reach('[::1]', port)).toBe('hello');
  expect(await reach('127.0.0.2', port)).toBe('nobody');
});

test('without a host all addresses are served', async () => {
  const { port } = await open({ host: undefined });
  expect(await reach('127.0.0.1', port)).toBe('hello');
  if (process.platform === 'linux') expect(await reach('127.0.0.2', port)).toBe('hello');
});

test('closing closes both', async () => {
  const { port, close } = await listen(hello, { host: 'localhost', ports: [0], variable: 'PORT' });
  await close();
  expect([await reach('127.0.0.1', port), await reach('[::1]', port)]).toEqual(['nobody', 'nobody']);
});

test('a taken port is told with the variable that sets it, whichever of the two addresses is taken; nothing stays open', async () => {
  for (const taken of hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
    const port = await freePort();
    await take(port, taken);
    await expect(open({ ports: [port] })).rejects.toThrow(`port ${port} is taken: stop what listens there, or set PORT to another`);
    if (taken === '::1') expect(await reach('127.0.0.1', port)).toBe('nobody');
  }
});

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
