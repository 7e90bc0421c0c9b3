/** Streams and waits that are open at once: each user has a share of them, and what is refused says when to come back. */
import { expect, onTestFinished, test } from 'vitest';
import { isEnd, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const TEXT = { accept: 'text/event-stream' };
const USER = (user: string) => ({ 'user-id': user });

/** Asks for something that stays open, until the test closes it. */
async function open(url: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const response = await fetch(url, { headers, signal: closing.signal, ...init });
  return { response, status: response.status, close: () => closing.abort() };
}

const streams = async (stack: Stack) => (await stack.get('/api/queue/stats'))['held'].streams;

test("a user's streams of all sorts are counted together; a closed one makes room, and others have their own", async () => {
  const stack = await startStack({ MAX_STREAMS_PER_USER: '3' });
  const job = await stack.submit({ content: 'Hund: dog' }, USER('ana'));
  const first = await open(`${stack.url}/api/events`, USER('ana'));
  await open(`${stack.url}/api/jobs/${job['jobId']}/events`, USER('ana'));
  await open(stack.url + job['streamUrl']); // a token counts for the owner
  expect(await streams(stack)).toEqual({ held: 3, holders: 1, waiting: 0 });
  const paths = ['/api/events', `/api/jobs/${job['jobId']}/events`, `/api/jobs/${job['jobId']}?wait=20`, `${job['statusUrl']}?wait=20`];
  for (const path of paths) {
    const { response } = await open(stack.url + path, USER('ana'));
    expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 429, '5']);
    expect(await response.json()).toMatchObject({ code: 'too_many_open', retryable: true });
  }
  expect((await open(stack.url + job['streamUrl'])).status).toBe(429);
  expect((await open(`${stack.url}/api/jobs/${job['jobId']}`, USER('ana'))).status).toBe(200); // to look holds nothing
  expect((await open(`${stack.url}/api/events`, USER('bob'))).status).toBe(200);
  first.close();
  await expect.poll(async () => (await streams(stack)).holders).toBe(2);
  await expect.poll(async () => (await open(`${stack.url}/api/events`, USER('ana'))).status).toBe(200);
});

test('EventSource is told to come back, since it gives up for ever at any other status', async () => {
  const stack = await startStack({ MAX_STREAMS_PER_USER: '1' });
  const job = await stack.submit({ content: 'Hund: dog' }, USER('ana'));
  await open(`${stack.url}/api/events`, USER('ana'));
  for (const [path, headers] of [
    ['/api/events', USER('ana')],
    [`/api/jobs/${job['jobId']}/events`, USER('ana')],
    [job['streamUrl'], {}],
  ] as const) {
    const { response } = await open(stack.url + path, { ...headers, ...TEXT });
    expect([response.status, await response.text()]).toEqual([200, 'retry: 5000\n\n']);
  }
});

test('a POST that asks for a stream is refused before anything is bought; one that would wait is accepted and does not', async () => {
  const stack = await startStack({ MAX_STREAMS_PER_USER: '1' });
  await open(`${stack.url}/api/events`, USER('ana'));
  const post = (headers: Record<string, string>) =>
    open(
      `${stack.url}/api/ai/generate-flashcards`,
      {},
      {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...USER('ana'), ...headers },
        body: JSON.stringify({ content: 'Hund: dog' }),
      },
    );
  const refused = await post(TEXT);
  expect([refused.status, ((await refused.response.json()) as { code: string }).code]).toEqual([429, 'too_many_open']);
  const again = await post({ ...TEXT, 'idempotency-key': 'k', 'last-event-id': '0' }); // a client that reconnects comes back by itself
  expect([again.status, await again.response.text()]).toEqual([200, 'retry: 5000\n\n']);
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(0);
  const accepted = await post({ prefer: 'wait=25' });
  expect([accepted.status, accepted.response.headers.get('preference-applied')]).toEqual([202, null]);
});

test('the process has a bound, too', async () => {
  const stack = await startStack({ MAX_STREAMS: '2' });
  for (const user of ['a', 'b']) await open(`${stack.url}/api/events`, USER(user));
  const { response } = await open(`${stack.url}/api/events`, USER('c'));
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({ code: 'server_busy' });
  const told = await open(`${stack.url}/api/events`, { ...USER('c'), ...TEXT });
  expect([told.status, await told.response.text()]).toEqual([200, 'retry: 5000\n\n']);
});

test('whatever way a stream or a wait ends, nothing is held any more', async () => {
  const stack = await startStack();
  const ana = USER('ana');
  const job = await stack.submit({ content: 'Hund: dog' }, ana);
  const json = { 'content-type': 'application/json', ...ana };
  const body = JSON.stringify({ content: 'Katze: cat' });
  const posted = watch(`${stack.url}/api/ai/generate-flashcards`, { ...json, ...TEXT }, { method: 'POST', body });
  const waited = open(`${stack.url}/api/jobs/${job['jobId']}?wait=25`, ana);
  const preferred = open(`${stack.url}/api/ai/generate-flashcards`, {}, { method: 'POST', body, headers: { ...json, prefer: 'wait=25' } });
  const stream = await watch(stack.url + job['streamUrl']);
  const gone = await open(`${stack.url}/api/events`, ana);
  await expect.poll(async () => (await streams(stack)).held).toBe(5);
  gone.close();
  await stack.startWorker();
  await stream.until(isEnd);
  await (await posted).until(isEnd);
  expect([(await waited).status, (await preferred).status]).toEqual([200, 200]);
  for (const path of [job['streamUrl'], '/api/jobs/generate-flashcards-AAAAAAAAAAAAAAAAAAAAAAAA/events']) {
    await open(stack.url + path, { ...ana, 'last-event-id': '999' }); // over, or not there
  }
  await open(`${stack.url}/api/events`, ana, { method: 'HEAD' });
  await expect.poll(() => streams(stack)).toEqual({ held: 0, holders: 0, waiting: 0 });
});
