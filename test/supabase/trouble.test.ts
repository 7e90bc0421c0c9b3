/** Tests the archive where something is wrong with one job, one file, one process or one answer: nothing else is held up, and nothing is lost. */
import { Queue } from 'bullmq';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RedisFiles } from '../../src/files/redis-files.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { childIdOf } from '../../src/jobs/child-id.ts';
import { digestOfBytes } from '../../src/store/digest.ts';
import { keysUnder, QUEUE_NAME } from '../../src/store/keys.ts';
import { openSupabaseArchive } from '../../src/supabase/archive.ts';
import { archived, as, forgetAll, jobOf, OPERATOR, rowsOf, run, send, type Setup, start } from '../support/archive.ts';
import { openRedis } from '../support/keys.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack-in-process.ts';
import { startSupabase, type SupabaseProject } from '../support/supabase-project.ts';
import { storeOver } from '../support/queue.ts';

const KIND = 'generate-flashcards';
const UNKNOWN = `${KIND}-${'x'.repeat(32)}`;
const REFUSED = { type: '/problems/provider_rejected', title: 't', detail: 'no', code: 'provider_rejected', retryable: false } as const;

/** Writes to a project as our API does. */
function writerFor({ env: { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey } }: SupabaseProject) {
  const writer = openSupabaseArchive({ url, secretKey })?.writer;
  if (!writer) throw new Error('no writer');
  return writer;
}

const failed = { status: 'failed', end: { seq: 1, outcome: { type: 'failed', error: REFUSED } } } as const;

/** Jobs that have ended while the project was away, in the order in which they are looked at; all are due at once. */
async function waitingJobs(setup: Setup, count: number) {
  await setup.project.stop();
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(String((await run(setup))['jobId']));
  await expect.poll(() => setup.stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: count } });
  const [redis, keys] = [openRedis(), keysUnder(setup.stack.prefix)];
  return { ids: ids.toSorted(), redis, keys, allDue: () => redis.zadd(keys.archive.outbox, ...ids.flatMap((id) => [1, id])) };
}

/** Gives a job a file in Redis, or only the head of one. */
async function giveFile({ ana }: Setup, { redis, keys }: Awaited<ReturnType<typeof waitingJobs>>, id: string, isWhole: boolean) {
  const bytes = Buffer.from('0123456789');
  const entry = { tenant: tenantOf(ana.id, undefined), at: Date.now(), files: { 'out:whole': 10 } };
  await redis.hset(keys.files.ledger, id, JSON.stringify(entry));
  const head = { version: 'v', type: 'audio/wav', bytes: 10, digest: digestOfBytes(bytes), whole: '1' };
  await redis.hset(keys.files.of(`${id}:out:whole`), { ...head, ...(isWhole && { '0': bytes }) });
}

test('one job that can not be archived holds back no other: a file without its pieces, an end without a time, an object that Storage fails on', async () => {
  const setup = await start();
  const { project } = setup;
  const jobs = await waitingJobs(setup, 6);
  const [broken = '', timeless = '', refused = ''] = jobs.ids;
  await giveFile(setup, jobs, broken, false);
  await jobs.redis.hset(jobs.keys.job(timeless), 'finishedOn', 'nan');
  await giveFile(setup, jobs, refused, true);
  let asked = 0;
  project.answer(({ method, url }) => {
    if (method !== 'POST' || !url.includes('/storage/v1/object/job-files')) return undefined;
    asked++;
    return Response.json({ statusCode: '500', error: 'no', message: 'no' }, { status: 500 });
  });
  await project.start();
  await jobs.allDue();
  await archived(setup, 5);
  expect((await rowsOf(setup)).map(({ id }) => id)).not.toContain(refused);
  await expect.poll(() => asked).toBeGreaterThan(1);
  project.answer(undefined);
  await archived(setup, 6);
  expect((await rowsOf(setup)).find(({ id }) => id === refused)?.['files']).toMatchObject([{ name: 'out:whole' }]);
});

test('while the archive is behind, workers are told to keep records longer; afterwards they are not', async () => {
  const setup = await start();
  const { ids, redis, keys } = await waitingJobs(setup, 1);
  expect(await redis.exists(keys.archive.behind)).toBe(0);
  await redis.hset(keys.job(ids[0] ?? ''), 'finishedOn', Date.now() - 31_000);
  await expect.poll(() => redis.exists(keys.archive.behind)).toBe(1);
  await setup.project.start();
  await expect.poll(() => redis.exists(keys.archive.behind)).toBe(0);
});

test('an outbox that became something else leaves no lag behind', async () => {
  const setup = await start();
  const { redis, keys } = await waitingJobs(setup, 1);
  await redis.set(keys.archive.outbox, 'garbage');
  await setup.project.start();
  await expect.poll(() => setup.stack.get('/api/queue/stats')).toMatchObject({ archive: { waiting: 0, lagMs: 0 } });
  await run(setup);
  await archived(setup, 1);
});

test('a hiccup of Redis is no answer to which files a job has', async () => {
  const redis = openRedis();
  const store = storeOver(redis, `{test-${crypto.randomUUID()}}`);
  const { keys } = store;
  await redis.hset(keys.files.ledger, 'job', JSON.stringify({ tenant: 'u', at: 1, files: { 'out:whole': 3, 'in:a': 1 } }));
  const files = new RedisFiles(store, 1e6);
  expect(await files.outputsOf('job')).toEqual(['out:whole']);
  vi.spyOn(redis, 'hget').mockRejectedValueOnce(new Error('Command timed out'));
  await expect(files.outputsOf('job')).rejects.toThrow('timed out');
});

test('an empty 200 of somebody in between is not believed, and what such a one says is not in the log', async () => {
  const setup = await start();
  let asked = 0;
  setup.project.answer(async (request) => {
    if (request.method !== 'POST' || !request.url.includes('/rest/v1/jobs')) return undefined;
    if (asked++ === 0) return new Response('', { status: 200 });
    if (asked === 2) return Response.json({ code: `blocked: ${(await request.text()).slice(0, 3000)}`, message: 'no' }, { status: 403 });
    return undefined;
  });
  await run(setup);
  await archived(setup, 1);
  expect(asked).toBe(3);
  expect(setup.stack.api.output()).not.toContain('Hund');
});

test('a later end replaces the row, whatever the clock of its process says, and an older one does not', async () => {
  const project = await startSupabase();
  const { id: owner } = await project.signUp();
  const writer = writerFor(project);
  const ended = (seq: number, finishedAt: number) => jobOf(owner, UNKNOWN, { finishedAt, end: { seq, outcome: { type: 'cancelled' } } });
  for (const job of [ended(3, 5000), ended(5, 4000), ended(3, 6000)]) {
    expect(await writer.write([{ snapshot: job, files: [] }])).toEqual({ type: 'written' });
  }
  expect(await project.sql('select end_seq from public.jobs')).toEqual([{ end_seq: 5 }]);
});

test('a parent that only the archive has is erased with a child that Redis has', async () => {
  const setup = await start();
  const { stack, ana, project } = setup;
  const [redis, keys] = [openRedis(), keysUnder(stack.prefix)];
  await redis.hset(keys.of('meta'), 'paused', '1');
  const parent = `process-image-${'p'.repeat(32)}`;
  const child = childIdOf(parent, KIND);
  await writerFor(project).write([{ snapshot: jobOf(ana.id, parent, { next: KIND }), files: [] }]);
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix: stack.prefix });
  onTestFinished(() => queue.close());
  const payload = { owner: ana.id, tenant: tenantOf(ana.id, undefined), requestId: 'r', parent, input: { content: 'Hund: dog' } };
  await queue.add(KIND, payload, { jobId: child });
  expect((await send(setup, 'GET', `/api/jobs/${child}`, as(ana))).status).toBe(200);
  expect((await send(setup, 'DELETE', `/api/jobs/${parent}`, as(ana))).status).toBe(204);
  expect((await send(setup, 'GET', `/api/jobs/${child}`, as(ana))).status).toBe(404);
});

test('where the archive can only be read a deletion says that it is not whole', async () => {
  const setup = await start();
  const { project, ana } = setup;
  const job = await run(setup);
  await archived(setup, 1);
  await forgetAll(setup);
  const { SUPABASE_SECRET_KEY: _, ...rest } = project.env;
  const reader = await startStack(rest);
  for (const path of [`/api/jobs/${job['jobId']}`, '/api/me/data']) {
    const deleted = await fetch(reader.url + path, { method: 'DELETE', headers: as(ana) });
    expect([deleted.status, await deleted.json()]).toMatchObject([
      501,
      { detail: expect.stringContaining('SUPABASE_SECRET_KEY') as string },
    ]);
  }
});

test('Storage that accepts and never answers holds up no deletion, no row of others and no stop', async () => {
  const setup = await start();
  const { project, ana, bob, stack } = setup;
  const job = await run(setup);
  await archived(setup, 1);
  let hanging = 0;
  project.answer((request) => (request.url.includes('/storage/v1/') ? (hanging++, new Promise(() => {})) : undefined));
  expect((await send(setup, 'DELETE', `/api/jobs/${job['jobId']}`, as(ana))).status).toBe(204);
  await expect.poll(() => hanging).toBeGreaterThan(1); // the upkeep tries, too
  await run(setup, bob);
  await archived(setup, 2);
  expect((await send(setup, 'GET', `/api/jobs/${job['jobId']}`, as(ana))).status).toBe(404);
  await stack.api.stop();
});

test('an erasure that fails holds back no other', async () => {
  const setup = await start();
  const { project, ana, bob } = setup;
  const [one, other] = [await run(setup, ana), await run(setup, bob)];
  await archived(setup, 2);
  let fails = (text: string): boolean => text !== '';
  project.answer(async (request) => {
    if (!request.url.includes('/storage/v1/object/list')) return undefined;
    return fails(await request.text()) ? Response.json({ statusCode: '500', error: 'no', message: 'no' }, { status: 500 }) : undefined;
  });
  await send(setup, 'DELETE', `/api/jobs/${one['jobId']}`, as(ana));
  await send(setup, 'DELETE', `/api/jobs/${other['jobId']}`, as(bob));
  fails = (text) => text.includes(one['jobId']);
  await archived(setup, 1);
  expect((await rowsOf(setup)).map(({ id }) => id)).toEqual([one['jobId']]);
});

test('files of a deleted user whose row never came go, though Storage has another clock; those of a job that is coming stay', async () => {
  const project = await startSupabase();
  const { id: owner } = await project.signUp();
  const writer = writerFor(project);
  const file = { name: 'out:whole', type: 'audio/wav', bytes: 3, digest: 'x' } as const;
  const coming = `${KIND}-${'c'.repeat(32)}`;
  for (const jobId of [UNKNOWN, coming]) await writer.writeFile({ owner, jobId }, file, new Uint8Array(3));
  await writer.erase({ owner, until: 1 }, async (jobId) => jobId === coming);
  expect(await project.sql('select name from storage.objects')).toEqual([{ name: `${owner}/${coming}/whole` }]);
});

test("while Supabase is away a foreign job answers like an unknown one, and a running job's missing part like always", async () => {
  const setup = await start();
  const { project, stack, ana, bob } = setup;
  const job = await run(setup);
  await project.stop();
  for (const path of ['', '/events', '/output']) {
    const answers = [job['jobId'], UNKNOWN].map(async (id) => (await send(setup, 'GET', `/api/jobs/${id}${path}`, as(bob))).status);
    expect([path, ...(await Promise.all(answers))]).toEqual([path, 503, 503]);
  }
  await openRedis().hset(keysUnder(stack.prefix).of('meta'), 'paused', '1');
  const running = await stack.submit({ content: 'Hund: dog' }, as(ana));
  expect((await send(setup, 'GET', `/api/jobs/${running['jobId']}/output/0`, as(ana))).status).toBe(404);
  expect((await send(setup, 'GET', `/api/jobs/${job['jobId']}/output`, as(ana))).status).toBe(404); // its kind makes no files
});

test('a failed job that only the archive has is not retried, and the attempt costs no place, whether its kind takes files or not', async () => {
  const setup = await start({ MAX_JOBS_PER_USER: '1' });
  const { project, ana, stack } = setup;
  for (const id of [`${KIND}-${'f'.repeat(32)}`, `process-image-${'f'.repeat(32)}`]) {
    await writerFor(project).write([{ snapshot: jobOf(ana.id, id, failed), files: [] }]);
    const retried = await send(setup, 'POST', `/api/jobs/${id}/retry`, as(ana));
    expect([retried.status, await retried.json()]).toMatchObject([410, { code: 'job_expired' }]);
  }
  await stack.submit({ content: 'Hund: dog' }, as(ana));
});

test('a row that others have written nonsense into does not end the list, and a filter of nonsense fits nothing', async () => {
  const setup = await start();
  const { project, ana, stack } = setup;
  for (let n = 0; n < 4; n++) await run(setup);
  await archived(setup, 4);
  await forgetAll(setup);
  await project.sql(
    `update public.jobs set status = 'failed', error = '{"x":1}' where id = (select id from public.jobs order by created_at desc limit 1)`,
  );
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page = await stack.get(`/api/jobs?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, as(ana));
    seen.push(...page['jobs'].map(({ jobId }: { jobId: string }) => jobId));
    cursor = page['nextCursor'];
  }
  expect(seen).toHaveLength(3);
  for (const kind of ['%00', 'a,b)&', '%22*', 'eq.x']) expect(await stack.get(`/api/jobs?kind=${kind}`, as(ana))).toEqual({ jobs: [] });
});

test('without the migrations reads are 503, and the log says why', async () => {
  const setup = await start();
  const { project, ana } = setup;
  await project.sql('drop table public.jobs cascade');
  const { SUPABASE_SECRET_KEY: _, ...rest } = project.env;
  const reader = await startStack(rest);
  expect((await fetch(`${reader.url}/api/jobs`, { headers: as(ana) })).status).toBe(503);
  expect(reader.api.log().find(({ msg }) => msg === 'error')).toMatchObject({ source: 'archive' });
});

test('the same work, whose job only the archive has, is a new job while Supabase is away', async () => {
  const setup = await start({ SAME_WORK_WINDOW_S: '3600' });
  const { stack, ana, project } = setup;
  const job = await run(setup);
  await archived(setup, 1);
  await openRedis().del(keysUnder(stack.prefix).job(job['jobId']));
  await project.stop();
  expect((await stack.submit({ content: 'Hund: dog\nKatze: cat' }, as(ana)))['jobId']).not.toBe(job['jobId']);
});

test('while Redis is away every route that needs it is 503', async () => {
  const redis = await ownRedis();
  const setup = await start({ REDIS_URL: redis.url, SUPABASE_WEBHOOK_SECRET: 's' });
  const { ana, stack } = setup;
  await run(setup);
  await redis.kill();
  const answers = await Promise.all([
    send(setup, 'GET', '/api/jobs', as(ana)),
    send(setup, 'DELETE', '/api/me/data', as(ana)),
    send(setup, 'GET', '/admin/archive', OPERATOR),
    send(setup, 'POST', '/admin/archive/retry', OPERATOR),
    fetch(`${stack.url}/webhooks/supabase`, {
      method: 'POST',
      headers: { authorization: 'Bearer s', 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'DELETE', schema: 'auth', table: 'users', old_record: { id: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa' } }),
    }),
  ]);
  await redis.start();
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
});
