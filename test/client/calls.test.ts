/** Tests the calls of the client beside submitting and reading: lists, the watch on all jobs, retries, files, children, headers, and the way out. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ApiError, createClient, JobError, type JobEvent, reduce, type WatchEvent } from '../../client/src/index.ts';
import { answerWith, card, startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const BACKOFF = { firstMs: 10, mostMs: 100 };
const clientOf = ({ url }: Pick<Stack, 'url'>, more: Partial<Parameters<typeof createClient>[0]> = {}) =>
  createClient({ baseUrl: url, headers: { 'user-id': 'ana' }, backoff: BACKOFF, ...more });

test('jobs are listed by status and kind, page by page', async () => {
  const stack = await startStack();
  const ai = clientOf(stack);
  const ids: string[] = [];
  for (const content of ['Hund: dog', 'Katze: cat', 'Maus: mouse']) ids.unshift((await ai.flashcards({ content })).id);
  const lesson = await ai.lesson({ topic: 'Dogs', content: 'Hund: dog' });
  await lesson.cancel();
  const idsIn = (jobs: { jobId: string }[]) => jobs.map(({ jobId }) => jobId);
  expect(idsIn((await ai.jobs.list({ status: 'cancelled' })).jobs)).toEqual([lesson.id]);
  expect(idsIn((await ai.jobs.list({ kind: 'flashcards' })).jobs)).toEqual(ids);
  expect(idsIn((await ai.jobs.list({ kind: 'generate-flashcards', status: 'waiting' })).jobs)).toEqual(ids);
  const pages: string[][] = [];
  for await (const { jobs } of ai.jobs.pages({ limit: 3 })) pages.push(idsIn(jobs));
  expect([pages.flat(), pages[0]?.length]).toEqual([[lesson.id, ...ids], 3]);
  const page = await ai.jobs.list({ limit: 3 });
  expect(idsIn((await ai.jobs.list({ cursor: page.nextCursor })).jobs)).toEqual(pages[1]);
});

test('a watch tells of all jobs of the user over a lost connection, and ends when it is closed', async () => {
  const stack = await startStack();
  const port = Number(new URL(stack.url).port);
  const proxy = await startProxy(port);
  const ai = clientOf({ url: `http://127.0.0.1:${proxy.port}` });
  const first = await ai.flashcards({ content: 'Hund: dog' });
  const watch = ai.watch();
  const told: WatchEvent[] = [];
  const watching = (async () => {
    for await (const event of watch) told.push(event);
  })();
  await expect.poll(() => told).toMatchObject([{ jobId: first.id, type: 'status', status: 'waiting' }]);
  expect(watch.connection.state).toBe('live');
  proxy.target(await freePort());
  proxy.cut();
  await expect.poll(() => watch.connection).toMatchObject({ state: 'offline', error: { code: 'unreachable' } });
  const second = await clientOf(stack).flashcards({ content: 'Katze: cat' });
  await clientOf(stack).resume(first.id).cancel();
  proxy.target(port);
  const lastOf = (id: string) => told.findLast(({ jobId }) => jobId === id)?.type;
  await expect.poll(() => [lastOf(first.id), lastOf(second.id)]).toEqual(['cancelled', 'status']);
  watch.close();
  await watching;
  expect(watch.connection.state).toBe('closed');
});

test('a failed job is tried again: who listens and who reads anew get its second run, with the items that were kept', async () => {
  let isBroken = true;
  const openai = await startOpenAI((pen, call, n) =>
    isBroken ? pen.fail(400, { error: { message: 'no' } }) : answerWith([card(1)])(pen, call, n),
  );
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const ai = clientOf(stack);
  const job = await ai.flashcards({ content: 'Notes.', count: 1 });
  const events: JobEvent<'flashcards'>[] = [];
  const stop = job.subscribe((event) => void events.push(event));
  await expect(job.result()).rejects.toBeInstanceOf(JobError);
  isBroken = false;
  expect(await job.retry({ startWithin: '5m', cancelAfter: 3600 })).toMatchObject({
    status: expect.stringMatching(/waiting|active/),
    cancelAt: expect.any(String),
  });
  expect(await job.result()).toEqual({ flashcards: [card(1)] });
  const state = events.reduce((sum, event) => reduce(sum, event), reduce<'flashcards'>(undefined, { type: 'live' }));
  expect(state).toMatchObject({
    status: 'completed',
    error: undefined,
    items: { flashcards: [card(1)] },
    restart: { code: 'provider_rejected' },
  });
  stop();
  await expect(job.retry()).rejects.toMatchObject({ code: 'job_not_failed' });
});

test('who reads a job that is erased is told so', async () => {
  const stack = await startStack();
  const ai = clientOf(stack);
  const job = await ai.flashcards({ content: 'Hund: dog' });
  const result = job.result().catch((error: unknown) => error);
  await job.delete();
  expect(await result).toMatchObject({ name: 'JobError', code: expect.stringMatching(/^(cancelled|job_not_found)$/) });
  await expect(job.result()).rejects.toBeInstanceOf(JobError);
});

/** A fetch that loses the first answer to a method, after the server has done what it asked for. */
function losing(method: string): typeof fetch {
  let isLost = false;
  return async (input, init) => {
    const response = await fetch(input, init);
    if (init?.method !== method || isLost) return response;
    isLost = true;
    throw new TypeError('fetch failed');
  };
}

test('a call whose answer was lost is made again, and means the same', async () => {
  const stack = await startStack();
  const job = await clientOf(stack).flashcards({ content: 'Hund: dog' });
  expect(
    await clientOf(stack, { fetch: losing('POST') })
      .resume(job.id)
      .cancel(),
  ).toMatchObject({ status: 'cancelled' });
  await clientOf(stack, { fetch: losing('DELETE') })
    .resume(job.id)
    .delete();
  await expect(clientOf(stack).resume(job.id).delete()).rejects.toMatchObject({ code: 'job_not_found' });
});

test('a child is a job of its own, the same object each time', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const image = readFileSync(new URL('../../scripts/smoke/water.png', import.meta.url)).toString('base64');
  const job = await clientOf(stack).image({ image, then: 'flashcards', thenInput: { count: 2 } });
  expect(job.child).toBeUndefined();
  const { child } = await job.result();
  expect([job.child?.id, job.child]).toEqual([child?.jobId, job.child]);
  expect(Object.keys((await job.child?.result()) ?? {})).toEqual(['flashcards']);
});

test('a file is read as a Blob, whole or in part, and says how far it is', async () => {
  const bytes = Buffer.alloc(100_000, 'sound');
  const served: typeof fetch = async (_, init) => {
    const range = /bytes=(\d+)-(\d*)/.exec(new Headers(init?.headers).get('range') ?? '');
    const part = range ? bytes.subarray(Number(range[1]), Number(range[2]) + 1) : bytes;
    return new Response(part, { status: range ? 206 : 200, headers: { 'content-type': 'audio/mpeg', 'content-length': `${part.length}` } });
  };
  const job = clientOf({ url: 'http://localhost' }, { fetch: served }).resume<'audio'>('generate-audio-x');
  const progress: { loaded: number; total?: number | undefined }[] = [];
  const whole = await job.output(undefined, { onProgress: (now) => void progress.push(now) });
  expect([whole.type, whole.size, Buffer.from(await whole.arrayBuffer()).equals(bytes)]).toEqual(['audio/mpeg', bytes.length, true]);
  expect([progress.at(-1), progress.length > 0]).toEqual([{ loaded: bytes.length, total: bytes.length }, true]);
  expect(await (await job.output(0, { range: { start: 5, end: 9 } })).text()).toBe('sound');
  const stack = await startStack();
  await expect(
    clientOf(stack)
      .resume(`generate-audio-${'x'.repeat(32)}`)
      .output(),
  ).rejects.toMatchObject({ code: 'job_not_found' });
});

test('headers, bounds of time and tries are those of one call; the way out has the user and takes any answer', async () => {
  const stack = await startStack();
  const sent: Headers[] = [];
  const ai = clientOf(stack, {
    fetch: (input, init) => {
      sent.push(new Headers(init?.headers));
      return fetch(input, init);
    },
  });
  const job = await ai.flashcards({ content: 'Hund: dog' }, { headers: { 'x-request-id': 'mine' }, startWithin: 30, cancelAfter: '5m' });
  expect(['x-request-id', 'start-within', 'cancel-after', 'user-id'].map((name) => sent[0]?.get(name))).toEqual([
    'mine',
    '30',
    '5m',
    'ana',
  ]);
  expect((await job.status({ headers: { 'x-request-id': 'other' } })).cancelAt).toBeDefined();
  expect(sent[1]?.get('x-request-id')).toBe('other');
  const answer = await ai.request('/api/jobs/nothing', { method: 'DELETE' });
  expect([answer.status, sent[2]?.get('user-id')]).toEqual([404, 'ana']);
  await expect(ai.request('https://evil.example/api')).rejects.toBeInstanceOf(ApiError);

  let asked = 0;
  const away = clientOf(stack, {
    fetch: async () => {
      asked++;
      throw new TypeError('fetch failed');
    },
  });
  await expect(away.lesson({ topic: 'Dogs' }, { retries: 3 })).rejects.toMatchObject({
    code: 'unreachable',
    cause: { message: 'fetch failed' },
  });
  await expect(away.request('/api/x', { method: 'POST' })).rejects.toMatchObject({ code: 'unreachable' });
  expect(asked).toBe(5);
});

test('a refusal that names a date to come back is for the app to decide on, as one that names seconds', async () => {
  const stack = await startStack();
  for (const [retryAfter, asks] of [
    ['Fri, 01 Jan 2100 00:00:00 GMT', 1],
    ['3600', 1],
    ['nonsense', 3],
  ] as const) {
    let asked = 0;
    const ai = clientOf(stack, {
      fetch: async () => {
        asked++;
        return new Response('', { status: 503, headers: { 'retry-after': retryAfter } });
      },
    });
    await expect(ai.jobs.list()).rejects.toMatchObject({ code: 'http_503', status: 503 });
    expect([retryAfter, asked]).toEqual([retryAfter, asks]);
  }
});
