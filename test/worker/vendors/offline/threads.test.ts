/** The offline generator's threads: what goes wrong in one is its own job's trouble alone, in a real worker process too. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { flashcards } from '../../../../src/kinds/flashcards.ts';
import { RedisFiles } from '../../../../src/files/redis-files.ts';
import { RunLocks } from '../../../../worker/run/run-locks.ts';
import { ProcessStore } from '../../../../src/store/store.ts';
import { assign } from '../../../../worker/assignments.ts';
import { implementations } from '../../../../worker/kinds/index.ts';
import { createOffline } from '../../../../worker/vendors/offline.ts';
import type { Order } from '../../../../worker/vendors/offline/makers.ts';
import { createThreads } from '../../../../worker/vendors/offline/threads.ts';
import { createRunFiles } from '../../../../worker/run/files.ts';
import { createRun } from '../../../../worker/run/run.ts';
import type { Offers } from '../../../../worker/vendors/vendor.ts';
import { JobWorker } from '../../../../worker/run/worker.ts';
import { startStack as startProcesses } from '../../../support/stack.ts';
import { type Stack, startStack } from '../../../support/stack-in-process.ts';
import { createDice } from '../../../support/dice.ts';
import { isEnd } from '../../../support/sse.ts';

/** A module for threads whose answer to an order is up to the order's content. */
const module = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads';
    const hoard = [];
    const answerOf = ({ input: { content } }) => {
      while (content === 'never ends');
      for (const start = Date.now(); content.startsWith('slow') && Date.now() - start < 400;);
      while (content === 'takes all memory') hoard.push(new Array(1e6).fill(content));
      if (content === 'throws') throw new Error('a defect');
      if (content === 'exits') process.exit(3);
      if (content === 'is unusable') return { type: 'problem', code: 'content_unusable', detail: 'No.' };
      return { type: 'pieces', pieces: [{ field: 'flashcards', value: { front: content, back: content } }, threadId, Object.keys(process.env)].map((value) => value.field ? value : { field: 'about', value }) };
    };
    parentPort.on('message', (orders) => parentPort.postMessage(orders.map(answerOf)));`)}`,
);
const order = (content: string): Order => ({
  kind: 'generate-flashcards',
  wanted: { flashcards: 1 },
  input: { content },
  there: {},
});
const never = new AbortController().signal;
const WELL = { field: 'flashcards', value: { front: 'well', back: 'well' } };

test('an order that never ends is stopped when it is aborted, and holds up no other meanwhile', async () => {
  const run = createThreads({ module, heapMb: 64 });
  const stop = new AbortController();
  const endless = [1, 2, 3].map(() => run(order('never ends'), stop.signal).catch((error: unknown) => error));
  expect((await run(order('well'), never))[0]).toEqual(WELL);
  const reason = new Error('cancelled');
  stop.abort(reason);
  expect(await Promise.all(endless)).toEqual([reason, reason, reason]);
  expect((await run(order('well'), never))[0]).toEqual(WELL);
  await expect(run(order('well'), stop.signal)).rejects.toBe(reason);
});

test('a thread that dies fails its own order, with a code, and no other', async () => {
  const run = createThreads({ module, heapMb: 32 });
  const beside = run(order('well'), never);
  await expect(run(order('takes all memory'), never)).rejects.toMatchObject({ code: 'content_unusable' });
  await expect(run(order('throws'), never)).rejects.toMatchObject({ code: 'internal_error' });
  await expect(run(order('exits'), never)).rejects.toMatchObject({ code: 'internal_error' });
  await expect(run(order('is unusable'), never)).rejects.toMatchObject({ code: 'content_unusable', detail: 'No.' });
  expect((await beside)[0]).toEqual(WELL);
});

test('small orders of fifty jobs follow each other in one thread', async () => {
  const run = createThreads({ module, heapMb: 64 });
  const answers = await Promise.all(Array.from({ length: 50 }, () => run(order('well'), never)));
  expect(new Set(answers.map((pieces) => pieces[1]?.value)).size).toBe(1);
});

test('fifty orders at once of all sizes, with cancels, deaths and slow texts: each ends once, with its own answer', async () => {
  const run = createThreads({ module, heapMb: 32 });
  const roll = createDice(7);
  const cancelled = new Error('cancelled');
  const large = ' '.repeat(10_001);
  const sorts: Record<string, (name: string) => { content: string; expected: unknown; abortMs?: number }> = {
    small: (name) => ({ content: name, expected: name }),
    large: (name) => ({ content: name + large, expected: name + large }),
    slow: (name) => ({ content: `slow ${name}`, expected: `slow ${name}` }),
    throws: () => ({ content: 'throws', expected: 'internal_error' }),
    exits: () => ({ content: 'exits', expected: 'internal_error' }),
    unusable: () => ({ content: 'is unusable', expected: 'content_unusable' }),
    endless: () => ({ content: 'never ends', expected: cancelled, abortMs: roll(100) }),
    hungry: () => ({ content: 'takes all memory', expected: 'content_unusable' }),
    withdrawn: () => ({ content: 'never ends', expected: cancelled, abortMs: 0 }),
  };
  const rare = Object.keys(sorts);
  const orders = Array.from({ length: 300 }, (_, n) => {
    const sort = roll(100) < 85 ? 'small' : (rare[roll(rare.length)] ?? 'small');
    return { ...(sorts[sort] ?? sorts['small'])?.(`order ${n}`) } as { content: string; expected: unknown; abortMs?: number };
  });
  const ends: unknown[] = [];
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < orders.length; at = next++) {
      const { content, abortMs } = orders[at] ?? { content: '' };
      const stop = new AbortController();
      if (abortMs !== undefined) setTimeout(() => stop.abort(cancelled), abortMs);
      ends[at] = await run(order(content), stop.signal).then(
        ([piece]) => (piece?.value as { front: string } | undefined)?.front,
        (error: { code?: string }) => error.code ?? error,
      );
    }
  };
  await Promise.all(Array.from({ length: 50 }, lane));
  expect(ends).toEqual(orders.map(({ expected }) => expected));
});

test("a free thread is used again, and knows none of the process's variables", async () => {
  const run = createThreads({ module, heapMb: 64 });
  const first = await run(order('well'), never);
  expect(await run(order('well'), never)).toEqual(first);
  expect(first[2]).toEqual({ field: 'about', value: [] });
});

test('free threads do not keep the process alive', async () => {
  const url = (file: string) => new URL(`../../../../worker/vendors/${file}`, import.meta.url).href;
  const script = `
    const { createOffline } = await import('${url('offline.ts')}');
    const request = {
      kind: 'generate-flashcards',
      input: { content: 'Hund: dog' },
      lists: { flashcards: { wanted: 1, itemLength: 100 } },
      there: {},
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
  const stack = await startProcesses({ WORKER_CONCURRENCY: '8', WORKER_LOCK_DURATION_MS: '10000', WORKER_STALLED_INTERVAL_MS: '10000' });
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

/** A worker in the test's process that runs one job at a time, in threads of the module above. */
async function startWorkerOf(stack: Stack, timeoutMs: number) {
  const log = pino({ level: 'silent' });
  const work = createOffline(createThreads({ module, heapMb: 64 }));
  const offer: Offers = { structuredAnswer: { available: true, work, author: { provider: 'offline' }, answers: 'offline' } };
  const assignments = assign([flashcards], [{ name: 'offline', offers: offer }]);
  const store = await ProcessStore.open({
    url: inject('redisUrl'),
    keyPrefix: stack.prefix,
    mayEvict: true,
    log,
    logError: () => {},
    onUnusable: () => {},
  });
  const options = {
    name: 'test',
    lanes: [flashcards.name],
    served: [undefined, flashcards.name].map((lane) => ({ lane, concurrency: 1 })),
    concurrencyTotal: 1,
    rate: { max: 1000, duration: 1000 },
    stalledIntervalMs: 30_000,
    maxStalledCount: 2,
    lockDurationMs: 30_000,
    backoffMs: 1,
    retentionS: 60,
  };
  const patient = store.connect('wait');
  const locks = new RunLocks(patient, store, options.lockDurationMs);
  const openFiles = createRunFiles(new RedisFiles(store, 1024 * 1024), store, locks);
  const troubleMs = () => store.monitor.troubleMs();
  const children = { add: () => Promise.reject(new Error('no kind leads to another')), endWithParent: async () => false };
  const run = createRun({ implementations, assignments, openFiles, addCost: (usage) => usage, children, timeoutMs, troubleMs });
  const worker = new JobWorker(
    store,
    patient,
    { run, findDoers: async () => ({ who: 'live', workers: 1 }), locks, mayShorten: async () => false },
    options,
    log,
  );
  onTestFinished(async () => {
    await worker.close(0);
    store.close();
  });
  return worker;
}

test('a job whose text never ends is cancelled, and the next one runs in its place', async () => {
  const stack = await startStack();
  await startWorkerOf(stack, 60_000);
  const job = await stack.submit({ content: 'never ends' });
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'progress'); // it runs
  await fetch(stack.url + job['cancelUrl'], { method: 'POST' });
  expect((await stream.until(isEnd)).event).toBe('cancelled');
  const next = await stack.watch(await stack.submit({ content: 'well' }));
  expect((await next.until(isEnd)).event).toBe('completed');
});

test('a job whose text never ends fails at its deadline, and the next one runs in its place', async () => {
  const stack = await startStack({ JOB_ATTEMPTS: '1' });
  await startWorkerOf(stack, 3000);
  const stream = await stack.watch(await stack.submit({ content: 'never ends' }));
  expect((await stream.until(isEnd)).data['error']).toMatchObject({ code: 'job_timeout' });
  const next = await stack.watch(await stack.submit({ content: 'well' }));
  expect((await next.until(isEnd)).event).toBe('completed');
});
