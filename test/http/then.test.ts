/** A job that goes on to a second one: an image's text becomes flashcards or a lesson, from one submission. */
import { expect, inject, onTestFinished, test } from 'vitest';
import { Redis } from 'ioredis';
import { keysUnder } from '../../src/store/keys.ts';
import { Registration } from '../../src/jobs/worker-registry.ts';
import { startAzureVision, analysed } from '../support/azure-image.ts';
import { latch } from '../support/openai.ts';
import { print } from '../support/pages.ts';
import { isEnd, lasting, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { startProcess } from '../support/stack.ts';
import { sendJson } from '../support/vendor-server.ts';
import { storeOver } from '../support/queue.ts';

const SENTENCES = [
  'Water boils at 100 degrees Celsius.',
  'Columbus reached America in 1492.',
  'A cell is the smallest unit of life.',
  'Paris is the capital of France.',
];
const drawn = print(SENTENCES, { width: 900, height: 360, size: 36 });

type Fields = Record<string, string>;

async function send(stack: Stack, fields: Fields, headers: Record<string, string> = {}) {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(await drawn)]), 'page.png');
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const response = await fetch(`${stack.url}/api/process-image`, { method: 'POST', body: form, headers });
  return { status: response.status, body: (await response.json()) as Record<string, any> };
}

/** A connection of the test's own. */
function redisOf(): Redis {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  return redis;
}

const listed = async (stack: Stack, headers: Record<string, string>) =>
  ((await stack.get('/api/jobs', headers))['jobs'] as Record<string, any>[]).map(({ kind, status }) => `${kind} ${status}`).toSorted();

test('from a printed page to flashcards, without any key: the child is in the stream and in the result', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { status, body: job } = await send(stack, { then: 'flashcards', thenInput: '{"count":4}' });
  expect(status).toBe(202);
  const stream = await stack.watch(job);
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({ event: 'completed', data: { result: { text: expect.stringContaining('Paris') } } });
  const row = lasting(stream.events).find(({ event }) => event === 'child');
  expect(row?.data).toMatchObject({ type: 'child', jobId: job['jobId'], seq: Number(row?.id), attempt: 1 });
  const child = row?.data['child'] as Record<string, string>;
  expect(child).toEqual({
    jobId: expect.stringMatching(/^generate-flashcards-/),
    statusUrl: `/api/job-status/${child['jobId']}`,
    streamUrl: expect.stringMatching(`/api/jobs/${child['jobId']}/events\\?token=`),
  });
  expect(end.data['result'].child).toMatchObject({ jobId: child['jobId'], statusUrl: child['statusUrl'] });

  const cards = await (await watch(stack.url + child['streamUrl'])).until(isEnd);
  expect(cards).toMatchObject({ event: 'completed', data: { jobId: child['jobId'] } });
  expect(cards.data['result'].flashcards).toHaveLength(SENTENCES.length);
  expect(JSON.stringify(cards.data['result'].flashcards)).toContain('Paris');
  const seen = await stack.get(job['statusUrl']);
  expect(seen['result'].child).toMatchObject({ jobId: child['jobId'], streamUrl: expect.stringContaining('token=') });
});

test('lines that end where the paper does are whole for the second job; the lines of the first one stay as they were read', async () => {
  const read = ['Osmosis is the movement of', 'water through a mem-', 'brane. Diffusion is the', 'movement of particles.'];
  const azure = await startAzureVision((response) => sendJson(response, 200, analysed(read)));
  const stack = await startStack(azure.env);
  await stack.startWorker();
  const { body: job } = await send(stack, { then: 'flashcards' });
  const { data } = await (await stack.watch(job)).until(isEnd);
  expect(data['result'].lines.map(({ text }: { text: string }) => text)).toEqual(read);
  expect(data['result'].text).toBe(read.join('\n'));
  const cards = await (await watch(stack.url + data['result'].child.streamUrl)).until(isEnd);
  expect(cards.data['result'].flashcards).toEqual([
    { front: 'What is Osmosis?', back: 'the movement of water through a membrane' },
    { front: 'What is Diffusion?', back: 'the movement of particles' },
  ]);
});

test('the child belongs to the same user; its addresses hold tokens that are made when they are sent', async () => {
  const azure = await startAzureVision((response) => sendJson(response, 200, analysed(SENTENCES)));
  const stack = await startStack({ ...azure.env, AUTH: 'trusted-header' });
  await stack.startWorker();
  const ana = { 'user-id': 'ana' };
  const { body: job } = await send(stack, { then: 'lesson', thenInput: '{"sections":1}' }, ana);
  const { data } = await (await stack.watch(job)).until(isEnd);
  const { child } = data['result'] as { child: Record<string, string> };
  expect(child['jobId']).toMatch(/^generate-lesson-/);
  expect(await (await watch(stack.url + child['streamUrl'])).until(isEnd)).toMatchObject({ event: 'completed' });
  expect((await fetch(stack.url + child['statusUrl'])).status).toBe(200);
  expect((await fetch(`${stack.url}/api/job-status/${child['jobId']}`)).status).toBe(401);
  expect((await fetch(`${stack.url}/api/job-status/${child['jobId']}`, { headers: { 'user-id': 'bob' } })).status).toBe(404);
  expect(await listed(stack, ana)).toEqual(['generate-lesson completed', 'process-image completed']);
  const redis = redisOf();
  const keys = keysUnder(stack.prefix);
  const stored = JSON.stringify([await redis.hgetall(keys.job(job['jobId'])), await redis.lrange(keys.logs(job['jobId']), 0, -1)]);
  expect(stored).toContain(child['jobId']);
  expect(stored).not.toContain('token=');
});

test('what the second job would refuse is refused at the submission: its input, and a kind that nobody can do', async () => {
  const stack = await startStack();
  const pointers = async (fields: Fields) => {
    const { status, body } = await send(stack, fields);
    return [status, ...(body['errors'] ?? []).map(({ pointer }: { pointer: string }) => pointer)];
  };
  expect(await pointers({ then: 'poems' })).toEqual([400, '#/then']);
  expect(await pointers({ then: 'flashcards', thenInput: '{"count":51}' })).toEqual([400, '#/thenInput/count']);
  expect(await pointers({ then: 'flashcards', thenInput: '{"content":"mine"}' })).toEqual([400, '#/thenInput/content']);
  expect(await pointers({ thenInput: '{"count":5}' })).toEqual([400, '#/thenInput']);

  const able = { available: true, provider: 'example', answers: '' } as const;
  const kinds = {
    'process-image': able,
    'generate-flashcards': able,
    'generate-lesson': { available: false, missing: ['OPENAI_API_KEY'] },
  } as const;
  const description = { name: 'w', version: '1', concurrency: 1, kinds };
  const worker = new Registration(storeOver(redisOf(), stack.prefix), 'w', description, (error) => expect.fail(String(error)));
  await worker.register();
  onTestFinished(() => worker.leave());
  expect(await send(stack, { then: 'lesson' })).toMatchObject({
    status: 501,
    body: { code: 'provider_not_configured', detail: expect.stringMatching(/generate-lesson.*OPENAI_API_KEY/) },
  });
  expect((await send(stack, { then: 'flashcards' })).status).toBe(202);
});

test('the same page with the defaults of the second job written out is the same submission', async () => {
  const stack = await startStack();
  const key = { 'idempotency-key': 'k', 'user-id': 'ana' };
  const first = await send(stack, { then: 'flashcards' }, key);
  const again = await send(stack, { then: 'flashcards', thenInput: '{"count":10}' }, key);
  const other = await send(stack, { then: 'flashcards', thenInput: '{"count":11}' }, key);
  expect([again.status, again.body['jobId'], other.status]).toEqual([202, first.body['jobId'], 422]);
});

test('a place is kept for the second job: it is not refused, however many jobs the user has begun meanwhile', async () => {
  const go = latch();
  const azure = await startAzureVision(async (response) => {
    await go.wait;
    sendJson(response, 200, analysed(SENTENCES));
  });
  const stack = await startStack({ ...azure.env, MAX_JOBS_PER_USER: '3' });
  await stack.startWorker({ WORKER_CONCURRENCY: '1' });
  const ana = { 'user-id': 'ana' };
  const { body: job } = await send(stack, { then: 'flashcards' }, ana);
  const stream = await stack.watch(job, ana);
  await stream.until(({ event, data }) => event === 'progress' && data['stage'] === 'reading');
  await send(stack, {}, ana); // it waits behind the first
  const full = await send(stack, {}, ana);
  expect([full.status, full.body['code']]).toEqual([429, 'too_many_jobs']);
  go.open();
  const end = await stream.until(isEnd);
  const child = end.data['result'].child as Record<string, string>;
  expect(await (await watch(stack.url + child['streamUrl'])).until(isEnd)).toMatchObject({ event: 'completed' });
});

test('a parent that is cancelled while it runs has no child, nor has one without text', async () => {
  const asked = latch();
  let texts = SENTENCES;
  const azure = await startAzureVision((response) => {
    if (texts.length > 0) return asked.open();
    return sendJson(response, 200, analysed([]));
  });
  const stack = await startStack(azure.env);
  await stack.startWorker();
  const ana = { 'user-id': 'ana' };
  const { body: job } = await send(stack, { then: 'flashcards' }, ana);
  await asked.wait;
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: ana });
  await azure.calls[0]?.dropped;
  texts = [];
  const { body: blank } = await send(stack, { then: 'flashcards' }, ana);
  expect(await (await stack.watch(blank, ana)).until(isEnd)).toMatchObject({
    event: 'failed',
    data: { error: { code: 'content_unusable' } },
  });
  expect(await listed(stack, ana)).toEqual(['process-image cancelled', 'process-image failed']);
});

test.for(['before', 'after'])('a worker that is killed %s the child was started leaves one child, and one bill', async (hold) => {
  const azure = await startAzureVision((response) => sendJson(response, 200, analysed(SENTENCES)));
  const stack = await startStack({ ...azure.env, WORKER_STALLED_INTERVAL_MS: '2000' });
  const held = await startProcess('test/support/held-worker.ts', { ...stack.env, WORKER_HEALTH_PORT: '0', HOLD: hold });
  const ana = { 'user-id': 'ana' };
  const { body: job } = await send(stack, { then: 'flashcards' }, ana);
  const stream = await stack.watch(job, ana);
  await stream.until(({ event, data }) => (hold === 'after' ? event === 'child' : data['stage'] === 'held'));
  await held.stop('SIGKILL');
  await stack.startWorker();
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({ event: 'completed', data: { usage: { images: 1 } } });
  const children = stream.events.filter(({ event }) => event === 'child').map(({ data }) => data['child'].jobId as string);
  expect(children).toEqual([end.data['result'].child.jobId]);
  const { child } = end.data['result'] as { child: Record<string, string> };
  expect(await (await watch(stack.url + child['streamUrl'])).until(isEnd)).toMatchObject({ event: 'completed' });
  expect(await listed(stack, ana)).toEqual(['generate-flashcards completed', 'process-image completed']);
  expect(azure.calls.length).toBe(1);
});
