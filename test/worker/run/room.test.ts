/** Room for speech is there before it is paid for: a full share costs waiting and no call, and what was paid for is kept. */
import { expect, test } from 'vitest';
import { RedisFiles } from '../../../src/files/redis-files.ts';
import { newJobId } from '../../../src/job/id.ts';
import { tenantOf } from '../../../src/job/tenant.ts';
import { keysUnder } from '../../../src/store/keys.ts';
import { FIELDS } from '../../../src/job/record.ts';
import { openRedis } from '../../support/keys.ts';
import { latch } from '../../support/openai.ts';
import { refuse, speak, startPolly } from '../../support/polly.ts';
import { noise } from '../../support/recordings.ts';
import { isEnd } from '../../support/sse.ts';
import { type Stack, startStack } from '../../support/stack-in-process.ts';
import { submitJson } from '../../support/submit.ts';
import type { Answerer } from '../../support/vendor-server.ts';
import { storeOver } from '../../support/queue.ts';

/** All files together have 4 MB, and a user's share is 1 MB. */
const ENV = { FILES_MAX_MB: '4' };
const SHARE = 1024 * 1024;
const ANA = { 'user-id': 'ana' };

/** Two parts of a long sentence each. A usual voice needs some 6 minutes for both: 2.4 MB of MP3, and as much for the whole. The stand-in is quicker. */
const PARTS = Array.from({ length: 2 }, (_, n) => `${`This is part ${n} of a long text that goes on`.padEnd(2500, ' and on')}.`);
const SHORT = 'Water boils at one hundred degrees.';

/** Ana's files, as the store counts them, and what fills her share. */
function filesOf(stack: Stack, maxTotalBytes = 4 * SHARE) {
  const redis = openRedis();
  const keys = keysUnder(stack.prefix);
  const store = new RedisFiles(storeOver(redis, stack.prefix), maxTotalBytes);
  const tenant = tenantOf('ana', undefined);
  const used = async () => Number((await redis.hget(keys.files.used, tenant)) ?? 0);
  /** A job that is not there takes so much for a minute. */
  const fill = async (bytes: number) => {
    const jobId = newJobId('generate-audio');
    expect(await store.put({ jobId, name: 'out:whole', tenant, type: 'audio/wav', bytes: noise(bytes) })).toEqual({ type: 'kept' });
    return async () => void (await store.delete(jobId, 'all'));
  };
  return { redis, keys, store, used, fill };
}

async function started(answer: Answerer = speak, env: Record<string, string> = {}) {
  const polly = await startPolly(answer);
  const stack = await startStack({ ...polly.env, ...ENV, ...env });
  const worker = await stack.startWorker();
  const submit = async (input: object) => {
    const { body } = await submitJson(stack, '/api/ai/generate-audio', input);
    return { id: String(body['jobId']), stream: await stack.watch(body, ANA) };
  };
  const health = async () => (await (await fetch(`${worker.url}/health`)).json()) as Record<string, number>;
  return { polly, stack, submit, health, ...filesOf(stack) };
}

const isPutOff = ({ event, data }: { event: string; data: Record<string, any> }) => event === 'status' && data['retryAt'] !== undefined;

test('with a full share nothing is paid for: the job waits at no cost, goes on when there is room, and pays once', async () => {
  const { polly, submit, health, fill } = await started();
  const free = await fill(SHARE);
  const { stream } = await submit({ text: SHORT });
  await stream.until(isPutOff);
  expect(polly.calls).toHaveLength(0);
  await free();
  const { event, data } = await stream.until(isEnd);
  expect([event, data['result']?.parts.length]).toEqual(['completed', 1]);
  expect(polly.calls).toHaveLength(1);
  expect(await health()).toMatchObject({ retried: 0, failed: 0 });
  const { data: attempt } = stream.events.find((each) => each.event === 'attempt') ?? { data: {} };
  expect(attempt).toMatchObject({ attempt: 1, code: 'storage_full' });
});

test('a job sees soon that room was made by deleting another one, though its files would have stayed for a day', async () => {
  const { polly, stack, submit } = await started((response, call, n) => {
    if (n > 1) return speak(response, call);
    return response.writeHead(200, { 'content-type': 'audio/pcm' }).end(Buffer.alloc(SHARE, 1));
  });
  const first = await submit({ text: SHORT, format: 'wav' });
  expect((await first.stream.until(isEnd)).event).toBe('completed');
  const { stream } = await submit({ text: PARTS.join(' ') });
  await stream.until(isPutOff);
  expect(polly.calls).toHaveLength(1);
  expect((await fetch(`${stack.url}/api/jobs/${first.id}`, { method: 'DELETE', headers: ANA })).status).toBe(204);
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(polly.calls).toHaveLength(3);
});

test('a job that has waited for room often enough fails, says why, and has never called', async () => {
  const { polly, submit, fill, redis, keys, used } = await started(speak, { JOB_ATTEMPTS: '2' });
  await fill(SHARE);
  const { stream, id } = await submit({ text: SHORT });
  await stream.until(isPutOff);
  await redis.hset(keys.job(id), FIELDS.putOffs, 50);
  const { event, data } = await stream.until(isEnd);
  expect([event, data['error']?.code, data['error']?.retryable]).toEqual(['failed', 'storage_full', true]);
  expect(polly.calls).toHaveLength(0);
  expect(await used()).toBe(SHARE);
});

test('speech that is longer than anybody expects is kept all the same: its room was there before it was paid for', async () => {
  const slow: Answerer = (response) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' }).end(Buffer.alloc(2 * SHARE, 1));
  };
  const { polly, submit, used } = await started(slow);
  const { stream } = await submit({ text: SHORT, format: 'wav' });
  const { event, data } = await stream.until(isEnd);
  expect([event, data['result']?.audio.bytes]).toEqual(['completed', 44 + 2 * SHARE]);
  expect(polly.calls).toHaveLength(1);
  expect(await used()).toBe(2 * (44 + 2 * SHARE)); // counted as what it is
});

test('two jobs that have room only one after the other both complete, and no part is bought twice', async () => {
  const { polly, submit, used } = await started(speak, { WORKER_CONCURRENCY: '2', FILES_MAX_MB: '24' });
  const jobs = await Promise.all([submit({ text: PARTS.join(' ') }), submit({ text: `${PARTS.join(' ')} End.` })]);
  const sizes: number[] = [];
  for (const { stream } of jobs) {
    const { event, data } = await stream.until(isEnd);
    expect(event).toBe('completed');
    sizes.push(...[data['result'].audio, ...data['result'].parts].map(({ bytes }: { bytes: number }) => bytes));
  }
  const texts = polly.calls.map((call) => String(call.json()['Text']));
  expect(new Set(texts).size).toBe(texts.length - 1); // both jobs have the same first part
  expect(await used()).toBe(sizes.reduce((sum, size) => sum + size, 0));
});

test('a cancelled job, a failed one and an erased one free what they had reserved', async () => {
  const { wait, open } = latch();
  const { polly, stack, submit, used } = await started(async (response, _, n) => {
    await wait;
    if (!response.destroyed) refuse(response, 403, 'AccessDeniedException', String(n));
  });
  for (const [n, method, path] of [
    [1, 'POST', '/cancel'],
    [2, 'DELETE', ''],
  ] as const) {
    const { id } = await submit({ text: SHORT });
    await expect.poll(() => polly.calls.length).toBe(n);
    expect(await used()).toBeGreaterThan(0);
    await fetch(`${stack.url}/api/jobs/${id}${path}`, { method, headers: ANA });
    await expect.poll(used).toBe(0);
  }
  const { stream } = await submit({ text: SHORT });
  await expect.poll(() => polly.calls.length).toBe(3);
  expect(await used()).toBeGreaterThan(0);
  open();
  expect((await stream.until(isEnd)).event).toBe('failed');
  await expect.poll(used).toBe(0);
});

test('while a job waits for its vendor it keeps its room if a part is there, and else gives it back', async () => {
  const throttled = new Set([PARTS[1]]);
  const { stack, submit, used, polly } = await started(
    (response, call, n) => {
      if (!throttled.has(String(call.json()['Text']))) return speak(response, call);
      return refuse(response, 400, 'ThrottlingException', `Rate exceeded ${n}`);
    },
    { FILES_MAX_MB: '100', BREAKER_FAILURES: '1000', JOB_BACKOFF_MS: '600000' },
  );
  const half = await submit({ text: PARTS.join(' ') });
  await half.stream.until(isPutOff);
  const kept = (await stack.get(`/api/jobs/${half.id}?include=items`, ANA))['items'].parts[0].bytes;
  expect(await used()).toBeGreaterThan(100 * kept);
  await fetch(`${stack.url}/api/jobs/${half.id}`, { method: 'DELETE', headers: ANA });
  await expect.poll(used).toBe(0);

  const none = await submit({ text: PARTS[1] });
  await none.stream.until(isPutOff);
  expect([await used(), polly.calls.length]).toEqual([0, 3]);
});
