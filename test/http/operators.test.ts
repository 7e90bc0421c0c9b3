/** Who may call the operators' addresses: each operator by name, and no page of another site. */
import { type IncomingMessage, request } from 'node:http';
import { expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const OPERATORS = { ADMIN_TOKEN: 'the-operator-knows-it', ADMIN_TOKENS: 'ana:anas-own-secret,bob:bobs-own-secret' };
const PATH = '/admin/failed-jobs';

/** Asks with these headers and no others: Node's fetch sends some of a page's. */
function ask({ url }: Stack, headers: Record<string, string>, method = 'GET'): Promise<Response> {
  return new Promise((resolve, reject) => {
    request(url + PATH, { method, headers })
      .on('response', (answer) => resolve(toResponse(answer)))
      .on('error', reject)
      .end();
  });
}

async function toResponse(answer: IncomingMessage): Promise<Response> {
  const headers = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Response(Buffer.concat(await answer.toArray()), { status: answer.statusCode ?? 0, headers });
}

test('each operator is known by an own secret, and the log tells the name', async () => {
  const stack = await startStack(OPERATORS);
  const known = [
    ['the-operator-knows-it', 'admin'],
    ['anas-own-secret', 'ana'],
    ['bobs-own-secret', 'bob'],
  ] as const;
  for (const [secret, operator] of known) {
    const requestId = `by-${operator}`;
    expect((await ask(stack, { authorization: `Bearer ${secret}`, 'x-request-id': requestId })).status).toBe(200);
    expect(stack.api.log().find((line) => line['requestId'] === requestId)).toMatchObject({ operator });
  }
  for (const wrong of ['ana', 'ana:anas-own-secret', 'anas-own-secre', 'anas-own-secret2', ''])
    expect([wrong, (await ask(stack, { authorization: `Bearer ${wrong}` })).status]).toEqual([wrong, 401]);
  expect((await ask(stack, { 'user-id': 'ana' })).status).toBe(401);
  expect(stack.api.output()).not.toContain('own-secret');
});

test('one operator of ADMIN_TOKENS alone opens /admin and the metrics of both processes', async () => {
  const stack = await startStack({ ADMIN_TOKENS: 'ana:anas-own-secret' });
  const worker = await stack.startWorker();
  const authorization = 'Bearer anas-own-secret';
  expect((await ask(stack, { authorization })).status).toBe(200);
  for (const { url } of [stack.api, worker]) {
    expect((await fetch(`${url}/metrics`, { headers: { authorization } })).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
  }
});

test('a page of another site is refused, whatever it shows and CORS_ORIGINS lists; none reads an answer', async () => {
  const stack = await startStack({ ...OPERATORS, CORS_ORIGINS: '*,https://app.example' });
  const authorization = 'Bearer anas-own-secret';
  const host = new URL(stack.url).host;
  const foreign: Record<string, string>[] = [
    { origin: 'https://app.example' },
    { origin: 'null' },
    { origin: `http://${host}0` },
    { origin: 'http://127.0.0.1' }, // another port is another origin
    { origin: `http://${host}`, 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  ];
  for (const headers of foreign) {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await ask(stack, { authorization, ...headers }, method);
      expect([headers, method, answer.status]).toEqual([headers, method, 403]);
      expect(await answer.json()).toMatchObject({ code: 'origin_not_allowed' });
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  }
  const own: Record<string, string>[] = [
    {},
    { origin: `http://${host}` },
    { 'sec-fetch-site': 'same-origin', origin: 'https://behind-a-proxy.example' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  ];
  for (const headers of own) {
    const answer = await ask(stack, { authorization, ...headers });
    expect([headers, answer.status]).toEqual([headers, 200]);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});
