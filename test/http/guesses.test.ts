/** Guessing the operator's token: wrong guesses are counted by address, on every route behind it, and nobody else is locked out. */
import { expect, test } from 'vitest';
import { operatorRouteDescriptions } from '../../src/openapi/operator-routes.ts';
import { startStack } from '../support/stack-in-process.ts';

const TOKEN = 'the-operator-knows-it';
const SECRETS = { ADMIN_TOKEN: TOKEN, SUPABASE_WEBHOOK_SECRET: 'the-database-shows-it' };

async function setUp() {
  const stack = await startStack({ ...SECRETS, TRUSTED_PROXIES: '1' });
  /** Asks from an address with a token. Resolves with the status and the headers. */
  const ask = async (address: string, token: string | undefined, route = 'GET /admin/failed-jobs') => {
    const [method = '', path = ''] = route.split(' ');
    const headers = { 'x-forwarded-for': address, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(stack.url + path, { method, headers });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
  };
  const guess = async (address: string, count: number, route?: string) => {
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => ask(address, `guess-${n}`, route)));
    return answers.map(({ status }) => status).toSorted((a, b) => a - b);
  };
  return { stack, ask, guess };
}

const times = (count: number, status: number) => Array.from({ length: count }, () => status);

test('from the eleventh wrong guess in a minute the answer is 429, on every route behind a secret', async () => {
  const { ask, guess } = await setUp();
  for (const [n, { route }] of operatorRouteDescriptions.entries()) {
    const address = `203.0.113.${n}`;
    expect([route, await guess(address, 12, route)]).toEqual([route, [...times(10, 401), 429, 429]]);
    const refused = await ask(address, 'x', route);
    expect([route, refused.body['code'], Number(refused.headers.get('retry-after')) > 0]).toEqual([route, 'rate_limited', true]);
    expect(refused.headers.get('ratelimit-policy')).toBe('"guesses";q=10;w=60');
    expect([route, (await ask(`203.0.114.${n}`, 'x', route)).status]).toEqual([route, 401]); // another address
  }
});

test('guesses on one route count on the others; who shows no token guesses nothing', async () => {
  const { ask, guess } = await setUp();
  for (let n = 0; n < 20; n++) expect((await ask('203.0.113.1', undefined)).status).toBe(401);
  await guess('203.0.113.1', 5, 'GET /admin/failed-jobs');
  await guess('203.0.113.1', 5, 'POST /admin/archive/retry');
  expect((await ask('203.0.113.1', 'x', 'POST /admin/failed-jobs/retry')).status).toBe(429);
});

test("the right token passes beside another one's mistakes, and not in an attack; other addresses do not notice", async () => {
  const { ask, guess } = await setUp();
  await guess('203.0.113.1', 500);
  expect((await ask('203.0.113.1', 'x')).status).toBe(429);
  expect((await ask('203.0.113.1', TOKEN)).status).toBe(200);
  await guess('203.0.113.1', 600);
  expect((await ask('203.0.113.1', TOKEN)).status).toBe(429);
  expect((await ask('203.0.113.2', TOKEN)).status).toBe(200);
});

test('addresses of one IPv6 network are one', async () => {
  const { ask } = await setUp();
  for (let n = 0; n < 10; n++) await ask(`2001:db8:1:2::${n}`, 'x');
  expect((await ask('2001:db8:1:2:ffff::1', 'x')).status).toBe(429);
  expect((await ask('2001:db8:1:3::1', 'x')).status).toBe(401);
});
