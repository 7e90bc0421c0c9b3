/** Users of a Supabase project over HTTP: who they are is in their session, and nowhere else. */
import { expect, test } from 'vitest';
import { isEnd, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { ANA, BOB, startProject } from '../support/supabase.ts';

const post = ({ url }: Stack, headers: Record<string, string>, body: object = { content: 'Hund: dog' }) =>
  fetch(`${url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test("a session submits, streams and lists; a header and a body's userId name nobody", async () => {
  const project = await startProject();
  const stack = await startStack(project.env);
  await stack.startWorker();
  const ana = { authorization: `Bearer ${await project.token(ANA)}` };
  const accepted = await post(stack, { ...ana, 'user-id': BOB }, { content: 'Hund: dog', userId: BOB });
  const job = (await accepted.json()) as Record<string, string>;
  expect(accepted.status).toBe(202);
  expect((await (await watch(stack.url + job['streamUrl'])).until(isEnd)).event).toBe('completed');
  expect(await stack.get('/api/jobs', ana)).toMatchObject({ jobs: [{ jobId: job['jobId'] }] });
  expect(await stack.get('/api/jobs', { authorization: `Bearer ${await project.token(BOB)}` })).toMatchObject({ jobs: [] });
  const named = await post(stack, { 'user-id': ANA }, { content: 'Hund: dog', userId: ANA });
  expect([named.status, named.headers.get('www-authenticate'), await named.json()]).toMatchObject([
    401,
    'Bearer',
    { code: 'unauthorized', detail: expect.stringContaining('Supabase') as string },
  ]);
});

test('a token that is not believed is 401 and says what to do, whatever else the request has', async () => {
  const project = await startProject();
  const stack = await startStack(project.env);
  const expired = await project.token(ANA, { claims: { exp: 1 } });
  const good = { authorization: `Bearer ${await project.token(ANA)}` };
  const job = (await (await post(stack, good)).json()) as Record<string, string>;
  for (const [authorization, code] of [
    [`Bearer ${expired}`, 'token_expired'],
    ['Bearer x', 'token_invalid'],
    ['Basic eDp5', 'token_invalid'],
    [`Bearer ${expired} ${expired}`, 'token_invalid'],
  ] as const) {
    const bare = String(job['streamUrl']).replace(/\?.*/, '');
    const [streamed, polled] = await Promise.all(
      [job['streamUrl'], job['statusUrl']].map((path) => fetch(stack.url + path, { method: 'HEAD', headers: { authorization } })),
    );
    expect([authorization, streamed?.status, polled?.status]).toEqual([authorization, 200, 200]); // the token in the address is enough
    for (const response of [
      await post(stack, { authorization }),
      await fetch(stack.url + bare, { headers: { authorization } }),
      await fetch(`${stack.url}${bare}?token=x`, { headers: { authorization } }),
    ]) {
      expect([authorization, response.status, response.headers.get('www-authenticate')]).toEqual([
        authorization,
        401,
        'Bearer error="invalid_token"',
      ]);
      expect(await response.json()).toMatchObject({ code, retryable: false });
    }
  }
});

test('while the keys can not be fetched it is 503, and an EventSource is told to come back; streams by token go on', async () => {
  const project = await startProject();
  project.answer(500);
  const stack = await startStack({ ...project.env, SUPABASE_JWT_SECRET: 'a secret of the project, long enough' });
  const secret = { secret: 'a secret of the project, long enough' };
  const job = (await (await post(stack, { authorization: `Bearer ${await project.token(ANA, secret)}` })).json()) as Record<string, string>;
  const headers = { authorization: `Bearer ${await project.token(ANA)}` };
  const refused = await post(stack, headers);
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
    503,
    '5',
    { code: 'identity_unavailable', retryable: true },
  ]);
  const path = `/api/jobs/${job['jobId']}/events`;
  const streamed = await fetch(stack.url + path, { headers: { ...headers, accept: 'text/event-stream' } });
  expect([streamed.status, await streamed.text()]).toEqual([200, expect.stringContaining('retry: 5000')]);
  for (const named of [undefined, headers]) {
    const stream = await watch(stack.url + job['streamUrl'], named);
    expect(stream.response.status).toBe(200);
    expect((await fetch(stack.url + job['statusUrl'], named && { headers: named })).status).toBe(200);
  }
});

test("the operator's routes and those that are open to all look at no session", async () => {
  const project = await startProject();
  const stack = await startStack({ ...project.env, ADMIN_TOKEN: 'the-operator-knows-it' });
  const headers = { authorization: 'Bearer the-operator-knows-it' };
  expect((await fetch(`${stack.url}/health`, { headers })).status).toBe(200);
  expect((await fetch(`${stack.url}/admin/failed-jobs`, { headers })).status).toBe(200);
  const session = { authorization: `Bearer ${await project.token(ANA)}` };
  expect((await fetch(`${stack.url}/admin/failed-jobs`, { headers: session })).status).toBe(401);
});

test('a plan that only the server can write buys more, and the headers tell it', async () => {
  const project = await startProject();
  const plans = { PLANS: '{"pro":{"rateLimitMax":7}}', RATE_LIMIT_MAX: '2' };
  const stack = await startStack({ ...project.env, ...plans });
  const asUser = async (user: string, claims = {}) => ({ authorization: `Bearer ${await project.token(user, { claims })}` });
  const paid = await post(stack, await asUser(ANA, { app_metadata: { plan: 'pro' } }));
  expect([paid.status, paid.headers.get('ratelimit-policy')]).toEqual([202, '"submit";q=7;w=60']);
  const free = await post(stack, await asUser(BOB, { user_metadata: { plan: 'pro' } }));
  expect([free.status, free.headers.get('ratelimit-policy')]).toEqual([202, '"submit";q=2;w=60']);
});
