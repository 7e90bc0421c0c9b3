/** What operators see of workers: what each can do, what it does now, and whether it lives. */
import { expect, test } from 'vitest';
import { latch, startOpenAI } from '../support/openai.ts';
import { startStack } from '../support/stack-in-process.ts';

const OPERATOR = { authorization: 'Bearer the-operator-knows-it' };

test('a worker tells what it can do and what it runs, and is remembered when it is gone', async () => {
  const held = latch();
  const openai = await startOpenAI(async () => held.wait);
  const stack = await startStack({ ADMIN_TOKEN: 'the-operator-knows-it', SHUTDOWN_GRACE_MS: '0', ...openai.env });
  const workers = async () =>
    ((await (await fetch(`${stack.url}/admin/workers`, { headers: OPERATOR })).json()) as { workers: Record<string, any>[] }).workers;
  expect(await workers()).toEqual([]);

  const worker = await stack.startWorker({ WORKER_KINDS: 'generate-flashcards' });
  const [idle] = await workers();
  expect(idle).toMatchObject({ version: 'test', live: true, active: 0, jobs: [], quiet: false, lanes: { 'generate-flashcards': 3 } });
  expect(idle?.['kinds']).toContainEqual({ kind: 'generate-flashcards', available: true, provider: 'openai', model: expect.any(String) });
  expect(idle?.['kinds']).toContainEqual(expect.objectContaining({ kind: 'pronunciation-assess', available: false }));
  expect(idle?.['lastJob']).toBeUndefined();

  const { jobId } = await stack.submit({ content: 'A secret of Ana.' }, { 'user-id': 'ana' });
  await expect.poll(async () => (await workers())[0]).toMatchObject({ active: 1, jobs: [jobId], lastJob: { jobId } }); // at the next heartbeat
  await worker.stop();
  expect(await workers()).toEqual([expect.objectContaining({ id: idle?.['id'], live: false })]);
});
