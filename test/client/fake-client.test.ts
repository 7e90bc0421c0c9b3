/** Tests the client for an app's own tests: it is the real client, and its jobs do what a script says, when the clock says. */
import { expect, test } from 'vitest';
import { createFakeClient } from '../../client/src/testing.ts';
import { card } from '../support/openai.ts';

const CARDS = [card(1), card(2), card(3)];
const item = (n: number) => ({ type: 'item', list: 'flashcards', value: CARDS[n] as (typeof CARDS)[0], percent: 30 * (n + 1) }) as const;
const complete = { type: 'complete', result: { flashcards: CARDS } } as const;
const wait = { type: 'wait', ms: 1000 } as const;

test('items and the end come when the clock is there, each once, over cut connections', async () => {
  const ai = createFakeClient({ flashcards: [item(0), wait, item(1), { type: 'drop' }, wait, item(2), complete] });
  const job = await ai.flashcards({ content: 'Notes.' });
  const types: string[] = [];
  const stop = job.subscribe((event) => types.push(event.type));
  await ai.clock.advance(0);
  expect(types.filter((type) => type === 'item')).toHaveLength(1);
  await ai.clock.advance(1000);
  expect(types.filter((type) => type === 'item')).toHaveLength(2);
  ai.network.drop();
  await ai.clock.advance(1000);
  expect(types.filter((type) => type === 'item')).toHaveLength(3);
  expect(types.at(-1)).toBe('completed');
  expect(await job.result()).toEqual({ flashcards: CARDS });
  expect(ai.clock.now()).toBe(2000);
  stop();
});

test('a reset sends everything again; what was known is dropped', async () => {
  const ai = createFakeClient({ flashcards: [item(0), wait, { type: 'reset' }, item(1), complete] });
  const job = await ai.flashcards({ content: 'Notes.' });
  const events: string[] = [];
  job.subscribe((event) => events.push(event.type === 'item' ? event.value.front : event.type));
  await ai.clock.advance(1000);
  const afterReset = events.slice(events.indexOf('reset') + 1);
  expect(afterReset).toEqual([CARDS[0]?.front, CARDS[1]?.front, 'completed']);
});

test('a refusal answers one submission, with its time; the next one is taken, and the same key is the same job', async () => {
  const ai = createFakeClient({ flashcards: [{ type: 'refuse', status: 429, code: 'rate_limited', retryAfterMs: 4000 }, complete] });
  await expect(ai.flashcards({ content: 'Notes.' })).rejects.toMatchObject({ code: 'rate_limited', status: 429, retryAfterMs: 4000 });
  const jobs = [
    await ai.flashcards({ content: 'Notes.' }, { idempotencyKey: 'one' }),
    await ai.flashcards({ content: 'Notes.' }, { idempotencyKey: 'one' }),
  ];
  expect(jobs[0]?.id).toBe(jobs[1]?.id);
  expect(await jobs[0]?.result()).toEqual({ flashcards: CARDS });
});

test('a failed job is tried again and goes on in its script; a cancelled one ends', async () => {
  const ai = createFakeClient({
    flashcards: [item(0), { type: 'fail', error: { code: 'provider_rate_limited' } }, item(1), complete],
    lesson: [wait, { type: 'fail' }],
  });
  const job = await ai.flashcards({ content: 'Notes.' });
  await expect(job.result()).rejects.toMatchObject({ code: 'provider_rate_limited' });
  const events: string[] = [];
  job.subscribe((event) => events.push(event.type));
  await job.retry();
  await ai.clock.advance(0);
  expect(events.slice(-3)).toEqual(['attempt', 'item', 'completed']);

  const lesson = await ai.lesson({ topic: 'Water' });
  await lesson.cancel();
  await expect(lesson.result()).rejects.toMatchObject({ code: 'cancelled' });
});

test('without a network requests fail and a job says that it is offline; back, it goes on where it was', async () => {
  const ai = createFakeClient({ flashcards: [item(0), wait, item(1), complete] });
  const job = await ai.flashcards({ content: 'Notes.' });
  const seen: number[] = [];
  job.subscribe((event) => void (event.type === 'item' && seen.push(event.index)));
  await ai.clock.advance(0);
  ai.network.goOffline();
  await expect.poll(() => job.connection.state).toBe('offline');
  await expect(ai.jobs.list({ retries: 0 })).rejects.toMatchObject({ code: 'unreachable' });
  await ai.clock.advance(1000);
  ai.network.goOnline();
  await expect.poll(() => seen).toEqual([0, 1]);
  await expect(job.result()).resolves.toEqual({ flashcards: CARDS });
});

test('all jobs are listed page by page and watched; a script can depend on the input, and a file is made', async () => {
  const ai = createFakeClient({
    audio: ({ text }) => [
      { type: 'wait', ms: 10 },
      { type: 'complete', result: {} as never, output: new Blob([text]) },
    ],
  });
  const watched: string[] = [];
  const watch = ai.watch();
  const reading = (async () => {
    for await (const event of watch) watched.push(event.type);
  })();
  const job = await ai.audio({ text: 'Hello' });
  await ai.flashcards({ content: 'Notes.' });
  await ai.clock.advance(10);
  expect(watched).toEqual(['status', 'status', 'completed']);
  watch.close();
  await reading;
  expect(await (await job.output()).text()).toBe('Hello');
  const first = await ai.jobs.list({ limit: 1 });
  expect(first.jobs.map(({ kind }) => kind)).toEqual(['generate-flashcards']);
  const second = await ai.jobs.list({ limit: 1, cursor: first.nextCursor });
  expect([second.jobs[0]?.jobId, second.nextCursor]).toEqual([job.id, undefined]);
  await job.delete();
  await expect(job.status()).rejects.toMatchObject({ code: 'job_not_found' });
  expect(ai.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)).toMatchObject([
    { text: 'Hello' },
    { content: 'Notes.' },
  ]);
});
