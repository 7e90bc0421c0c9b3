/** Tests that what was erased is gone from Supabase, too, whenever Supabase can be reached, and does not come back. */
import { expect, test } from 'vitest';
import { childIdOf } from '../../src/jobs/child-id.ts';
import { openSupabaseArchive } from '../../src/supabase/archive.ts';
import { archived, as, forgetAll, jobOf, rowsOf, run, send, type Setup, start } from '../support/archive.ts';
import { clockAhead } from '../support/clocks.ts';
import { latch } from '../support/openai.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startProcess } from '../support/stack.ts';

const UNKNOWN = `generate-flashcards-${'x'.repeat(32)}`;

/** As an address answers to the owner for a job, and for one that never was. */
async function expectUnknown(setup: Setup, jobId: string): Promise<void> {
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/events'],
    ['GET', '/output'],
    ['GET', '/output/0'],
    ['POST', '/cancel'],
    ['POST', '/retry'],
    ['DELETE', ''],
  ] as const) {
    const answers = [jobId, UNKNOWN].map(async (id) => {
      const response = await send(setup, method, `/api/jobs/${id}${path}`, as(setup.ana));
      return { status: response.status, body: { ...((await response.json()) as object), requestId: '' } };
    });
    const [erased, unknown] = await Promise.all(answers);
    expect([method, path, erased]).toEqual([method, path, unknown]);
    expect(erased?.status).toBe(404);
  }
}

test('a job that was erased is as unknown as one that never was, whether Redis had it or the archive alone', async () => {
  const setup = await start();
  const { stack, ana } = setup;
  const jobs = [await run(setup), await run(setup)] as const;
  await archived(setup, 2);
  expect((await send(setup, 'DELETE', `/api/jobs/${jobs[0]['jobId']}`, as(ana))).status).toBe(204);
  expect((await rowsOf(setup)).map(({ id }) => id)).toEqual([jobs[1]['jobId']]);
  await expectUnknown(setup, jobs[0]['jobId']);
  await forgetAll(setup);
  expect((await send(setup, 'DELETE', `/api/jobs/${jobs[1]['jobId']}`, as(ana))).status).toBe(204);
  expect(await rowsOf(setup)).toEqual([]);
  await expectUnknown(setup, jobs[1]['jobId']);
  expect(await stack.get('/api/jobs', as(ana))).toEqual({ jobs: [] });
});

test('with a job of the archive goes the one that it has led to', async () => {
  const setup = await start();
  const { project, ana } = setup;
  const { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey } = project.env;
  const parent = `process-image-${'p'.repeat(32)}`;
  const child = childIdOf(parent, 'generate-flashcards');
  const jobs = [jobOf(ana.id, parent, { next: 'generate-flashcards' }), jobOf(ana.id, child)].map((snapshot) => ({ snapshot, files: [] }));
  await openSupabaseArchive({ url, secretKey })?.writer?.write(jobs);
  await archived(setup, 2);
  expect((await send(setup, 'DELETE', `/api/jobs/${parent}`, as(ana))).status).toBe(204);
  expect(await rowsOf(setup)).toEqual([]);
});

test('while Supabase takes no deletions an erased job is hidden, and it goes afterwards', async () => {
  const setup = await start();
  const { project, ana, stack } = setup;
  const job = await run(setup);
  await archived(setup, 1);
  project.answer(({ method }) => (method === 'DELETE' ? new Response('no', { status: 503 }) : undefined));
  expect((await send(setup, 'DELETE', `/api/jobs/${job['jobId']}`, as(ana))).status).toBe(204);
  expect(await rowsOf(setup)).toHaveLength(1);
  await expectUnknown(setup, job['jobId']);
  expect(await stack.get('/api/jobs', as(ana))).toEqual({ jobs: [] });
  project.answer(undefined);
  await archived(setup, 0);
});

test('a job that is erased while its row is on its way does not come back', async () => {
  const setup = await start();
  const { project, ana } = setup;
  const [sent, goes] = [latch(), latch()];
  let held = 0;
  project.answer(async ({ method, url }) => {
    if (method !== 'POST' || !url.includes('/rest/v1/jobs') || held++ > 0) return undefined;
    sent.open();
    await goes.wait;
    return undefined;
  });
  const job = await run(setup);
  await sent.wait;
  expect((await send(setup, 'DELETE', `/api/jobs/${job['jobId']}`, as(ana))).status).toBe(204);
  goes.open();
  await archived(setup, 1); // the database had it already
  await expectUnknown(setup, job['jobId']);
  await archived(setup, 0);
});

test('all data of a user goes, in Redis and in the archive, counted once; what comes after stays', async () => {
  const setup = await start();
  const { ana, bob } = setup;
  await run(setup);
  await archived(setup, 1);
  await forgetAll(setup);
  await run(setup);
  await run(setup, bob);
  await archived(setup, 3);
  const erased = await send(setup, 'DELETE', '/api/me/data', as(ana));
  expect([erased.status, await erased.json()]).toEqual([200, { jobs: 2, results: 2, files: 0, keys: 0 }]);
  expect((await rowsOf(setup)).map(({ user_id: user }) => user)).toEqual([bob.id]);
  const later = await run(setup);
  await archived(setup, 2);
  expect(await setup.stack.get('/api/jobs', as(ana))).toMatchObject({ jobs: [{ jobId: later['jobId'] }] });
});

test("the database's webhook tells that a user was deleted, and what Redis has of the user goes", async () => {
  const setup = await start({ SUPABASE_WEBHOOK_SECRET: 'what-the-database-shows' });
  const { stack, project, ana } = setup;
  const job = await run(setup);
  await archived(setup, 1);
  const post = (body: unknown, secret = 'what-the-database-shows') =>
    fetch(`${stack.url}/webhooks/supabase`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const deletion = { type: 'DELETE', schema: 'auth', table: 'users', record: null, old_record: { id: ana.id, email: 'ana@example.com' } };
  expect((await post(deletion, 'wrong')).status).toBe(401);
  expect((await post({ ...deletion, old_record: { id: 'x' } })).status).toBe(400);
  for (const other of [{ type: 'UPDATE' }, { schema: 'public' }, { table: 'sessions', old_record: { id: 7 } }, { old_record: null }]) {
    const response = await post({ ...deletion, ...other });
    expect([response.status, await response.json()]).toEqual([200, { ignored: true }]);
  }
  expect((await send(setup, 'GET', `/api/jobs/${job['jobId']}`, as(ana))).status).toBe(200);
  await project.deleteUser(ana.id);
  expect(await rowsOf(setup)).toEqual([]);
  const told = await post(deletion);
  expect([told.status, await told.json()]).toEqual([200, { jobs: 1, results: 1, files: 0, keys: 0 }]);
  expect((await send(setup, 'GET', job['streamUrl'], {})).status).toBe(404);
  expect(stack.api.output()).not.toContain('ana@example.com');
});

test('a user who is gone without a word is noticed at the next end, and what Redis has of the user goes', async () => {
  const setup = await start();
  const { stack, project, ana, bob } = setup;
  const before = await run(setup);
  await archived(setup, 1);
  await project.deleteUser(ana.id);
  const job = await stack.submit({ content: 'Hund: dog' }, as(ana)); // the session is good for its hour
  await (await watch(stack.url + job['streamUrl'])).until(isEnd);
  await run(setup, bob);
  await archived(setup, 1);
  for (const { streamUrl } of [before, job] as { streamUrl: string }[]) {
    await expect.poll(async () => (await fetch(stack.url + streamUrl)).status).toBe(404);
  }
});

test('what is accepted after an erasure stays, though the clock of who erased was ahead', async () => {
  const setup = await start();
  const { stack, ana } = setup;
  await run(setup);
  await archived(setup, 1);
  const ahead = await startProcess('src/main.ts', { ...stack.env, PORT: '0', ...clockAhead(60_000) });
  const erased = await fetch(`${ahead.url}/api/me/data`, { method: 'DELETE', headers: as(ana) });
  expect([erased.status, await erased.json()]).toMatchObject([200, { jobs: 1 }]);
  const job = await run(setup);
  await archived(setup, 1);
  expect((await rowsOf(setup)).map(({ id }) => id)).toEqual([job['jobId']]);
  expect(await stack.get(`/api/jobs/${job['jobId']}`, as(ana))).toMatchObject({ status: 'completed' });
});
