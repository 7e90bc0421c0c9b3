/** A Redis that stalls after a job was added and before its client is told: the job is abandoned, or told of all the same. */
import { expect, inject, test } from 'vitest';
import { startHoldingProxy } from '../support/holding-proxy.ts';
import { startStack } from '../support/stack-in-process.ts';

/** What a reading of a job has in it, of what the API sends. */
const READING = 'ai:result';

/** An API whose way to Redis can be held; and what submits to it. No worker runs, so that each job waits. */
async function start() {
  const proxy = await startHoldingProxy(Number(new URL(inject('redisUrl')).port));
  const stack = await startStack({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  const submit = (headers: Record<string, string>) =>
    fetch(`${stack.url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-id': 'ana', ...headers },
      body: '{"content":"Hund: dog"}',
    });
  await submit({}); // the scripts are known, and so is the secret of tokens
  return { proxy, stack, submit };
}

const STREAM = { accept: 'text/event-stream' };

test('a stream that can not be opened is 503, names the job, and the job is cancelled', async () => {
  const { proxy, stack, submit } = await start();
  const held = proxy.holdFrom(READING);
  const answer = await submit(STREAM);
  await held;
  const { code, jobId } = (await answer.json()) as Record<string, any>;
  expect([answer.status, code]).toEqual([503, 'queue_unavailable']);
  expect(answer.headers.get('retry-after')).toBe('5');
  proxy.letGo();
  await expect.poll(async () => (await stack.get(`/api/jobs/${jobId}`, { 'user-id': 'ana' }))['status']).toBe('cancelled');
});

test('with a key the job stays: the stream says to come back, and the same request finds it', async () => {
  const { proxy, stack, submit } = await start();
  const held = proxy.holdFrom(READING);
  const answer = await submit({ ...STREAM, 'idempotency-key': 'k' });
  await held;
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('retry: 5000')]);
  proxy.letGo();
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(200);
  const again = await submit({ 'idempotency-key': 'k' });
  expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
  expect(((await again.json()) as Record<string, any>)['status']).toBe('waiting');
});

test('with Prefer: wait the answer is the 202, whether or not the job can be watched', async () => {
  const { proxy, stack, submit } = await start();
  const held = proxy.holdFrom(READING);
  const answer = await submit({ prefer: 'wait=20' });
  await held;
  const job = (await answer.json()) as Record<string, any>;
  expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, null]);
  proxy.letGo();
  await expect.poll(async () => (await stack.get(job['statusUrl'], { 'user-id': 'ana' }))['status']).toBe('waiting');
});
