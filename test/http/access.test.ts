/** Who may do what: every route, asked by everyone who might ask. A route that is added without a row here fails the test. */
import { expect, inject, test } from 'vitest';
import { routesOfApp } from '../support/routes.ts';
import { archived, as, forgetAll, run, start } from '../support/archive.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { ANA, BOB, startProject } from '../support/supabase.ts';
import { startSupabase } from '../support/supabase-project.ts';

const WEBHOOKS = { WEBHOOK_SECRET: 'a secret of sixteen' };
const GATEWAY = { NODE_ENV: 'production', AUTH: 'trusted-header', ...WEBHOOKS };
const OWNER = { 'user-id': 'ana' };
const OTHER = { 'user-id': 'bob' };

/** A database is there where these tests run with those of the archive (`npm run test:supabase`). */
const hasDatabase = inject('postgresUrl') !== undefined;

/** How users say who they are: the process's environment, and the headers of the owner, of another user and of somebody who is not believed. */
type Way = { env: Record<string, string>; owner: Record<string, string>; other: Record<string, string>; nobody: Record<string, string> };

const ways: Record<string, () => Promise<Way>> = {
  'behind a gateway': async () => ({ env: GATEWAY, owner: OWNER, other: OTHER, nobody: {} }),
  ...(hasDatabase && {
    async 'with Supabase and its archive'() {
      const project = await startSupabase();
      const [ana, bob] = [await project.signUp(), await project.signUp()];
      return {
        env: { NODE_ENV: 'production', ...WEBHOOKS, ...project.env },
        owner: as(ana),
        other: as(bob),
        nobody: { 'user-id': ana.id },
      };
    },
  }),
  async 'with Supabase'() {
    const project = await startProject();
    const bearer = async (user: string) => ({ authorization: `Bearer ${await project.token(user)}`, 'user-id': 'ignored' });
    const env = { NODE_ENV: 'production', ...WEBHOOKS, ...project.env };
    return { env, owner: await bearer(ANA), other: await bearer(BOB), nobody: { 'user-id': ANA } };
  },
};
const NOBODYS = `generate-flashcards-${'A'.repeat(32)}`;

/** Who asks: by the header, by a token in the address, by both or by neither. */
const CALLERS = [
  'owner',
  'other',
  'nobody',
  'token',
  'other token',
  'malformed token',
  'owner with malformed token',
  'other with token',
] as const;
type Caller = (typeof CALLERS)[number];

/** The statuses a route answers with, in the order of the callers. */
type Row = number[];

const reads: Row = [200, 404, 401, 401, 401, 401, 200, 404];
const watches: Row = [200, 404, 401, 200, 401, 401, 200, 200];
/** As streams are watched; the job has no such file, which only those may know who may read it. */
const downloads: Row = [404, 404, 401, 404, 401, 401, 404, 404];
const acts = (status: number): Row => [status, 404, 401, 401, 401, 401, status, 404];
const anyUser = (status: number): Row => [status, status, 401, 401, 401, 401, status, status];
const anyone: Row = CALLERS.map(() => 200);
const nothing: Row = CALLERS.map(() => 404);
const operator: Row = CALLERS.map(() => 401);

const routes: Record<string, Row> = {
  'POST /api/ai/generate-flashcards': anyUser(202),
  'POST /api/ai/generate-lesson': anyUser(202),
  'POST /api/ai/generate-audio': anyUser(202),
  'POST /api/ai/generate-response': anyUser(400), // there is no prompt in the body
  'POST /api/pronunciation-assess': anyUser(400), // there is no recording in the body
  'POST /api/process-image': anyUser(400), // a user may, but there is no image
  'POST /api/chat/:kindName': nothing, // there is no such kind
  'GET /api/chat/:kindName/:chatId/stream': nothing,
  'POST /api/chat/:kindName/:chatId/cancel': nothing,
  'POST /api/completion/:kindName': nothing,
  'POST /api/object/:kindName': nothing,
  'GET /api/jobs': anyUser(200),
  'GET /api/events': anyUser(200),
  'GET /api/jobs/:jobId': reads,
  'GET /api/job-status/:jobId': watches,
  'GET /api/jobs/:jobId/events': watches,
  'GET /api/jobs/:jobId/output': downloads,
  'GET /api/jobs/:jobId/output/:n': downloads,
  'POST /api/jobs/:jobId/retry': acts(409), // the owner may, though the job has not failed
  'GET /api/jobs/:jobId/deliveries': acts(200),
  'POST /api/jobs/:jobId/deliveries/retry': acts(409), // the owner may, though there are none
  'GET /api/webhooks/secret': anyUser(200),
  'POST /api/webhooks/secret/rotate': anyUser(200),
  'POST /api/jobs/:jobId/cancel': acts(202),
  'DELETE /api/jobs/:jobId': acts(204),
  'DELETE /api/me/data': anyUser(200),
  'POST /v1/responses': anyUser(400), // a user may, but the body names no model
  'GET /v1/responses/:responseId': acts(200),
  'POST /v1/responses/:responseId/cancel': acts(200),
  'GET /v1/responses/:responseId/input_items': acts(200),
  'DELETE /v1/responses/:responseId': acts(200),
  'GET /v1/webhook_event_types': anyone,
  'POST /v1/webhook_endpoints': anyUser(400), // a user may, but the body names no URL
  'GET /v1/webhook_endpoints': anyUser(200),
  'GET /v1/webhook_endpoints/:endpointId': anyUser(404), // there is none
  'POST /v1/webhook_endpoints/:endpointId': anyUser(404),
  'POST /v1/webhook_endpoints/:endpointId/rotate_secret': anyUser(404),
  'DELETE /v1/webhook_endpoints/:endpointId': anyUser(404),
  'GET /v1/models': anyone,
  'GET /v1/models/:model': anyone,
  'GET /metrics': nothing, // without an ADMIN_TOKEN
  'GET /admin/failed-jobs': operator,
  'POST /admin/failed-jobs/retry': operator,
  'GET /admin/actions': operator,
  'GET /admin/errors': operator,
  'GET /admin/jobs/:jobId': operator,
  'GET /admin/dead-letters': operator,
  'POST /admin/dead-letters/:letterId/replay': operator,
  'GET /admin/jobs': operator,
  'GET /admin/workers': operator,
  'POST /admin/jobs/retry': operator,
  'POST /admin/jobs/cancel': operator,
  'POST /admin/jobs/purge': operator,
  'GET /admin/runs/:id': operator,
  'GET /admin': anyone, // the page has no data
  'GET /admin/users': operator,
  'GET /admin/users/:id': operator,
  'PUT /admin/users/:id': operator,
  'POST /admin/workers/:id/quiet': operator,
  'POST /admin/workers/:id/unquiet': operator,
  'POST /admin/pause': operator,
  'POST /admin/resume': operator,
  'GET /admin/archive': operator,
  'POST /admin/archive/retry': operator,
  'POST /webhooks/supabase': operator, // it shows a secret, too
  'GET /': anyone,
  'GET /favicon.ico': anyone,
  'GET /page/:file': nothing, // there is no file of this name
  'GET /page/admin/:file': nothing,
  'GET /client/src/:file': nothing,
  'GET /api/kinds': anyone,
  'GET /health': anyone,
  'GET /ready': anyone,
  'GET /api/redis/health': anyone,
  'GET /api/queue/stats': anyone,
  'GET /openapi.json': anyone,
  'GET /docs': anyone,
  'GET /docs/:asset': anyone,
  'GET /docs/handbook/:chapter': anyone,
  'GET /llms.txt': anyone,
  'GET /llms-full.txt': anyone,
  'GET /problems/:code': anyone,
};

function headersOf({ owner, other, nobody }: Way, caller: Caller): Record<string, string> {
  if (caller.startsWith('owner')) return owner;
  return /^other( with|$)/.test(caller) ? other : nobody;
}

/** Sends a request as one of the callers; `job` is the owner's, `otherJob` another of the owner's. */
async function ask(stack: Stack, way: Way, route: string, caller: Caller, { job, otherJob }: Record<string, Record<string, any>>) {
  const [method = '', path = ''] = route.split(' ');
  const url = new URL(
    path
      .replace(':jobId', job?.['jobId'])
      .replace(':responseId', `resp_${job?.['jobId']}`)
      .replace(':model', 'generate-flashcards')
      .replace(':n', '0')
      .replace(':asset', 'start.js')
      .replace(':code', 'cancelled')
      .replace(':chapter', 'lanes.md'),
    stack.url,
  );
  const tokenOf = (of: Record<string, any> | undefined) => new URL(of?.['streamUrl'], stack.url).searchParams.get('token') ?? '';
  const tokens = { token: () => tokenOf(job), 'other token': () => tokenOf(otherJob), 'malformed token': () => 'x.y' };
  const token = Object.entries(tokens).find(([name]) => caller.replace(/^.* with /, '') === name)?.[1]();
  if (token !== undefined) url.searchParams.set('token', token);
  const leaving = new AbortController();
  const response = await fetch(url, {
    method,
    signal: leaving.signal,
    headers: { ...headersOf(way, caller), 'content-type': 'application/json' },
    ...(method === 'POST' && { body: '{"content":"Hund: dog","text":"Hund"}' }),
  });
  const streams = response.status === 200 && response.headers.get('content-type')?.startsWith('text/event-stream');
  const body = streams || method === 'HEAD' ? '' : await response.text();
  leaving.abort();
  return { status: response.status, headers: response.headers, body };
}

test('every route of the app has a row', async () => {
  expect(Object.keys(routes).toSorted()).toEqual((await routesOfApp()).toSorted());
});

test.each(Object.entries(ways))('%s every route answers everyone as its row says', async (_, makeWay) => {
  const way = await makeWay();
  const stack = await startStack({ ...way.env, RATE_LIMIT_MAX: '1000', MAX_JOBS_PER_USER: '1000', RESPONSE_MODELS: 'gpt-5.4-mini' });
  const otherJob = await stack.submit({ content: 'b' }, way.owner);
  const seen: Record<string, Record<string, number>> = {};
  const expected: Record<string, Record<string, number>> = {};
  for (const [route, row] of Object.entries(routes)) {
    const methods = route.startsWith('GET') ? [route, route.replace('GET', 'HEAD')] : [route];
    for (const name of methods) {
      seen[name] = {};
      expected[name] = {};
      for (const [index, caller] of CALLERS.entries()) {
        const job = /:(jobId|responseId)\b/.test(name) ? await stack.submit({ content: 'a' }, way.owner) : otherJob;
        const { status, headers, body } = await ask(stack, way, name, caller, { job, otherJob });
        seen[name][caller] = status;
        expected[name][caller] = row[index] ?? 0;
        if (status === 401)
          expect([name, caller, headers.get('www-authenticate')]).toEqual([name, caller, expect.stringMatching(/^Bearer/)]);
        if (status === 401 && caller === 'nobody' && body)
          expect(JSON.parse(body)).toMatchObject(
            name.includes(' /v1/') ? { error: { code: 'invalid_api_key' } } : { code: 'unauthorized' },
          );
      }
    }
  }
  expect(seen).toEqual(expected);
});

/** What differs when a job has ended, and Redis has forgotten it. */
const ofArchived: Record<string, Row> = {
  'POST /api/jobs/:jobId/retry': acts(409), // it has completed
  'POST /api/jobs/:jobId/cancel': acts(200), // it has ended
};

test.skipIf(!hasDatabase)('every route of a job answers everyone as its row says, when only the archive has the job', async () => {
  const setup = await start({ NODE_ENV: 'production', RATE_LIMIT_MAX: '1000' });
  const { stack, ana, bob } = setup;
  const way: Way = { env: {}, owner: as(ana), other: as(bob), nobody: { 'user-id': ana.id } };
  const otherJob = await run(setup);
  const job = await run(setup);
  await archived(setup, 2);
  await forgetAll(setup);
  const seen: Record<string, Record<string, number>> = {};
  const expected: Record<string, Record<string, number>> = {};
  let count = 2;
  for (const [route, usual] of Object.entries(routes).filter(([name]) => name.includes(':jobId'))) {
    seen[route] = {};
    expected[route] = {};
    for (const [index, caller] of CALLERS.entries()) {
      const isErased = route.startsWith('DELETE');
      const own = isErased ? await run(setup) : job;
      if (isErased) {
        await archived(setup, ++count);
        await forgetAll(setup);
      }
      const { status } = await ask(stack, way, route, caller, { job: own, otherJob });
      if (status === 204) count--;
      seen[route][caller] = status;
      expected[route][caller] = (ofArchived[route] ?? usual)[index] ?? 0;
    }
  }
  expect(seen).toEqual(expected);
});

test.each(Object.entries(ways))(
  "%s another user's job answers exactly like one that does not exist, on every route",
  async (_, makeWay) => {
    const way = await makeWay();
    const stack = await startStack(way.env);
    const job = await stack.submit({ content: 'a' }, way.owner);
    const nobodys = { jobId: NOBODYS, streamUrl: `/api/jobs/${NOBODYS}/events?token=x.y` };
    const strip = ({ status, headers, body }: Awaited<ReturnType<typeof ask>>) => {
      const kept = [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name));
      return { status, kept, body: body.replace(headers.get('x-request-id') ?? '', '').replaceAll(/generate-flashcards-[\w-]{32}/g, '') };
    };
    for (const route of Object.keys(routes).filter((name) => /:(jobId|responseId)\b/.test(name))) {
      for (const caller of ['other', 'nobody', 'malformed token', 'other with token'] as const) {
        if (caller === 'other with token' && /\/(events|output|job-status)/.test(route)) continue; // there the token counts
        const [theirs, none] = [await ask(stack, way, route, caller, { job }), await ask(stack, way, route, caller, { job: nobodys })];
        expect({ route, caller, ...strip(theirs) }).toEqual({ route, caller, ...strip(none) });
      }
    }
  },
);

test('a submission that says nobody is refused before anything else about it is looked at, whichever answer it asks for', async () => {
  const stack = await startStack(GATEWAY);
  const ways: [headers: Record<string, string>, body: string][] = [
    [{}, '{"content":"a","userId":"ana"}'],
    [{ accept: 'text/event-stream' }, '{"content":"a"}'],
    [{ accept: 'text/event-stream', 'idempotency-key': 'k', 'last-event-id': '3' }, '{"content":"a"}'],
    [{ prefer: 'wait=5' }, '{"content":"a"}'],
    [{ 'user-id': '  ' }, '{"content":"a"}'],
    [{}, 'no JSON'],
  ];
  for (const [headers, body] of ways) {
    const response = await fetch(`${stack.url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    expect([headers, response.status, response.headers.get('www-authenticate')]).toEqual([headers, 401, 'Bearer']);
    expect(await response.json()).toMatchObject({ code: 'unauthorized', detail: expect.stringContaining('user-id') });
  }
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(0);
});

test('an old poller, who sends no header, goes on by statusUrl from every Job object; the address without its token is closed', async () => {
  const stack = await startStack(GATEWAY);
  await stack.startWorker();
  const submitted = await stack.submit({ content: 'Hund: dog' }, OWNER);
  const { pathname } = new URL(submitted['statusUrl'], stack.url);
  expect(pathname).toBe(`/api/job-status/${submitted['jobId']}`);
  await (await watch(stack.url + submitted['streamUrl'])).until(isEnd);
  const { jobs } = await stack.get('/api/jobs', OWNER);
  const polled = await stack.get(submitted['statusUrl']);
  const cancelled = await (await fetch(stack.url + submitted['cancelUrl'], { method: 'POST', headers: OWNER })).json();
  for (const job of [submitted, jobs[0], polled, cancelled] as Record<string, any>[]) {
    expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'completed', jobId: submitted['jobId'] });
    expect((await fetch(stack.url + new URL(job['statusUrl'], stack.url).pathname)).status).toBe(401);
  }
});

test('where no identity is needed statusUrl is the bare path, and a poller without a header reads by the id', async () => {
  const stack = await startStack();
  const job = await stack.submit({ content: 'a' }, OWNER);
  expect(job['statusUrl']).toBe(`/api/job-status/${job['jobId']}`);
  expect((await fetch(stack.url + job['statusUrl'])).status).toBe(200);
});

test('a valid token reads at its three addresses, whatever user the request names or fails to name; another token never does', async () => {
  const stack = await startStack(GATEWAY);
  const [job, other] = [await stack.submit({ content: 'a' }, OWNER), await stack.submit({ content: 'b' }, OWNER)];
  const token = (of: Record<string, any>) => String(of['streamUrl']).split('token=')[1] ?? '';
  const base = `/api/jobs/${job['jobId']}`;
  const addresses = (shown: string) => [
    `${base}/events?token=${shown}`,
    `${base}/output?token=${shown}`,
    `/api/job-status/${job['jobId']}?token=${shown}`,
  ];
  const statuses = async (shown: string, headers: Record<string, string>) =>
    Promise.all(addresses(shown).map(async (path) => (await fetch(stack.url + path, { method: 'HEAD', headers })).status));
  const long = 'x'.repeat(300);
  for (const headers of [{}, { 'user-id': 'bob' }, { 'user-id': long }, { authorization: 'Bearer undefined' }, OWNER] as Record<
    string,
    string
  >[]) {
    expect([headers, await statuses(token(job), headers)]).toEqual([headers, [200, 404, 200]]); // the job has made no file
  }
  for (const bad of [token(other), 'x', '', `${token(job)}x`]) {
    expect([bad, await statuses(bad, OWNER)]).toEqual([bad, [200, 404, 200]]); // a good identity reads all the same
    expect([bad, await statuses(bad, { 'user-id': long })]).toEqual([bad, [400, 400, 400]]);
    expect([bad, await statuses(bad, { 'user-id': 'bob' })]).toEqual([bad, [401, 401, 401]]);
  }
  const act = await fetch(`${stack.url}${job['cancelUrl']}?token=${token(job)}`, { method: 'POST', headers: { 'user-id': long } });
  expect(act.status).toBe(400); // a token only reads
});

test('who is the owner by the header needs no token, even beside one that is not good', async () => {
  const stack = await startStack(GATEWAY);
  const job = await stack.submit({ content: 'a' }, OWNER);
  for (const path of [`/api/jobs/${job['jobId']}`, `/api/job-status/${job['jobId']}`]) {
    expect((await fetch(`${stack.url}${path}?token=${'a'.repeat(8)}.${'b'.repeat(43)}`, { headers: OWNER })).status).toBe(200);
  }
});
