/** A job's whole way in one trace: read back from a stand-in for a collector. */
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { analysed, startAzureVision } from '../support/azure-image.ts';
import { type SentSpan, startCollector } from '../support/collector.ts';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { print } from '../support/pages.ts';
import { startReceiver } from '../support/receiver.ts';
import { isEnd, watch } from '../support/sse.ts';
import { type Stack, startStack } from '../support/stack-in-process.ts';
import { sendJson } from '../support/vendor-server.ts';

const TRACE = 'a'.repeat(32);
const APP = 'b'.repeat(16);
const FROM_APP = { traceparent: `00-${TRACE}-${APP}-01` };
const JSON_ENV = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
const NOTES = { content: 'A secret of the user.', count: 2 };

/** The spans with a name, in the order of their numbers of attempt. */
const named = (spans: readonly SentSpan[], name: string) =>
  spans
    .filter((span) => span.name === name)
    .toSorted((one, other) => Number(one.attributes['ai_jobs.attempt']) - Number(other.attributes['ai_jobs.attempt']));

/** The names of a span and of those that it is part of, from the inside to the outside. */
function wayOf(span: SentSpan | undefined, spans: readonly SentSpan[]): string[] {
  if (!span) return [];
  const parent = spans.find(({ spanId }) => spanId === span.parent);
  return [span.name, ...(parent ? wayOf(parent, spans) : [span.parent === APP ? 'the app' : span.parent])];
}

async function sendPicture(stack: Stack, headers: Record<string, string>): Promise<Record<string, any>> {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(await print(['Water'], { width: 200, height: 60, size: 24 }))]), 'page.png');
  form.set('then', 'flashcards');
  form.set('thenInput', '{"count":2}');
  const response = await fetch(`${stack.url}/api/process-image`, { method: 'POST', body: form, headers });
  return (await response.json()) as Record<string, any>;
}

/** The payload of a job, as Redis has it. */
async function payloadOf({ prefix }: Stack, jobId: string): Promise<Record<string, unknown>> {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  return JSON.parse((await redis.hget(keysUnder(prefix).job(jobId), 'data')) ?? '') as Record<string, unknown>;
}

test('a job with a child and a retry is one trace, from the app to each call of a vendor', async () => {
  const collector = await startCollector(JSON_ENV);
  const vision = await startAzureVision((response) => sendJson(response, 200, analysed(['Water is wet. Fire is hot.'])));
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? pen.fail(500, {}) : answerWith()(pen, call, n)));
  const stack = await startStack({ ...collector.env, ...vision.env, ...openai.env });
  const worker = await stack.startWorker();
  const job = await sendPicture(stack, FROM_APP);
  const end = await (await stack.watch(job)).until(isEnd);
  const child = end.data['result'].child as Record<string, string>;
  expect(await (await watch(stack.url + child['streamUrl'])).until(isEnd)).toMatchObject({ event: 'completed' });
  await worker.stop();
  await stack.api.stop();

  const { spans } = collector;
  const ofTrace = spans.filter(({ traceId }) => traceId === TRACE);
  const [first, second] = named(ofTrace, 'process generate-flashcards');
  const [send] = named(ofTrace, 'send generate-flashcards');
  const toTheApp = ['send process-image', 'POST /api/process-image', 'the app'];
  expect(wayOf(first, ofTrace)).toEqual([first?.name, send?.name, 'process process-image', ...toTheApp]);
  expect(wayOf(second, ofTrace)).toEqual([second?.name, send?.name, 'process process-image', ...toTheApp]);
  const calls = ofTrace.filter(({ name }) => name.startsWith('chat '));
  expect(calls.map(({ parent }) => parent)).toEqual([first?.spanId, second?.spanId]);
  expect(wayOf(named(ofTrace, 'image_text azure-vision')[0], ofTrace).slice(1)).toEqual(['process process-image', ...toTheApp]);

  expect(first).toMatchObject({ kind: 5, service: 'ai-jobs-worker', status: 2 });
  expect(first?.attributes).toMatchObject({
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'process',
    'messaging.destination.name': expect.stringMatching(/^ai-jobs/),
    'messaging.message.id': child['jobId'],
    'ai_jobs.attempt': 1,
    'ai_jobs.outcome': 'retried',
    'error.type': 'provider_unavailable',
  });
  expect(second).toMatchObject({ status: 0, attributes: { 'ai_jobs.attempt': 2, 'ai_jobs.outcome': 'completed' } });
  expect(send).toMatchObject({ kind: 4, service: 'ai-jobs-worker', attributes: { 'messaging.message.id': child['jobId'] } });
  expect(named(ofTrace, 'POST /api/process-image')[0]).toMatchObject({
    kind: 2,
    service: 'ai-jobs-api',
    attributes: { 'http.request.method': 'POST', 'http.route': '/api/process-image', 'http.response.status_code': 202 },
  });
  const asked = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': expect.any(String) };
  expect(calls[0]).toMatchObject({ kind: 3, status: 2, attributes: { ...asked, 'error.type': 'provider_unavailable' } });
  expect(calls[1]?.attributes).toMatchObject({
    ...asked,
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 20,
    'gen_ai.response.finish_reasons': ['stop'],
  });
  for (const { headers } of [...openai.calls, ...vision.calls]) expect(headers).not.toHaveProperty('traceparent'); // vendors are told nothing
});

test('a job that its user retries goes on in its own trace, to which the request is linked', async () => {
  const collector = await startCollector(JSON_ENV);
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? pen.fail(400, {}) : answerWith()(pen, call, n)));
  const stack = await startStack({ ...collector.env, ...openai.env });
  const worker = await stack.startWorker();
  const job = await stack.submit(NOTES, FROM_APP);
  await (await stack.watch(job)).until(isEnd);
  await fetch(`${stack.url}/api/jobs/${job['jobId']}/retry`, { method: 'POST' });
  expect(await (await stack.watch(job)).until(isEnd)).toMatchObject({ event: 'completed' });
  await worker.stop();
  await stack.api.stop();

  const { spans } = collector;
  const [send] = named(spans, 'send generate-flashcards');
  expect(named(spans, 'process generate-flashcards').map(({ parent, attributes }) => [parent, attributes['ai_jobs.outcome']])).toEqual([
    [send?.spanId, 'failed'],
    [send?.spanId, 'completed'],
  ]);
  expect(named(spans, 'POST /api/jobs/:jobId/retry')[0]).toMatchObject({ parent: '', links: [send?.spanId] });
});

test('a stream is linked to its job and no part of its trace, and a webhook is part of it', async () => {
  const collector = await startCollector(JSON_ENV);
  const receiver = await startReceiver();
  const stack = await startStack({ ...collector.env, JOB_ATTEMPTS: '1' });
  await stack.startWorker();
  const submission = { ...NOTES, callbackUrl: receiver.url, userId: 'ana' };
  const job = await stack.submit(submission, FROM_APP);
  const all = await watch(`${stack.url}/api/events`, { 'user-id': 'ana', ...FROM_APP });
  await (await stack.watch(job)).until(isEnd);
  const [call] = await receiver.called(1);
  await stack.api.stop();
  await all.ended;

  const { spans } = collector;
  const [send] = named(spans, 'send generate-flashcards');
  expect(wayOf(named(spans, 'deliver webhook')[0], spans)).toEqual([
    'deliver webhook',
    'send generate-flashcards',
    'POST /api/ai/generate-flashcards',
    'the app',
  ]);
  expect(call?.headers).not.toHaveProperty('traceparent');
  const [follow] = named(spans, 'follow generate-flashcards');
  expect(follow).toMatchObject({ parent: '', links: [send?.spanId], attributes: { 'messaging.message.id': job['jobId'] } });
  expect(follow?.traceId).not.toBe(TRACE);
  const [followAll] = named(spans, 'follow events');
  expect(wayOf(followAll, spans)).toEqual(['follow events', 'GET /api/events', 'the app']);
  expect(followAll).toMatchObject({ kind: 2, links: [], attributes: { 'http.route': '/api/events' } });
});

test('spans go in batches of the size that is set', async () => {
  const collector = await startCollector({ ...JSON_ENV, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' });
  const stack = await startStack(collector.env);
  await stack.submit(NOTES);
  await stack.api.stop();
  expect(collector.spans.map(({ name }) => name)).toContain('send generate-flashcards');
  expect(collector.calls).toHaveLength(collector.spans.length);
});

test('nothing that a user wrote, no address and no token is in a span', async () => {
  const collector = await startCollector(JSON_ENV);
  const openai = await startOpenAI(answerWith());
  const receiver = await startReceiver();
  const stack = await startStack({ ...collector.env, ...openai.env });
  const worker = await stack.startWorker();
  const job = await stack.submit({ ...NOTES, callbackUrl: receiver.url, userId: 'ana' }, FROM_APP);
  await (await stack.watch(job)).until(isEnd);
  await receiver.called(1);
  await worker.stop();
  await stack.api.stop();
  const sent = Buffer.concat(collector.calls.map(({ body }) => body)).toString();
  expect(sent).toContain('send generate-flashcards');
  for (const secret of ['secret of the user', 'front 1', 'sk-test', receiver.url, 'token=', '"ana"', stack.prefix])
    expect(sent).not.toContain(secret);
});

test('the same request again is in a trace of its own, and its span is linked to the job that was there', async () => {
  const collector = await startCollector(JSON_ENV);
  const stack = await startStack(collector.env);
  const key = { 'idempotency-key': 'one' };
  await stack.submit(NOTES, { ...FROM_APP, ...key });
  await stack.submit(NOTES, key);
  await stack.api.stop();
  const [first, again] = named(collector.spans, 'send generate-flashcards');
  expect([first?.traceId, first?.attributes['ai_jobs.origin']]).toEqual([TRACE, 'new']);
  expect(again?.attributes['ai_jobs.origin']).toBe('replayed');
  expect([again?.traceId === TRACE, again?.links]).toEqual([false, [first?.spanId]]);
});

test('a malformed traceparent is as if it were not there: the request begins a trace', async () => {
  const collector = await startCollector(); // protobuf, where nothing is said
  const stack = await startStack(collector.env);
  await stack.submit(NOTES, { traceparent: `00-${TRACE.toUpperCase()}-${APP}-01` });
  await stack.api.stop();
  const [post] = named(collector.spans, 'POST /api/ai/generate-flashcards');
  expect(collector.calls[0]?.headers['content-type']).toBe('application/x-protobuf');
  expect(post?.parent).toBe('');
  expect(wayOf(named(collector.spans, 'send generate-flashcards')[0], collector.spans)).toEqual([
    'send generate-flashcards',
    'POST /api/ai/generate-flashcards',
    '',
  ]);
});

test('the sampler is asked for each trace, and goes along with the app where it asks the parent', async () => {
  const collector = await startCollector({ ...JSON_ENV, OTEL_TRACES_SAMPLER: 'parentbased_always_off', OTEL_SERVICE_NAME: 'my-api' });
  const stack = await startStack(collector.env);
  await stack.submit(NOTES);
  await stack.submit(NOTES, { traceparent: `00-${TRACE}-${APP}-00` });
  const job = await stack.submit(NOTES, FROM_APP);
  expect(await payloadOf(stack, job['jobId'])).toMatchObject({ traceparent: expect.stringMatching(`^00-${TRACE}-[0-9a-f]{16}-01$`) });
  await stack.api.stop();
  expect(collector.spans.map(({ name, service, traceId }) => [name, service, traceId])).toEqual([
    ['send generate-flashcards', 'my-api', TRACE],
    ['POST /api/ai/generate-flashcards', 'my-api', TRACE],
  ]);
});

test('without an export the trace of the app goes with the job, so that the logs of both processes tell it', async () => {
  const receiver = await startReceiver();
  const stack = await startStack();
  const worker = await stack.startWorker();
  const job = await stack.submit({ ...NOTES, callbackUrl: receiver.url, userId: 'ana' }, FROM_APP);
  await (await stack.watch(job)).until(isEnd);
  await receiver.called(1);
  await expect.poll(() => stack.api.log().some(({ msg }) => msg === 'webhook delivered')).toBe(true);
  expect(await payloadOf(stack, job['jobId'])).toMatchObject({ traceparent: FROM_APP.traceparent });
  for (const msg of ['job submitted', 'stream opened', 'webhook delivered'])
    expect(stack.api.log().find((line) => line['msg'] === msg)).toMatchObject({ traceId: TRACE });
  for (const msg of ['job started', 'job done']) expect(worker.log().find((line) => line['msg'] === msg)).toMatchObject({ traceId: TRACE });

  const plain = await stack.submit(NOTES);
  expect(await payloadOf(stack, plain['jobId'])).not.toHaveProperty('traceparent');
});
