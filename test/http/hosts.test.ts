/** Outside production the API answers only to names of this machine: a web page whose name was made to lead here (DNS rebinding) must not act. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack-in-process.ts';

/** Sends lines as they are, and returns the answer. */
async function send(stack: Stack, lines: string[], body = ''): Promise<string> {
  const socket = connect(Number(new URL(stack.url).port), '127.0.0.1');
  socket.end([...lines, 'connection: close', ...(body ? [`content-length: ${body.length}`] : []), '', body].join('\r\n'));
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  await once(socket, 'close');
  return answer;
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]);
const get = async (stack: Stack, host: string) => statusOf(await send(stack, ['GET /health HTTP/1.1', `host: ${host}`]));

const machine = hostname().toLowerCase();
const ours = [
  'localhost',
  'localhost:3001',
  'LocalHost:3001',
  'localhost.',
  'app.localhost:80',
  '127.0.0.1:3001',
  '192.168.7.5:3001',
  '127.1',
  '[::1]:3001',
  '[::1]',
  '[fe80::1]:3001',
  machine,
  `${machine.toUpperCase()}:3001`,
  `${machine.replace(/\..*/, '')}.local`,
];
const strange = [
  'evil.example',
  'evil.example:3001',
  'evil.example.',
  'localhost.evil.example',
  'localhostevil',
  'notlocalhost:3001',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io:3001',
  '1.2.3.4.evil',
  'my-mac.evil.example',
  'xn--e1afmkfd.example',
  `${machine}.evil.example`,
];

test('IP addresses, localhost and this machine are ours in any spelling; no other name is', async () => {
  const stack = await startStack();
  for (const host of ours) expect([host, await get(stack, host)]).toEqual([host, 200]);
  for (const host of strange) expect([host, await get(stack, host)]).toEqual([host, 421]);
});

test('nothing acts, reads or is allowed under a strange name, on any route; the answer says what to do', async () => {
  const stack = await startStack();
  const job = await stack.submit({ content: 'a' }, { 'user-id': 'ana' });
  const body = '{"content":"a"}';
  const requests: [line: string, headers: string[], body?: string][] = [
    ['POST /api/ai/generate-flashcards', ['content-type: application/json'], body],
    ['POST /api/ai/generate-flashcards', ['content-type: application/json', 'accept: text/event-stream'], body],
    ['OPTIONS /api/ai/generate-flashcards', ['origin: http://evil.example', 'access-control-request-method: POST']],
    [`POST ${job['cancelUrl']}`, ['user-id: ana']],
    [`GET ${job['statusUrl']}`, []],
    [`HEAD ${job['statusUrl']}`, []],
    [`GET ${job['streamUrl']}`, ['accept: text/event-stream']],
    ['GET /api/events', ['user-id: ana']],
    ['GET /nothing', []],
    ['PUT /health', []],
  ];
  for (const [line, headers, text] of requests) {
    const answer = await send(stack, [`${line} HTTP/1.1`, 'host: evil.example:3001', ...headers], text);
    expect([line, statusOf(answer)]).toEqual([line, 421]);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expect(answer).not.toMatch(/access-control-allow/i);
    if (!line.startsWith('HEAD'))
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
        code: 'misdirected',
        detail: expect.stringMatching(/evil\.example.*ALLOWED_HOSTS/),
      });
  }
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'waiting' });
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(1);
});

test('a target with a name of its own is judged by it, beside the Host header; a request without either is served', async () => {
  const stack = await startStack();
  const judged = async (target: string, ...headers: string[]) => statusOf(await send(stack, [`GET ${target}`, ...headers]));
  expect(await judged('http://evil.example/health HTTP/1.1', 'host: localhost')).toBe(421);
  expect(await judged('http://localhost/health HTTP/1.1', 'host: evil.example')).toBe(421);
  expect(await judged('http://localhost/health HTTP/1.1', 'host: localhost')).toBe(200);
  expect(await judged('/health HTTP/1.0')).toBe(200); // no browser leaves it out, but some hosts' health checks do
  expect(await judged('/health HTTP/1.0', 'host: evil.example')).toBe(421);
});

test('ALLOWED_HOSTS adds names, and all that lie under one', async () => {
  const stack = await startStack({ ALLOWED_HOSTS: 'my-Mac.Example, *.tunnel.example' });
  for (const host of ['my-mac.example:3001', 'MY-MAC.EXAMPLE.', 'a.tunnel.example', 'a.b.tunnel.example:443', 'localhost'])
    expect([host, await get(stack, host)]).toEqual([host, 200]);
  for (const host of ['x.my-mac.example', 'tunnel.example', 'eviltunnel.example', 'a.tunnel.example.evil'])
    expect([host, await get(stack, host)]).toEqual([host, 421]);
});

test('in production every name is answered: there the gateway knows them', async () => {
  const stack = await startStack({ NODE_ENV: 'production', AUTH: 'trusted-header' });
  expect(await get(stack, 'api.your-app.example')).toBe(200);
});
