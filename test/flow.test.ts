/** A job's whole way, on purpose through real processes where they are handed a job, killed, stopped or read by their logs: submit, watch, poll. */
import { expect, test } from 'vitest';
import { answerWith, card, latch, pieces, startOpenAI } from './support/openai.ts';
import { isEnd, lasting, type StreamEvent, watch } from './support/sse.ts';
import { startStack as startProcesses } from './support/stack.ts';
import { startStack } from './support/stack-in-process.ts';

const numbered = (events: StreamEvent[]) => lasting(events).map(({ id }) => Number(id));
const itemsOf = (events: StreamEvent[]) => events.filter(({ event }) => event === 'item').map(({ data }) => data['value']);

test('a job is accepted, watched to its end and looked at', async () => {
  const stack = await startProcesses();
  await stack.startWorker();
  const job = await stack.submit({ content: 'Hund: dog\nKatze: cat', count: 5 }, { 'user-id': 'ana' });
  expect(job).toMatchObject({ kind: 'generate-flashcards', status: 'queued', maxAttempts: 3 });

  const stream = await stack.watch(job);
  const end = await stream.until(isEnd);
  await stream.ended;
  expect(stream.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  expect(stream.text().indexOf('retry: 2000')).toBeGreaterThan(1024); // after the padding
  expect(stream.events[0]).toMatchObject({ event: 'status', id: undefined, data: { type: 'status', jobId: job['jobId'] } });
  expect(end).toMatchObject({
    event: 'completed',
    data: {
      result: {
        flashcards: [
          { front: 'Hund', back: 'dog' },
          { front: 'Katze', back: 'cat' },
        ],
      },
    },
  });
  expect(itemsOf(stream.events)).toEqual(end.data['result'].flashcards);
  expect(numbered(stream.events)).toEqual([1, 2, 3, 4]);
  expect(stream.retries).toEqual([2000, 0]);

  const seen = await stack.get(job['statusUrl'], { 'user-id': 'ana' });
  expect(seen).toMatchObject({
    jobId: job['jobId'],
    status: 'completed',
    attempt: 1,
    provider: 'offline',
    progress: { percent: 100, items: 2 },
    result: end.data['result'],
  });
  expect(Object.values(seen)).not.toContain(null);
});

test('cards arrive one by one while the model still writes, unharmed, and the model is asked once', async () => {
  const cards = Array.from({ length: 10 }, (_, n) => card(n + 1));
  cards[3] = { front: '"{[\\" 日本語 \u{1F600} \r\n\r\nevent: completed\ndata: {}', back: 'null\u0000 back\\slash\u2028' };
  const steps = cards.map(() => latch());
  const openai = await startOpenAI(async (pen, call) => {
    const { open, cards: texts, close } = pieces(cards);
    pen.text(open);
    for (const [index, text] of texts.entries()) {
      for (const character of text.match(/[\s\S]{1,7}/g) ?? []) pen.text(character);
      await steps[index]?.wait; // the next card is written once this one was seen
    }
    pen.text(close);
    pen.finish('stop', { prompt_tokens: 321, completion_tokens: 123 });
    expect(call.material['count']).toBe(10);
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  const stream = await stack.watch(job);
  for (const [index, step] of steps.entries()) {
    const item = await stream.until(({ data }) => data['type'] === 'item' && data['index'] === index);
    expect(item.data['value']).toEqual({ front: cards[index]?.front.trim(), back: cards[index]?.back.trim() });
    expect(stream.events.some(isEnd)).toBe(false);
    step.open();
  }
  const end = await stream.until(isEnd);
  expect(itemsOf(stream.events)).toEqual(end.data['result'].flashcards);
  expect(numbered(stream.events)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  expect(end.data['usage']).toEqual({ inputTokens: 321, outputTokens: 123, costUsd: 0.000_794_25 });
  expect(openai.calls).toHaveLength(1);
});

test('ten followers, late and resuming, each see every lasting event once and in order', async () => {
  const steps = Array.from({ length: 10 }, () => latch());
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces(steps.map((_, n) => card(n + 1)));
    pen.text(open);
    for (const [index, text] of cards.entries()) {
      pen.text(text);
      await steps[index]?.wait;
    }
    pen.text(close);
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  const second = await stack.startApi();
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });

  const follow = async (n: number): Promise<number[]> => {
    const seen: number[] = [];
    for (let part = 0; ; part++) {
      const { url } = (n + part) % 2 === 0 ? stack.api : second;
      const resume: Record<string, string> = seen.length > 0 ? { 'last-event-id': String(seen.at(-1)) } : {};
      const stream = await watch(url + job['streamUrl'], resume);
      const enough = seen.length + 2 + (n % 3);
      await stream.until((event) => isEnd(event) || Number(event.id) >= enough);
      if (part < 3 && !stream.events.some(isEnd)) stream.leave(); // a phone in a tunnel
      await stream.ended;
      seen.push(...numbered(stream.events));
      if (stream.events.some(isEnd)) return seen;
    }
  };
  const early = [0, 1, 2, 3, 4].map(follow);
  const pacer = await stack.watch(job);
  for (const [index, step] of steps.slice(0, 5).entries()) {
    await pacer.until(({ data }) => data['index'] === index);
    step.open();
  }
  const late = [5, 6, 7, 8, 9].map(follow);
  for (const step of steps) step.open();
  const all = await Promise.all([...early, ...late]);
  for (const seen of all) expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
  expect(openai.calls).toHaveLength(1);
});

test("a worker that is told to stop hands its job back, at no attempt's cost", async () => {
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    const { open, cards } = pieces([card(1)]);
    pen.text(open + cards.join(''));
  });
  const stack = await startProcesses({ ...openai.env, SHUTDOWN_GRACE_MS: '1' });
  const first = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');
  expect(await first.stop('SIGTERM')).toBe(0);
  await openai.calls[0]?.dropped;
  await stack.startWorker();
  const end = await stream.until(isEnd);
  expect(end.event).toBe('completed');
  expect(itemsOf(stream.events)).toEqual(Array.from({ length: 10 }, (_, n) => card(n + 1)));
  expect(await stack.get(job['statusUrl'])).toMatchObject({ attempt: 1 });
});

test('a failed attempt is told, waited for and made good by the next', async () => {
  const openai = await startOpenAI((pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    const { open, cards } = pieces([card(1)]);
    pen.text(open + cards.join(''));
    pen.finish(null as never, { prompt_tokens: 5, completion_tokens: 5 }); // and the connection ends
  });
  const stack = await startStack({ ...openai.env, JOB_BACKOFF_MS: '300' });
  await stack.startWorker();
  const stream = await stack.watch(await stack.submit({ content: 'Notes.', count: 2 }));
  const end = await stream.until(isEnd);
  expect(stream.events.find(({ event }) => event === 'attempt')?.data).toMatchObject({
    attempt: 2,
    itemsKept: 1,
    code: 'provider_cut_off',
  });
  expect(end).toMatchObject({ event: 'completed', data: { usage: { inputTokens: 105, outputTokens: 15 } } });
});

test("a job that can't succeed fails once, with a reason, on stream and status alike", async () => {
  const openai = await startOpenAI((pen) => {
    pen.refusal("I can't help with that.");
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' });
  const stream = await stack.watch(job);
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({
    event: 'failed',
    data: { error: { code: 'provider_refused', retryable: false, detail: "The model declined: I can't help with that." } },
  });
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'failed', error: end.data['error'] });
  expect(openai.calls).toHaveLength(1);
});

test('logs of both processes follow a job by its id', async () => {
  const stack = await startProcesses();
  const worker = await stack.startWorker();
  const job = await stack.submit(undefined, { 'x-request-id': 'request-42' });
  await (await stack.watch(job)).until(isEnd);
  await worker.stop('SIGTERM');
  await stack.api.stop('SIGTERM');
  const messages = (log: Record<string, unknown>[]) => log.filter((line) => line['jobId'] === job['jobId']).map((line) => line['msg']);
  expect(messages(stack.api.log())).toEqual(expect.arrayContaining(['job submitted', 'stream opened']));
  expect(messages(worker.log())).toEqual(['job started', 'job done']);
  expect(worker.log().find((line) => line['jobId'] === job['jobId'])).toMatchObject({ requestId: 'request-42' });
  expect(JSON.stringify([...stack.api.log(), ...worker.log()])).not.toContain('token=');
});
