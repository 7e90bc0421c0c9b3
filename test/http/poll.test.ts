/** Polling: cheap when nothing has happened, at once when something does; a real process where it is told to stop. */
import { expect, test } from 'vitest';
import { waitFor } from '../../src/http/wait-for-job.ts';
import { Connections } from '../../src/stream/connections.ts';
import { Feed } from '../../src/stream/feed.ts';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { openQueue, submitTo } from '../support/queue.ts';
import { isEnd } from '../support/sse.ts';
import { startStack as startProcesses } from '../support/stack.ts';
import { startStack } from '../support/stack-in-process.ts';

const POST = { method: 'POST', body: '{"content":"Hund: dog"}' };
const JSON_TYPE = { 'content-type': 'application/json' };
const PATH = '/api/ai/generate-flashcards';

/** A job that has written its first card and waits for a word of the test. */
async function halfDone() {
  const go = latch();
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces([card(1), card(2)]);
    pen.text(open + cards[0]);
    await go.wait;
    pen.text(cards[1] + close);
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 2 });
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');
  return { stack, job, stream, go };
}

test('an unchanged job is a 304, whatever its place in the queue; a changed one is not', async () => {
  const stack = await startStack();
  const [first, second] = [await stack.submit(), await stack.submit()];
  const poll = (tag?: string) => fetch(stack.url + second['statusUrl'], { headers: { ...(tag && { 'if-none-match': tag }) } });
  const waiting = await poll();
  const tag = waiting.headers.get('etag') ?? '';
  expect(tag).toMatch(/^W\/".+"$/);
  expect(await waiting.json()).toMatchObject({ status: 'waiting', position: 2 });
  expect(Number(waiting.headers.get('retry-after'))).toBeGreaterThan(0);
  for (const known of [tag, tag.slice(2), `"other", ${tag}`, '*']) {
    const again = await poll(known);
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
    expect(again.headers.get('retry-after')).not.toBeNull();
  }
  expect((await poll('W/"other"')).status).toBe(200);
  await stack.startWorker();
  await (await stack.watch(second)).until(isEnd);
  const done = await poll(tag);
  expect(done.status).toBe(200);
  expect(done.headers.get('retry-after')).toBeNull();
  expect((await poll(done.headers.get('etag') ?? '')).status).toBe(304);
  await (await stack.watch(first)).until(isEnd);
});

test('a long poll answers at the end, or at the first change for those who know something', async () => {
  const { stack, job, go } = await halfDone();
  const url = `${stack.url}/api/jobs/${job['jobId']}`;
  const now = await fetch(url);
  const tag = now.headers.get('etag') ?? '';
  expect(await now.json()).toMatchObject({ status: 'active', progress: { items: 1 } });

  const briefly = await fetch(`${url}?wait=0.2`, { headers: { 'if-none-match': tag } });
  expect(briefly.status).toBe(304); // nothing has happened in that time
  expect(await (await fetch(`${url}?wait=0.1`)).json()).toMatchObject({ status: 'active' });
  expect((await fetch(`${url}?wait=25`, { headers: { 'if-none-match': 'W/"older"' } })).status).toBe(200); // known to be old: at once

  const change = fetch(`${url}?wait=25`, { headers: { 'if-none-match': tag } });
  const end = fetch(`${url}?wait=25`);
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(3);
  go.open();
  const changed = await change;
  expect(changed.status).toBe(200);
  expect(changed.headers.get('etag')).not.toBe(tag);
  expect(await (await end).json()).toMatchObject({ status: 'completed', result: { flashcards: [card(1), card(2)] } });
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
  expect((await fetch(`${url}?wait=25`)).status).toBe(200); // has ended: at once
});

test('a long poll whose client has gone leaves nothing behind', async () => {
  const stack = await startStack();
  const job = await stack.submit();
  const gone = new AbortController();
  const poll = fetch(`${stack.url}${job['statusUrl']}?wait=25`, { signal: gone.signal });
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(1);
  gone.abort();
  await expect(poll).rejects.toThrow('aborted');
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(0);
});

test('a long poll is answered when the server is told to stop, and does not hold it up', async () => {
  const stack = await startProcesses();
  const job = await stack.submit();
  const poll = fetch(`${stack.url}${job['statusUrl']}?wait=25`);
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(1);
  const code = stack.api.stop('SIGTERM');
  expect(await (await poll).json()).toMatchObject({ jobId: job['jobId'], status: 'waiting' });
  expect(await code).toBe(0);
});

test('a client that is gone before its wait begins is not waited for', async () => {
  const { queue } = await openQueue();
  const { id } = await submitTo(queue);
  const connections = new Connections(60_000);
  const feed = new Feed({
    readJob: (jobId, after) => queue.read(jobId, after),
    connections,
    eta: async () => undefined,
    onError: () => {},
  });
  const seen = await waitFor(
    id,
    { seconds: 25, signal: AbortSignal.abort(), hold: () => ({ set() {}, release() {} }) },
    { feed, read: () => queue.read(id) },
  );
  expect([seen?.snapshot.status, connections.size()]).toEqual(['waiting', 0]);
});

test('what is asked for wrongly is a 400', async () => {
  const stack = await startStack();
  const job = await stack.submit();
  for (const wait of ['soon', '-1', '1e3', '']) {
    const response = await fetch(`${stack.url}${job['statusUrl']}?wait=${wait}`);
    expect([wait, response.status]).toEqual([wait, 400]);
  }
});

test('include=items adds what is finished so far', async () => {
  const { stack, job, stream, go } = await halfDone();
  expect(await stack.get(`${job['statusUrl']}?include=items`)).toMatchObject({ items: { flashcards: [card(1)] } });
  expect(await stack.get(job['statusUrl'])).not.toHaveProperty('items');
  go.open();
  await stream.until(isEnd);
  expect(await stack.get(`${job['statusUrl']}?include=items`)).toMatchObject({ items: { flashcards: [card(1), card(2)] } });
});

test('Prefer: wait answers with the finished job, if it is in time', async () => {
  const stack = await startStack();
  const prefer = (wait: string) => fetch(stack.url + PATH, { ...POST, headers: { ...JSON_TYPE, prefer: `respond-async, wait=${wait}` } });
  const early = await prefer('0');
  expect([early.status, early.headers.get('preference-applied')]).toEqual([202, null]);
  expect(await early.json()).toMatchObject({ status: 'queued' });
  await stack.startWorker();
  const done = await prefer('20');
  const job = (await done.json()) as Record<string, any>;
  expect(done.status).toBe(200);
  expect(done.headers.get('preference-applied')).toBe('wait=20');
  expect(done.headers.get('content-location')).toBe(`/api/jobs/${job['jobId']}`);
  expect(job).toMatchObject({ status: 'completed', result: { flashcards: [{ front: 'Hund', back: 'dog' }] } });
  expect((await prefer('soon')).status).toBe(202); // a preference that can't be read is none
});

test('a failed job is an answer to Prefer: wait, too', async () => {
  const openai = await startOpenAI((pen) => pen.fail(400, {}));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const response = await fetch(stack.url + PATH, { ...POST, headers: { ...JSON_TYPE, prefer: 'wait=20' } });
  expect([response.status, await response.json()]).toEqual([
    200,
    expect.objectContaining({ status: 'failed', error: expect.objectContaining({ code: 'provider_rejected' }) }),
  ]);
});
