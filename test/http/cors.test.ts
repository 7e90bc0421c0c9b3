/** Tests which web pages may call, that those may do all that the routes offer, and that others may not act as anybody. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ALLOWED } from '../../src/http/cors.ts';
import { isOfThisMachine } from '../../src/http/origins.ts';
import { hostname } from 'node:os';
import { routesOfApp } from '../support/routes.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

/** Headers that browsers send by themselves, or that are no page's to send. */
const NOT_A_PAGES = new Set([
  'origin',
  'host',
  'accept',
  'content-encoding', // it is refused
  'content-length',
  'transfer-encoding',
  'x-forwarded-for',
  'sec-fetch-site',
  'sec-fetch-mode',
  'sec-fetch-dest',
  'access-control-request-method',
]);

test('a page may send every header that a route reads', () => {
  const folder = new URL('../../src/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /^(http|identity)\/.*\.ts$/.test(name));
  const read = files.flatMap((name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    return [...text.matchAll(/(?:\bheader|headerOf|duration)\('([\w-]+)'\)/g)].map(([, header = '']) => header.toLowerCase());
  });
  expect(read).toContain('start-within');
  const allowed = new Set(ALLOWED.map((name) => name.toLowerCase()));
  expect([...new Set(read)].filter((name) => !allowed.has(name) && !NOT_A_PAGES.has(name))).toEqual([]);
});

test('the answer to a preflight names the methods of the routes', async () => {
  const stack = await startStack();
  const preflight = await fetch(`${stack.url}/api/jobs/x`, {
    method: 'OPTIONS',
    headers: { origin: 'http://localhost:8081', 'access-control-request-method': 'DELETE' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')?.split(',').toSorted()).toEqual(['DELETE', 'GET', 'POST']);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('Start-Within');
});

const SUBMIT = '/api/ai/generate-flashcards';
const EVIL = 'https://evil.example';

/** Origins of pages that some other site has made. */
const FOREIGN = [
  [EVIL, 'http://evil.example:3001', 'null', 'https://localhost.evil.example', 'http://127.0.0.1.nip.io:3001', 'http://evil-localhost'],
  [
    'http://localhost@evil.example',
    'http://127.0.0.1:80@evil.example',
    'http://128.0.0.1',
    'http://192.0.2.7:8081',
    'http://[2001:db8::1]:8081',
  ],
  ['http://1270.0.0.1', 'file://', 'chrome-extension://abcdef', 'http://localhost/x', 'localhost', 'http://', 'http://[::1].evil.example'],
].flat();

/** Origins of pages of this machine. */
const OWN = [
  [
    'http://localhost',
    'http://localhost:8081',
    'https://localhost:19006',
    'http://app.localhost:5173',
    'http://127.0.0.1:8081',
    'http://127.8.9.1',
  ],
  [
    'http://[::1]:8081',
    'http://LOCALHOST:3000',
    'http://localhost.:80',
    `http://${hostname()}:8081`,
    'capacitor://localhost',
    'http://0.0.0.0:8081',
  ],
].flat();

/** Asks as a page of an origin does. Resolves with the status and the headers that a browser looks at. */
async function asPage({ url }: Pick<Stack, 'url'>, origin: string | undefined, path: string, init: RequestInit = {}) {
  const headers = { ...(origin !== undefined && { origin }), ...(init.headers as Record<string, string>) };
  const answer = await fetch(url + path, { ...init, headers });
  await answer.body?.cancel();
  return { status: answer.status, allowed: answer.headers.get('access-control-allow-origin'), headers: answer.headers };
}

const preflight = (stack: Stack, origin: string, path: string, method: string, names = '') =>
  asPage(stack, origin, path, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': method, 'access-control-request-headers': names },
  });

test('in development a page of another site may neither act nor read, whatever kind of request it sends', async () => {
  const stack = await startStack();
  const content = '{"content":"a","userId":"ana"}';
  const form = new FormData();
  form.set('userId', 'ana');
  form.set('image', new Blob([readFileSync(new URL('../../scripts/smoke/water.png', import.meta.url))]), 'a.png');
  const { streamUrl: _, ...job } = await stack.submit({ content: 'a' }, { 'user-id': 'ana' });
  for (const origin of FOREIGN) {
    const sent = [
      await asPage(stack, origin, SUBMIT, { method: 'POST', headers: { 'content-type': 'application/json' }, body: content }),
      await asPage(stack, origin, SUBMIT, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: content }),
      await asPage(stack, origin, '/api/process-image', { method: 'POST', body: form }),
      await asPage(stack, origin, job['cancelUrl'] as string, { method: 'POST', headers: { 'user-id': 'ana' } }),
    ];
    expect([origin, ...sent.map(({ status, allowed }) => [status, allowed])]).toEqual([origin, ...sent.map(() => [403, null])]);
    for (const path of ['/api/jobs', '/api/queue/stats', job['statusUrl'] as string, '/api/jobs?token=x']) {
      expect([origin, path, (await asPage(stack, origin, path)).allowed]).toEqual([origin, path, null]);
      expect([origin, path, (await preflight(stack, origin, path, 'GET', 'user-id')).allowed]).toEqual([origin, path, null]);
    }
    expect([origin, (await preflight(stack, origin, SUBMIT, 'POST', 'content-type,user-id')).allowed]).toEqual([origin, null]);
  }
  expect(await stack.get(job['statusUrl'] as string)).toMatchObject({ status: 'waiting' });
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(1);
  const problem = await fetch(stack.url + SUBMIT, { method: 'POST', headers: { origin: EVIL } });
  expect(await problem.json()).toMatchObject({ code: 'origin_not_allowed', detail: expect.stringContaining('CORS_ORIGINS') });
});

test('every route that changes something asks whose page it is', async () => {
  const stack = await startStack({ ADMIN_TOKEN: 'the-operator-knows-it' });
  const changing = (await routesOfApp()).filter((route) => !route.startsWith('GET '));
  expect(changing.length).toBeGreaterThan(10);
  for (const route of changing) {
    const [method = '', path = ''] = route.split(' ');
    const headers = { authorization: 'Bearer the-operator-knows-it' };
    const { status } = await asPage(stack, EVIL, path.replaceAll(/:\w+/g, 'x'), { method, headers });
    expect([route, status]).toEqual([route, 403]);
  }
});

test('what a browser says where it leaves out the origin counts, and what has no browser acts as before', async () => {
  const stack = await startStack();
  const post = async (headers: Record<string, string>) =>
    (
      await asPage(stack, undefined, SUBMIT, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{"content":"a"}',
      })
    ).status;
  expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await post({ 'sec-fetch-site': 'same-origin', origin: 'https://a-tunnel.example' })).toBe(202); // the tunnel changes Host
  expect(await post({ 'sec-fetch-site': 'cross-site', origin: 'http://localhost:8081' })).toBe(202); // the API by its address
  expect(await post({ 'sec-fetch-site': 'none' })).toBe(202);
  expect(await post({})).toBe(202);
  expect((await asPage(stack, undefined, '/health')).allowed).toBe('*');
});

test("in development pages of this machine, on any port, and those of the server's own host may do all", async () => {
  const stack = await startStack({ ALLOWED_HOSTS: 'my-tunnel.example' });
  for (const origin of OWN) {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', 'user-id': 'ana' }, body: '{"content":"a"}' };
    const submitted = await asPage(stack, origin, SUBMIT, init);
    expect([origin, submitted.status, submitted.allowed, submitted.headers.get('vary')]).toEqual([origin, 202, origin, 'Origin']);
    expect(submitted.headers.get('access-control-expose-headers')).toContain('Location');
    const asked = await preflight(stack, origin, SUBMIT, 'POST', 'content-type,user-id');
    expect([origin, asked.status, asked.allowed]).toEqual([origin, 204, origin]);
    expect(asked.headers.get('access-control-allow-headers')).toContain('user-id');
  }
  // The same name as the request is for. fetch sets Host by itself, so this goes over the machine's other names.
  expect(isOfThisMachine('https://my-tunnel.example', 'my-tunnel.example:3001', [])).toBe(true);
  expect(isOfThisMachine('http://192.168.7.5:8081', '192.168.7.5:3001', [])).toBe(true);
  expect(isOfThisMachine('http://192.168.7.6:8081', '192.168.7.5:3001', [])).toBe(false);
  expect(isOfThisMachine('https://other-tunnel.example', 'my-tunnel.example', [])).toBe(false);
});

test("a page of another site that has a job's token may read that job, and say nothing of who it is", async () => {
  const stack = await startStack();
  const job = await stack.submit({ content: 'a' }, { 'user-id': 'ana' });
  const path = job['streamUrl'] as string;
  expect(await asPage(stack, EVIL, path, { headers: { accept: 'text/event-stream' } })).toMatchObject({ status: 200, allowed: '*' });
  const asked = await preflight(stack, EVIL, path, 'GET', 'last-event-id');
  expect([asked.allowed, asked.headers.get('access-control-allow-methods')]).toEqual(['*', 'GET']);
  expect(asked.headers.get('access-control-allow-headers')).toContain('Last-Event-ID');
  expect(asked.headers.get('access-control-allow-headers')).not.toMatch(/user-id|authorization/i);
  expect((await preflight(stack, EVIL, path, 'DELETE')).allowed).toBeNull();
  expect((await asPage(stack, EVIL, path.replace(/[?].*/, ''))).allowed).toBeNull();
});

test('CORS_ORIGINS says who may call, and in production without it all may, as far as their users are known', async () => {
  const production = await startStack({ NODE_ENV: 'production', AUTH: 'trusted-header' });
  const listed = await startStack({ CORS_ORIGINS: 'https://app.example' });
  const all = await startStack({ CORS_ORIGINS: '*' });
  const init = { method: 'POST', headers: { 'content-type': 'application/json', 'user-id': 'ana' }, body: '{"content":"a"}' };
  const submit = async (stack: Stack, origin: string) => {
    const { status, allowed } = await asPage(stack, origin, SUBMIT, init);
    return [status, allowed];
  };
  expect(await submit(production, EVIL)).toEqual([202, '*']);
  expect(await submit(all, EVIL)).toEqual([202, '*']);
  expect((await preflight(all, EVIL, SUBMIT, 'POST', 'content-type,user-id')).allowed).toBe('*');
  expect(await submit(listed, 'https://app.example')).toEqual([202, 'https://app.example']);
  expect(await submit(listed, EVIL)).toEqual([403, null]);
  expect(await submit(listed, 'http://localhost:8081')).toEqual([202, null]); // it may act, and read nothing, as before
});
