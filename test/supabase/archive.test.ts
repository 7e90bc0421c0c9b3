/** Tests jobs in a Supabase project: each end arrives there once, its owner reads it when Redis has forgotten it, and nobody else does. */
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/job/snapshot.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { keysUnder } from '../../src/store/keys.ts';
import { openSupabaseArchive } from '../../src/supabase/archive.ts';
import { archived, as, forgetAll, OPERATOR, rowsOf, run, send, start } from '../support/archive.ts';
import { openRedis } from '../support/keys.ts';
import { answerWith, card, startOpenAI } from '../support/openai.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';
import { startSupabase } from '../support/supabase-project.ts';

const CONTENT = 'Hund: dog\nKatze: cat';
const KIND = 'generate-flashcards';

test('a user signs up, submits, streams, and reads the result back by supabase-js; another user sees nothing of it by any way', async () => {
  const setup = await start();
  const { ana, bob, stack } = setup;
  const job = await run(setup);
  const live = await stack.get(`/api/jobs/${job['jobId']}`, as(ana));
  await archived(setup, 1);

  const { data } = await ana.client.from('jobs').select('*').single();
  expect(data).toMatchObject({
    id: job['jobId'],
    user_id: ana.id,
    kind: KIND,
    status: 'completed',
    result: live['result'],
    usage: live['usage'],
    cost_usd: 0,
    provider: 'offline',
    attempt: 1,
    max_attempts: 3,
    error: null,
    files: [],
  });
  for (const [column, field] of [
    ['created_at', 'createdAt'],
    ['started_at', 'startedAt'],
    ['finished_at', 'finishedAt'],
  ] as const) {
    expect(Date.parse(data[column])).toBe(Date.parse(live[field]));
  }

  expect((await bob.client.from('jobs').select('*')).data).toEqual([]);
  expect(await stack.get('/api/jobs', as(bob))).toEqual({ jobs: [] });
  await forgetAll(setup);
  const unknown = `${KIND}-${'x'.repeat(32)}`;
  for (const path of ['', '/events', '/output', '/output/0', '/cancel', '/retry']) {
    const method = path === '/cancel' || path === '/retry' ? 'POST' : 'GET';
    const [theirs, none] = await Promise.all([job['jobId'], unknown].map((id) => send(setup, method, `/api/jobs/${id}${path}`, as(bob))));
    const body = async (response: Response | undefined) => ({ ...((await response?.json()) as object), requestId: '' });
    expect([path, theirs?.status, await body(theirs)]).toEqual([path, 404, await body(none)]);
  }
  expect((await send(setup, 'DELETE', `/api/jobs/${job['jobId']}`, as(bob))).status).toBe(404);
  expect(await rowsOf(setup)).toHaveLength(1);
});

test('when Redis has forgotten a job, status, long poll, list, old clients and a new stream give it from the archive', async () => {
  const setup = await start();
  const { stack, ana } = setup;
  const job = await run(setup);
  const path = `/api/jobs/${job['jobId']}`;
  const before = await stack.get(path, as(ana));
  const first = await (await watch(stack.url + job['streamUrl'])).until(isEnd);
  await archived(setup, 1);
  await forgetAll(setup);

  const { expiresAt: _, ...rest } = before;
  expect(await stack.get(path, as(ana))).toEqual(rest);
  expect(await stack.get(`${path}?wait=20`, as(ana))).toEqual(rest);
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'completed', result: before['result'] });
  const { result: _result, ...listed } = rest;
  expect(await stack.get('/api/jobs', as(ana))).toEqual({ jobs: [listed] });
  expect(await stack.get('/api/jobs?status=failed', as(ana))).toEqual({ jobs: [] });

  for (const headers of [as(ana), {}]) {
    const stream = await watch(stack.url + (headers === undefined ? path : job['streamUrl']), headers);
    const end = await stream.until(isEnd);
    expect([end.event, end.id, end.data]).toEqual(['completed', first.id, first.data]);
  }
  const over = await send(setup, 'GET', `${path}/events`, { ...as(ana), 'last-event-id': String(first.id) });
  expect(over.status).toBe(204);
  const lost = await (await watch(stack.url + job['streamUrl'], { 'last-event-id': 'nonsense' })).until(isEnd);
  expect(lost.event).toBe('completed');

  const cancelled = await send(setup, 'POST', `${path}/cancel`, as(ana));
  expect([cancelled.status, await cancelled.json()]).toMatchObject([200, { status: 'completed' }]);
  const retried = await send(setup, 'POST', `${path}/retry`, as(ana));
  expect([retried.status, await retried.json()]).toMatchObject([409, { code: 'job_not_failed' }]);
});

test('while Supabase is away jobs complete; then each is archived once, and meanwhile the statistics show the lag', async () => {
  const setup = await start();
  const { project, stack, ana } = setup;
  await project.stop();
  const jobs = await Promise.all(Array.from({ length: 5 }, () => run(setup)));
  await expect.poll(() => stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: 5, parked: 0 } });
  expect((await stack.get('/api/queue/stats'))['archive'].lagMs).toBeGreaterThan(0);
  const known = await send(setup, 'GET', `/api/jobs/${jobs[0]?.['jobId']}`, as(ana));
  expect(known.status).toBe(200); // Redis has it
  const unknown = await send(setup, 'GET', `/api/jobs/${KIND}-${'x'.repeat(32)}`, as(ana));
  expect([unknown.status, await unknown.json()]).toMatchObject([503, { code: 'archive_unavailable', retryable: true }]);
  const list = await send(setup, 'GET', '/api/jobs', as(ana));
  expect([list.status, list.headers.get('retry-after')]).toEqual([503, '5']);
  const stream = await send(setup, 'GET', `/api/jobs/${KIND}-${'x'.repeat(32)}/events`, { ...as(ana), accept: 'text/event-stream' });
  expect([stream.status, await stream.text()]).toEqual([200, expect.stringContaining('retry: 5000')]);

  const { length } = project.requests;
  await project.start();
  await archived(setup, 5);
  await expect.poll(() => stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: 0, lagMs: 0, parked: 0 } });
  const writes = project.requests.slice(length).filter(({ method, path }) => method === 'POST' && path.startsWith('/rest/v1/jobs'));
  expect(writes).toHaveLength(1); // one statement for all of them
  expect(stack.api.log().filter(({ msg }) => msg === 'error').length).toBeLessThanOrEqual(4); // one line for each sort of error
});

test('what Supabase answers is believed only if it says so: pages of proxies, wrong keys and hanging are an outage', async () => {
  const setup = await start();
  const { project, stack } = setup;
  let asked = 0;
  const page = () => new Response('<html>hello</html>', { headers: { 'content-type': 'text/html' } });
  for (const answer of [page, () => new Response('no', { status: 503 }), () => Response.json({ message: 'bad key' }, { status: 401 })]) {
    asked = 0;
    project.answer((request) => (request.method === 'POST' && request.url.includes('/rest/v1/jobs') ? (asked++, answer()) : undefined));
    await run(setup);
    await expect.poll(() => asked).toBeGreaterThan(1);
    expect(await stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: 1, parked: 0 } });
    project.answer(undefined);
    await expect.poll(() => stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: 0 } });
  }
  expect(await rowsOf(setup)).toHaveLength(3);
});

test('a row that the database refuses is parked, shown and counted; it holds back no other, and is taken when the operator says so', async () => {
  const setup = await start();
  const { project, stack } = setup;
  await project.sql("alter table public.jobs add constraint no_cats check (result::text not like '%Katze%')");
  await project.stop();
  const bad = await run(setup);
  const good = await Promise.all(Array.from({ length: 6 }, () => run(setup, undefined, { content: 'Hund: dog' })));
  await project.start();
  await archived(setup, 6);
  expect(new Set((await rowsOf(setup)).map(({ id }) => id))).toEqual(new Set(good.map(({ jobId }) => jobId)));
  await expect.poll(() => stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: 0, parked: 1 } });
  expect(await stack.get('/admin/archive', OPERATOR)).toMatchObject({
    parked: 1,
    jobs: [{ jobId: bad['jobId'], code: expect.any(String) as string, at: expect.stringMatching(/Z$/) as string }],
  });
  const line = stack.api.log().find(({ msg }) => String(msg).includes('refuses'));
  expect(line).toMatchObject({ jobId: bad['jobId'] });
  expect(stack.api.output()).not.toContain('Katze'); // PostgreSQL's details have the row

  await project.sql('alter table public.jobs drop constraint no_cats');
  const again = await send(setup, 'POST', '/admin/archive/retry', OPERATOR);
  expect([again.status, await again.json()]).toEqual([200, { retried: 1 }]);
  await archived(setup, 7);
  expect(await stack.get('/admin/archive', OPERATOR)).toMatchObject({ parked: 0, jobs: [] });
});

test('what PostgreSQL can not hold is mended: NUL, and half of a surrogate pair', async () => {
  const project = await startSupabase();
  const { id: owner } = await project.signUp();
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey } = project.env;
  const archive = openSupabaseArchive({ url, secretKey });
  const result = { ['k\u0000ey']: ['a\u0000b', 'c\ud800d', 'e\udc00', '\ud83d\ude00', 'f'] };
  const snapshot: Snapshot = {
    id: `${KIND}-${'a'.repeat(32)}`,
    kind: KIND,
    owner,
    tenant: tenantOf(owner, undefined),
    status: 'completed',
    attempt: 1,
    maxAttempts: 1,
    model: 'm\u0000',
    createdAt: 1,
    finishedAt: 2,
    length: 0,
    end: { seq: 1, outcome: { type: 'completed', result } },
  };
  expect(await archive?.writer?.write([{ snapshot, files: [] }])).toEqual({ type: 'written' });
  const [row] = await project.sql('select result, model from public.jobs');
  expect(row).toEqual({ result: { 'k\ufffdey': ['a\ufffdb', 'c\ufffdd', 'e\ufffd', '\ud83d\ude00', 'f'] }, model: 'm\ufffd' });
});

test('a cancelled job, one whose time was up and one that failed are archived, too, and a retry replaces the failure', async () => {
  let answers = false;
  const write = answerWith([card(1)]);
  const model = await startOpenAI((pen, ...rest) => (answers ? write(pen, ...rest) : pen.fail(400, { error: { message: 'no' } })));
  const setup = await start({ ...model.env, WORKER_CONCURRENCY: '1' });
  const { stack, ana } = setup;
  const failed = await run(setup);
  await archived(setup, 1);
  expect(await rowsOf(setup)).toMatchObject([
    { id: failed['jobId'], status: 'failed', error: { code: 'provider_rejected' }, result: null },
  ]);

  answers = true;
  expect((await send(setup, 'POST', `/api/jobs/${failed['jobId']}/retry`, as(ana))).status).toBe(202);
  await expect
    .poll(() => rowsOf(setup))
    .toMatchObject([{ id: failed['jobId'], status: 'completed', error: null, attempt: 2, provider: 'openai' }]);

  await openRedis().hset(keysUnder(stack.prefix).of('meta'), 'paused', '1'); // so that nothing begins
  const submit = (headers = {}) => stack.submit({ content: CONTENT }, { ...as(ana), ...headers });
  const cancelled = await submit();
  await send(setup, 'POST', `/api/jobs/${cancelled['jobId']}/cancel`, as(ana));
  const late = await submit({ 'cancel-after': '1s' });
  await archived(setup, 3);
  expect((await rowsOf(setup)).map(({ id, status }) => [id, status])).toEqual([
    [failed['jobId'], 'completed'],
    [cancelled['jobId'], 'cancelled'],
    [late['jobId'], 'cancelled'],
  ]);
});

test('a list goes on from Redis into the archive without a gap', async () => {
  const setup = await start();
  const { stack, ana } = setup;
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) ids.unshift(String((await run(setup))['jobId']));
  await archived(setup, 6);
  const redis = openRedis();
  const keys = keysUnder(stack.prefix);
  for (const id of ids.slice(3)) await redis.del(keys.job(id), keys.logs(id)); // their time was over
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = await stack.get(`/api/jobs?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, as(ana));
    seen.push(...page['jobs'].map(({ jobId }: { jobId: string }) => jobId));
    cursor = page['nextCursor'];
  }
  expect(seen).toEqual(ids);
});

test('a request that is repeated under its key gives the job that only the archive has', async () => {
  const setup = await start();
  const { stack, ana } = setup;
  const submit = () =>
    fetch(`${stack.url}/api/ai/${KIND}`, {
      method: 'POST',
      headers: { ...as(ana), 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: JSON.stringify({ content: CONTENT }),
    });
  const job = (await (await submit()).json()) as Record<string, string>;
  await archived(setup, 1);
  const keys = keysUnder(stack.prefix);
  await openRedis().del(keys.job(job['jobId'] ?? '')); // its time was over; the key has a time of its own
  const again = await submit();
  expect([again.status, again.headers.get('idempotent-replayed'), await again.json()]).toMatchObject([
    202,
    'true',
    { jobId: job['jobId'], status: 'completed', result: { flashcards: [{ front: 'Hund', back: 'dog' }, { front: 'Katze' }] } },
  ]);
});

test('jobs are archived for so many days, and then they go', async () => {
  const setup = await start({ ARCHIVE_RETENTION_DAYS: '30' });
  const { project, ana } = setup;
  const days = (count: number) => new Date(Date.now() - count * 24 * 3600 * 1000).toISOString();
  const rowOf = (id: string, at: string) => ({
    id,
    user_id: ana.id,
    kind: KIND,
    status: 'cancelled',
    attempt: 1,
    max_attempts: 1,
    end_seq: 1,
    created_at: at,
    finished_at: at,
  });
  const { error } = await project.service.from('jobs').insert([rowOf('old', days(31)), rowOf('young', days(29))]);
  expect(error).toBeNull();
  await archived(setup, 1);
  expect((await rowsOf(setup)).map(({ id }) => id)).toEqual(['young']);
});

test('with the publishable key alone users read what is theirs, nothing is written, and the start says so', async () => {
  const setup = await start();
  const { project, ana, bob } = setup;
  const job = await run(setup);
  await archived(setup, 1);
  await forgetAll(setup);
  const { SUPABASE_SECRET_KEY: _, SUPABASE_PUBLISHABLE_KEY: key, ...rest } = project.env;
  const reader = await startStack({ ...rest, SUPABASE_ANON_KEY: key });
  await reader.startWorker();
  expect(reader.api.log().find(({ msg }) => msg === 'api listening')?.['archive']).toContain('set SUPABASE_SECRET_KEY');
  expect(await reader.get(`/api/jobs/${job['jobId']}`, as(ana))).toMatchObject({ status: 'completed' });
  expect((await fetch(`${reader.url}/api/jobs/${job['jobId']}`, { headers: as(bob) })).status).toBe(404);
  const other = await reader.submit({ content: CONTENT }, as(ana));
  await (await watch(reader.url + other['streamUrl'])).until(isEnd);
  expect((await reader.get('/api/jobs', as(ana)))['jobs']).toHaveLength(2);
  expect(await reader.get('/api/queue/stats')).not.toHaveProperty('archive');
  expect(await rowsOf(setup)).toHaveLength(1);
});
