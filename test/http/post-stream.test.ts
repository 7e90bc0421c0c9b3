/** One curl: a POST that is answered with the job's stream, and clients that send it again when they reconnect. */
import { expect, test } from 'vitest';
import { isEnd, lasting, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const post = (stack: Stack, headers: Record<string, string> = {}) =>
  watch(
    `${stack.url}/api/ai/generate-flashcards`,
    { 'content-type': 'application/json', ...headers },
    { method: 'POST', body: '{"content":"Hund: dog"}' },
  );

test('submit and watch in one request', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const stream = await post(stack);
  const end = await stream.until(isEnd);
  await stream.ended;
  expect(stream.response.status).toBe(200);
  expect(stream.response.headers.get('location')).toBe(`/api/jobs/${end.data['jobId']}`);
  expect(stream.events[0]).toMatchObject({ id: '0', event: 'status', data: { jobId: end.data['jobId'] } });
  expect(lasting(stream.events).map(({ id }) => id)).toEqual(['0', '1', '2', '3']);
});

test('a client that sends its POST again goes on with the job of its key', async () => {
  const stack = await startStack();
  const first = await post(stack, { 'idempotency-key': 'k' });
  await first.until(({ id }) => id === '0');
  first.leave();
  await stack.startWorker();
  const second = await post(stack, { 'idempotency-key': 'k', 'last-event-id': '0' });
  const end = await second.until(isEnd);
  expect(second.response.headers.get('idempotent-replayed')).toBe('true');
  expect(`/api/jobs/${end.data['jobId']}`).toBe(first.response.headers.get('location'));
  const third = await post(stack, { 'idempotency-key': 'k', 'last-event-id': '2' });
  await third.ended;
  expect(lasting(third.events).map(({ id }) => id)).toEqual(['3']);
  expect((await post(stack, { 'idempotency-key': 'k', 'last-event-id': '3' })).response.status).toBe(204);
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ completed: 1 });
});

test('without a key a reconnect is refused: it would buy a second job', async () => {
  const stack = await startStack();
  const { response } = await post(stack, { 'last-event-id': '0' });
  expect(response.status).toBe(409);
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(0);
});

test('bad input is refused as ever', async () => {
  const stack = await startStack();
  const { response } = await watch(
    `${stack.url}/api/ai/generate-flashcards`,
    { 'content-type': 'application/json' },
    { method: 'POST', body: '{}' },
  );
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
});
