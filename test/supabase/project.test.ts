/** The project that tests run on, and our migrations on it: who may read and write what. */
import { compactVerify, createRemoteJWKSet } from 'jose';
import { expect, test } from 'vitest';
import {
  createDatabase,
  pushMigrations,
  readMigrations,
  type Sql,
  startSupabase,
  type SupabaseProject,
} from '../support/supabase-project.ts';

const AT = '2026-11-28T12:00:00.000Z';
const LATER = '2026-11-28T12:00:01.000Z';

const row = (user_id: string, id = '01', changes: object = {}) => {
  const ended = { status: 'completed', result: { cards: [] }, end_seq: 4, created_at: AT, finished_at: AT };
  return { id, user_id, kind: 'generate-flashcards', attempt: 1, max_attempts: 3, ...ended, ...changes };
};

/** A project with two users; the first has a job and its file. */
async function startWithJob(options?: { ranges: boolean }) {
  const project = await startSupabase(options);
  const [ana, bob] = await Promise.all([project.signUp(), project.signUp()]);
  expect(await project.service.from('jobs').upsert(row(ana.id))).toMatchObject({ error: null, status: 201 });
  const file = `${ana.id}/01/whole`;
  const uploaded = await project.service.storage.from('job-files').upload(file, Buffer.from('0123456789'), { contentType: 'audio/mpeg' });
  expect(uploaded.error).toBe(null);
  return { project, ana, bob, file };
}

/** What migrations make: columns, indexes, policies, grants, triggers, buckets. */
const schema = (sql: Sql) =>
  Promise.all([
    sql(`select * from information_schema.columns where table_name = 'jobs' order by ordinal_position`),
    sql(`select * from pg_indexes where schemaname = 'public' order by indexname`),
    sql('select * from pg_policies order by policyname'),
    sql(`select relrowsecurity, grants from pg_class, unnest(relacl) grants where relname = 'jobs' order by grants::text`),
    sql(`select tgname, tgenabled from pg_trigger where tgname = 'keep_newest_end'`),
    sql('select id, public from storage.buckets'),
  ]);

test('migrations are applied once, and run again without harm', async () => {
  const { sql } = await createDatabase();
  expect((await pushMigrations(sql)).length).toBeGreaterThanOrEqual(3);
  const made = await schema(sql);
  for (const part of made) expect(part.length).toBeGreaterThan(0);
  expect(await pushMigrations(sql)).toEqual([]);
  for (const { text } of await readMigrations()) await sql(text);
  expect(await schema(sql)).toEqual(made);
  const [grants] = await sql(`select has_table_privilege('anon', 'public.jobs', 'select') as anon,
    has_table_privilege('authenticated', 'public.jobs', 'select') as reads,
    has_table_privilege('authenticated', 'public.jobs', 'insert, update, delete, truncate') as writes,
    has_table_privilege('service_role', 'public.jobs', 'insert') and has_table_privilege('service_role', 'public.jobs', 'delete') as service`);
  expect(grants).toEqual({ anon: false, reads: true, writes: false, service: true });
});

test('rows are read by their owner alone, and written by the service alone', async () => {
  const { project, ana, bob } = await startWithJob();
  expect(await ana.client.from('jobs').select('id, result, created_at')).toMatchObject({
    error: null,
    data: [{ id: '01', result: { cards: [] }, created_at: '2026-11-28T12:00:00+00:00' }],
  });
  expect(await bob.client.from('jobs').select()).toMatchObject({ error: null, data: [] });
  const anon = await fetch(`${project.url}/rest/v1/jobs?select=*`, { headers: { apikey: project.publishableKey } });
  expect([anon.status, await anon.json()]).toMatchObject([401, { code: '42501' }]);
  for (const written of [
    await ana.client.from('jobs').insert(row(ana.id, '02')),
    await ana.client.from('jobs').update({ kind: 'x' }).eq('id', '01'),
    await ana.client.from('jobs').delete().eq('id', '01'),
  ]) {
    expect(written).toMatchObject({ status: 403, error: { code: '42501' } });
  }
  expect(await project.sql('select id, kind from public.jobs')).toEqual([{ id: '01', kind: 'generate-flashcards' }]);
});

test('an older end changes nothing, a newer one replaces; a bad row says why in its SQLSTATE', async () => {
  const { project, ana } = await startWithJob();
  const upsert = (change: object) => project.service.from('jobs').upsert({ ...row(ana.id), ...change });
  const status = async () => (await project.sql('select status from public.jobs'))[0]?.['status'];
  expect((await upsert({ status: 'failed', finished_at: LATER })).error).toBe(null);
  expect(await status()).toBe('failed');
  expect((await upsert({ status: 'cancelled', finished_at: AT })).error).toBe(null);
  expect(await status()).toBe('failed');
  expect((await upsert({ status: 'cancelled', finished_at: LATER })).error).toBe(null);
  expect(await status()).toBe('cancelled');
  expect((await upsert({ status: 'running' })).error?.code).toBe('23514');
  expect((await upsert({ id: '02', kind: 'a\0b' })).error?.code).toMatch(/^22/);
  expect((await upsert({ id: '02', result: { text: 'a\0b' } })).error?.code).toMatch(/^22/);
  await project.deleteUser(ana.id);
  expect(await project.sql('select id from public.jobs')).toEqual([]);
  expect((await upsert({ id: '02' })).error?.code).toBe('23503');
});

test('files are read by their owner, whole, by signed address and in parts; the service lists and removes them', async () => {
  const { project, ana, bob, file } = await startWithJob();
  const [own, others, service] = [ana.client, bob.client, project.service].map((client) => client.storage.from('job-files'));
  expect(await (await own?.download(file))?.data?.text()).toBe('0123456789');
  expect((await others?.download(file))?.error).toMatchObject({ status: 400, statusCode: '404' });
  expect((await others?.createSignedUrl(file, 60))?.error).toMatchObject({ status: 400, statusCode: '404' });
  for (const refused of [await own?.upload(`${ana.id}/01/x`, 'x'), await own?.upload(file, 'x', { upsert: true })]) {
    expect(refused?.error).toMatchObject({ status: 400, statusCode: '403' });
  }
  expect((await own?.remove([file]))?.data).toEqual([]);

  const signed = (await service?.createSignedUrl(file, 60))?.data?.signedUrl ?? '';
  for (const [range, status, text, content] of [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-99', 206, '0123456789', 'bytes 0-9/10'],
  ] as const) {
    const response = await fetch(signed, { headers: { range } });
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([status, text, content]);
  }
  expect((await fetch(signed, { headers: { range: 'bytes=10-' } })).status).toBe(400);
  expect([await (await fetch(signed)).text(), (await fetch(signed)).headers.get('content-type')]).toEqual(['0123456789', 'audio/mpeg']);

  expect((await service?.upload(file, 'new', { upsert: true }))?.error).toBe(null);
  expect((await service?.upload(file, 'newer'))?.error).toMatchObject({ status: 400, statusCode: '409' });
  expect(await (await own?.download(file))?.data?.text()).toBe('new');
  expect((await service?.upload(`${ana.id}/02/whole`, 'x'))?.error).toBe(null);
  const names = async (folder: string) => (await service?.list(folder))?.data?.map(({ name, id }) => [name, id === null]);
  expect(await names('')).toEqual([[ana.id, true]]);
  expect(await names(ana.id)).toEqual([
    ['01', true],
    ['02', true],
  ]);
  expect(await names(`${ana.id}/01`)).toEqual([['whole', false]]);
  expect((await service?.remove([file, `${ana.id}/none`]))?.data).toMatchObject([{ name: file }]);
  expect((await service?.download(file))?.error).toMatchObject({ statusCode: '404' });
});

test('Storage can be told to answer ranges with the whole', async () => {
  const { project, file } = await startWithJob({ ranges: false });
  const headers = { apikey: project.secretKey, authorization: `Bearer ${project.secretKey}`, range: 'bytes=2-4' };
  const response = await fetch(`${project.url}/storage/v1/object/authenticated/job-files/${file}`, { headers });
  expect([response.status, await response.text()]).toEqual([200, '0123456789']);
});

test('tokens are as a hosted project makes them, over a rotation; what was signed before stays good', async () => {
  const project = await startSupabase();
  const { id, token, client } = await project.signUp('ana@example.com');
  const claims = async (token: string) => {
    const keys = createRemoteJWKSet(new URL(`${project.url}/auth/v1/.well-known/jwks.json`));
    const { payload, protectedHeader } = await compactVerify(token, keys);
    return [protectedHeader, JSON.parse(Buffer.from(payload).toString())];
  };
  const [header, before] = await claims(token);
  expect(header).toMatchObject({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) as string });
  expect(before).toMatchObject({
    iss: `${project.url}/auth/v1`,
    aud: 'authenticated',
    role: 'authenticated',
    sub: id,
    email: 'ana@example.com',
  });
  expect(before).toMatchObject({
    aal: 'aal1',
    is_anonymous: false,
    app_metadata: { provider: 'email' },
    session_id: expect.any(String) as string,
  });
  await project.sql(`update auth.users set raw_app_meta_data = '{"plan":"pro"}' where id = $1`, [id]);
  await project.rotate();
  const renewed = (await client.auth.refreshSession()).data.session?.access_token ?? '';
  const [after, { app_metadata }] = await claims(renewed);
  expect(after.kid).not.toBe(header.kid);
  expect(app_metadata).toMatchObject({ plan: 'pro' });
  await claims(token);
  for (const one of [token, renewed]) expect(await read(project, one)).toBe(200);
  const [head = '', body = ''] = renewed.split('.');
  expect(await read(project, `${head}.${body}.${token.split('.')[2]}`)).toBe(401);
  expect((await client.auth.getUser()).data.user?.id).toBe(id);
});

const read = async ({ url, publishableKey }: SupabaseProject, token: string) =>
  (await fetch(`${url}/rest/v1/jobs?select=id`, { headers: { apikey: publishableKey, authorization: `Bearer ${token}` } })).status;

test('requests are counted, answered in its place, cut and refused; what it had, it has again', async () => {
  const { project, ana } = await startWithJob();
  const answered = (first: Parameters<SupabaseProject['answer']>[0]) => {
    project.answer(first);
    project.requests.length = 0;
    return read(project, ana.token).catch((error: unknown) => error);
  };
  expect(await answered(() => new Response('<html>', { status: 503 }))).toBe(503);
  expect(project.requests).toEqual([{ method: 'GET', path: '/rest/v1/jobs?select=id' }]);
  const reached = Promise.withResolvers<void>();
  const hanging = answered(() => {
    reached.resolve();
    return new Promise(() => {});
  });
  await reached.promise;
  await project.stop();
  expect(await hanging).toBeInstanceOf(TypeError);
  expect(await answered(undefined)).toBeInstanceOf(TypeError);
  await project.start();
  expect(await answered(undefined)).toBe(200);
  expect(await answered(({ method }) => (method === 'GET' ? undefined : new Response(null, { status: 500 })))).toBe(200);
});
