/** The offline generator's threads: what goes wrong in one is its own job's trouble alone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Order } from '../../worker/vendors/offline/makers.ts';
import { createThreads } from '../../worker/vendors/offline/threads.ts';
import { startStack } from '../support/stack.ts';
import { isEnd } from '../support/sse.ts';

/** A module for threads whose answer to an order is up to the order's content. */
const module = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads';
    const hoard = [];
    parentPort.on('message', ({ material: { content } }) => {
      while (content === 'never ends');
      while (content === 'takes all memory') hoard.push(new Array(1e6).fill(content));
      if (content === 'throws') throw new Error('a defect');
      if (content === 'exits') process.exit(3);
      if (content === 'is unusable') parentPort.postMessage({ type: 'problem', code: 'content_unusable', detail: 'No.' });
      else parentPort.postMessage({ type: 'pieces', pieces: [content, threadId, Object.keys(process.env)] });
    });`)}`,
);
const order = (content: string): Order => ({
  kind: 'generate-flashcards',
  wanted: { flashcards: 1 },
  material: { content, alreadyAsked: [] },
});
const never = new AbortController().signal;

test('an order that never ends is stopped when it is aborted, and holds up no other meanwhile', async () => {
  const { run } = createThreads({ module, heapMb: 64 });
  const stop = new AbortController();
  const endless = [1, 2, 3].map(() => run(order('never ends'), stop.signal).catch((error: unknown) => error));
  expect((await run(order('well'), never))[0]).toBe('well');
  const reason = new Error('cancelled');
  stop.abort(reason);
  expect(await Promise.all(endless)).toEqual([reason, reason, reason]);
  expect((await run(order('well'), never))[0]).toBe('well');
  await expect(run(order('well'), stop.signal)).rejects.toBe(reason);
});

test('a thread that dies fails its own order, with a code, and no other', async () => {
  const { run } = createThreads({ module, heapMb: 32 });
  const beside = run(order('well'), never);
  await expect(run(order('takes all memory'), never)).rejects.toMatchObject({ code: 'content_unusable' });
  await expect(run(order('throws'), never)).rejects.toMatchObject({ code: 'internal_error' });
  await expect(run(order('exits'), never)).rejects.toMatchObject({ code: 'internal_error' });
  await expect(run(order('is unusable'), never)).rejects.toMatchObject({ code: 'content_unusable', detail: 'No.' });
  expect((await beside)[0]).toBe('well');
});

test("a free thread is used again, and knows none of the process's variables", async () => {
  const { run } = createThreads({ module, heapMb: 64 });
  const first = await run(order('well'), never);
  expect(await run(order('well'), never)).toEqual(first);
  expect(first[2]).toEqual([]);
});

test('free threads do not keep the process alive', async () => {
  const url = (file: string) => new URL(`../../worker/vendors/${file}`, import.meta.url).href;
  const script = `
    const { createOffline } = await import('${url('offline.ts')}');
    const request = {
      kind: 'generate-flashcards',
      lists: { flashcards: { wanted: 1, itemLength: 100 } },
      material: { content: 'Hund: dog', alreadyAsked: [] },
      take: async (field, value) => console.log(JSON.stringify({ field, value })),
    };
    const report = { startCall: async () => ({ note() {}, async settle() {} }), begun() {} };
    await createOffline()(request, report, new AbortController().signal);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toContain('{"field":"flashcards","value":{"front":"Hund","back":"dog"}}');
});

test('six texts made to be slow cost others no attempt, and the worker answers meanwhile', async () => {
  const stack = await startStack({ WORKER_CONCURRENCY: '8', WORKER_LOCK_DURATION_MS: '3000', WORKER_STALLED_INTERVAL_MS: '3000' });
  const worker = await stack.startWorker();
  const shapes = [
    `a${' '.repeat(99_998)}b`,
    'a' + '['.repeat(99_999),
    'A. '.repeat(33_333),
    '\t'.repeat(99_999) + 'a',
    'a\n'.repeat(50_000),
  ];
  const slow = [...shapes, '![a]('.repeat(20_000)].map((content) => stack.submit({ content }, { 'user-id': 'mallory' }));
  await Promise.all(slow);
  const stream = await stack.watch(await stack.submit({ content: 'Hund: dog' }, { 'user-id': 'ana' }));
  expect((await fetch(`${worker.url}/health`)).status).toBe(200);
  const end = await stream.until(isEnd);
  expect(end.data).toMatchObject({ type: 'completed', result: { flashcards: [{ front: 'Hund', back: 'dog' }] } });
  expect(stream.events.filter(({ event }) => event === 'attempt')).toEqual([]);
});

test('a cancelled job ends at once, and its thread with it', async () => {
  const stack = await startStack({ WORKER_CONCURRENCY: '1' });
  await stack.startWorker();
  const job = await stack.submit({ content: 'The heart is a muscle. '.repeat(4000) }, { 'user-id': 'ana' });
  const stream = await stack.watch(job, { 'user-id': 'ana' });
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: { 'user-id': 'ana' } });
  expect((await stream.until(isEnd)).data['type']).toMatch(/cancelled|completed/);
  const next = await stack.watch(await stack.submit({ content: 'Hund: dog' }, { 'user-id': 'ana' }), { 'user-id': 'ana' });
  expect((await next.until(isEnd)).data['type']).toBe('completed');
});
