/** A vendor in trouble: its word is obeyed, it is not run down, others are asked, and no job pays with its attempts. */
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { ProblemCode } from '../../../src/job/problem.ts';
import { SharedBreaker } from '../../../worker/run/shared-breaker.ts';
import type { Breaker, BreakerAnswer } from '../../../worker/run/circuit-breaker.ts';
import { answerWith, card, pieces, startOpenAI, type Answer } from '../../support/openai.ts';
import { waiting, storeOver } from '../../support/queue.ts';
import { isEnd, lasting } from '../../support/sse.ts';
import { newPrefix } from '../../support/stack.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { endPauses } from '../../support/pauses.ts';

const busy: Answer = (pen) => pen.fail(429, { error: { message: 'slow down' } }, { 'retry-after': '600' });

test('Retry-After puts the job off to then, without an attempt, and the client sees until when', async () => {
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? busy(pen, call, n) : answerWith()(pen, call, n)));
  const stack = await startStack({ JOB_ATTEMPTS: '1', ...openai.env });
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 2 });
  const stream = await stack.watch(job);
  const waiting = await stream.until(({ event, data }) => event === 'status' && data['retryAt'] !== undefined);
  expect(waiting.data).toMatchObject({ status: 'waiting', attempt: 1 });
  const looked = await stack.get(job['statusUrl']);
  expect(looked).toMatchObject({ status: 'waiting', attempt: 1, maxAttempts: 1, retryAt: waiting.data['retryAt'] });
  expect(Date.parse(waiting.data['retryAt'])).toBeGreaterThanOrEqual(Date.parse(job['createdAt']) + 600_000); // never before what was asked
  await endPauses(stack.prefix);
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(lasting(stream.events).map(({ event, data }) => [event, data['code'], data['attempt']])).toEqual([
    ['progress', undefined, 1],
    ['attempt', 'provider_rate_limited', 1],
    ['progress', undefined, 1],
    ['item', undefined, 1],
    ['item', undefined, 1],
    ['completed', undefined, undefined],
  ]);
  const health = (await (await fetch(`${worker.url}/health`)).json()) as Record<string, unknown>;
  expect(health).toMatchObject({ putOff: 1, retried: 0, failed: 0 });
});

test('Retry-After: 0, a negative one and a date in the past put a job off for the backoff, and spend neither calls nor put-offs', async () => {
  for (const retryAfter of ['0', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
    const openai = await startOpenAI((pen) => pen.fail(429, { error: { message: 'slow down' } }, { 'retry-after': retryAfter }));
    const stack = await startStack({ JOB_ATTEMPTS: '1', JOB_BACKOFF_MS: '600000', ...openai.env });
    const worker = await stack.startWorker();
    const job = await stack.submit({ content: 'Notes.', count: 2 });
    const stream = await stack.watch(job);
    const { data } = await stream.until(({ event, data: { retryAt } }) => event === 'status' && retryAt !== undefined);
    expect(Date.parse(data['retryAt'])).toBeGreaterThan(Date.parse(job['createdAt']) + 600_000);
    expect(await (await fetch(`${worker.url}/health`)).json()).toMatchObject({ putOff: 1, retried: 0 });
    expect(openai.calls).toHaveLength(1);
    stream.leave();
  }
});

test('while a vendor asks to slow down none of its other jobs is sent to it, in any process; afterwards all go on', async () => {
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? busy(pen, call, n) : answerWith()(pen, call, n)));
  const stack = await startStack({ JOB_ATTEMPTS: '1', ...openai.env });
  await Promise.all([stack.startWorker(), stack.startWorker({ WORKER_CONCURRENCY: '1' })]);
  const first = await stack.submit({ content: 'Notes.', count: 1 });
  await (await stack.watch(first)).until(({ data }) => data['retryAt'] !== undefined);
  const jobs = await Promise.all([1, 2, 3, 4].map(() => stack.submit({ content: 'Notes.', count: 1 })));
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  for (const stream of streams) await stream.until(({ data }) => data['retryAt'] !== undefined);
  expect(openai.calls).toHaveLength(1);
  await endPauses(stack.prefix);
  for (const stream of streams) expect((await stream.until(isEnd)).event).toBe('completed');
  expect(openai.calls).toHaveLength(6);
});

test('a vendor that is down is probed by one job while the others wait; once it is back all of them complete', async () => {
  let down = true;
  let calling = 0;
  let most = 0;
  const openai = await startOpenAI(async (pen, call, n) => {
    if (!down) return answerWith()(pen, call, n);
    most = Math.max(most, ++calling);
    const before = await putOffs();
    if (n > 3) await expect.poll(putOffs).toBeGreaterThan(before); // others have come in meanwhile, and were held back
    calling--;
    pen.fail(503, {});
  });
  const env = { ...openai.env, BREAKER_FAILURES: '3', BREAKER_OPEN_MS: '300', JOB_ATTEMPTS: '20', JOB_BACKOFF_MS: '1' };
  const stack = await startStack(env);
  const worker = await stack.startWorker({ WORKER_CONCURRENCY: '5' });
  const putOffs = async () => ((await (await fetch(`${worker.url}/health`)).json()) as { putOff: number }).putOff;
  const jobs = await Promise.all(Array.from({ length: 6 }, () => stack.submit({ content: 'Notes.', count: 1 })));
  const streams = await Promise.all(jobs.map((job) => stack.watch(job)));
  for (const stream of streams) await stream.until(({ data }) => data['retryAt'] !== undefined);
  await expect.poll(() => calling).toBe(0);
  const opened = openai.calls.length;
  most = 0;
  await expect.poll(() => openai.calls.length).toBeGreaterThanOrEqual(opened + 2);
  expect(most).toBe(1);
  down = false;
  for (const stream of streams) expect((await stream.until(isEnd)).event).toBe('completed');
});

test('with a fallback nobody waits: its model is asked while the first has trouble, with its own key', async () => {
  const first = await startOpenAI(busy);
  const second = await startOpenAI(answerWith());
  const stack = await startStack({
    ...first.env,
    JOB_ATTEMPTS: '1',
    OPENAI_FALLBACK_MODEL: 'other',
    OPENAI_FALLBACK_BASE_URL: second.baseURL,
    OPENAI_FALLBACK_API_KEY: 'sk-other',
  });
  await stack.startWorker();
  for (let n = 0; n < 3; n++) {
    const stream = await stack.watch(await stack.submit({ content: 'Notes.', count: 2 }));
    expect((await stream.until(isEnd)).data['result'].flashcards).toEqual([card(1), card(2)]);
  }
  expect(first.calls).toHaveLength(1); // its breaker is open
  expect(second.calls.map(({ body, headers }) => [body['model'], headers.authorization])).toEqual(
    Array.from({ length: 3 }, () => ['other', 'Bearer sk-other']),
  );
});

test('what was begun is not begun again elsewhere in the same attempt: the fallback is asked for the rest', async () => {
  const { open, cards } = pieces([card(1), card(2)]);
  const first = await startOpenAI((pen, _call, n) => {
    if (n > 1) return pen.fail(503, {});
    pen.text(open + cards.join(''));
    pen.finish('length');
  });
  const second = await startOpenAI(answerWith());
  const stack = await startStack({ ...first.env, OPENAI_FALLBACK_MODEL: 'other', OPENAI_FALLBACK_BASE_URL: second.baseURL });
  await stack.startWorker();
  const end = await (await stack.watch(await stack.submit({ content: 'Notes.', count: 5 }))).until(isEnd);
  expect(end.data['result'].flashcards).toEqual([1, 2, 3, 4, 5].map(card));
  expect(second.calls.map(({ material }) => [material['count'], material['alreadyAsked']])).toEqual([[3, ['front 1', 'front 2']]]);
});

test('a refusal is no trouble: the breaker stays closed and the job fails at once', async () => {
  const openai = await startOpenAI((pen) => pen.fail(401, {}));
  const stack = await startStack({ ...openai.env, BREAKER_FAILURES: '1' });
  await stack.startWorker();
  for (let n = 1; n <= 3; n++) {
    const end = await (await stack.watch(await stack.submit({ content: 'Notes.' }))).until(isEnd);
    expect(end.data['error']).toMatchObject({ code: 'provider_unauthorized', retryable: false });
    expect(openai.calls).toHaveLength(n);
  }
});

/** Two processes' views of one breaker, whose times end when the test says so. */
function openBreaker(options = {}) {
  const prefix = newPrefix();
  const settings = { failures: 3, openMs: 10_000, probeMs: 20_000, paceMs: 50, ...options };
  const other = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null });
  onTestFinished(() => other.disconnect());
  const [one, two] = [waiting(), other].map((redis) => new SharedBreaker(storeOver(redis, prefix), 'vendor', settings)) as unknown as [
    Breaker,
    Breaker,
  ];
  const key = storeOver(other, prefix).keys.breaker('vendor');
  /** The time for which the breaker is open, or its probe may take, is over. */
  const end = (time: 'until' | 'probing') => other.hset(key, time, 1);
  const opensAt = async () => Number(await other.hget(key, 'until'));
  return { one, two, end, opensAt };
}

const down: ProblemCode = 'provider_unavailable';

const isIn = ({ type }: BreakerAnswer) => type === 'in';
const isHeld = ({ type }: BreakerAnswer) => type === 'held';

test('a breaker: closed, open, half-open for one, twice as long after each probe that fails, closed by a success', async () => {
  const { one, two, end, opensAt } = openBreaker();
  await one.failed(down, undefined);
  await two.failed(down, undefined);
  expect(isIn(await one.enter())).toBe(true);
  await one.succeeded(); // failures count in a row
  for (const breaker of [one, two]) await breaker.failed(down, undefined);
  expect(isIn(await two.enter())).toBe(true);
  await two.failed(down, undefined);

  const held = [await one.enter(), await two.enter(), await one.enter()];
  expect(held.map((entry) => entry.type === 'held' && entry.code)).toEqual([down, down, down]);
  expect(held.map((entry) => entry.type === 'held' && entry.ms)).toEqual([10_000, 10_050, 10_100]); // they return one after the other

  const opened = await opensAt();
  await end('until');
  expect(isIn(await two.enter())).toBe(true); // the probe
  expect(await one.enter()).toMatchObject({ code: down });
  await two.failed('provider_timeout', undefined);
  expect(await one.enter()).toMatchObject({ code: 'provider_timeout' });
  expect(await opensAt()).toBeGreaterThanOrEqual(opened + 10_000); // 20 s from a later moment
  await end('until');
  const probe = await one.enter();
  expect(isIn(probe)).toBe(true);
  await two.leave(0); // a call from before, which was no probe
  expect(isHeld(await two.enter())).toBe(true);
  await one.leave(probe.type === 'in' ? probe.permit : 0); // it learned nothing
  expect(isIn(await two.enter())).toBe(true);
  expect(isHeld(await one.enter())).toBe(true);
  await two.succeeded();
  expect((await Promise.all([one.enter(), two.enter()])).every(isIn)).toBe(true);
});

test('a probe that never reports does not keep a breaker open', async () => {
  const { one, two, end } = openBreaker({ failures: 1 });
  await one.failed(down, undefined);
  await end('until');
  expect(isIn(await one.enter())).toBe(true);
  expect(isHeld(await two.enter())).toBe(true);
  await end('probing');
  expect(isIn(await two.enter())).toBe(true);
});

test("a vendor's own word opens it at once, for no longer than a minute, whatever calls from before it come to", async () => {
  const { one, two } = openBreaker();
  await one.failed('provider_rate_limited', 3_600_000);
  await two.succeeded();
  const entry = await one.enter();
  expect(entry).toMatchObject({ type: 'held', code: 'provider_rate_limited' });
  const ms = entry.type === 'held' ? entry.ms : 0;
  expect(ms).toBeGreaterThan(50_000);
  expect(ms).toBeLessThanOrEqual(60_000);
});

test('a breaker that was seen sound is not asked for a moment: own failures count at once, those of others soon', async () => {
  const { one, two } = openBreaker({ failures: 1 });
  expect(isIn(await one.enter())).toBe(true);
  await two.failed(down, undefined);
  await expect.poll(async () => isHeld(await one.enter())).toBe(true);
  const own = openBreaker({ failures: 1 }).one;
  expect(isIn(await own.enter())).toBe(true);
  await own.failed(down, undefined);
  expect(isHeld(await own.enter())).toBe(true);
});

test('with both down attempts are spent, and the job has an end', async () => {
  const [first, second] = [await startOpenAI((pen) => pen.fail(503, {})), await startOpenAI((pen) => pen.fail(503, {}))];
  const fallback = { OPENAI_FALLBACK_MODEL: 'other', OPENAI_FALLBACK_BASE_URL: second.baseURL };
  const stack = await startStack({ ...first.env, ...fallback, BREAKER_FAILURES: '1', BREAKER_OPEN_MS: '50', JOB_ATTEMPTS: '3' });
  await stack.startWorker();
  const end = await (await stack.watch(await stack.submit({ content: 'Notes.' }))).until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_unavailable' } } });
  expect(first.calls.length + second.calls.length).toBeLessThanOrEqual(6);
});

test('a fallback that fails too does not hide when the first will do', async () => {
  const first = await startOpenAI((pen, call, n) => (n === 1 ? busy(pen, call, n) : answerWith()(pen, call, n)));
  const second = await startOpenAI((pen) => pen.fail(401, {}));
  const fallback = { OPENAI_FALLBACK_MODEL: 'other', OPENAI_FALLBACK_BASE_URL: second.baseURL };
  const stack = await startStack({ ...first.env, ...fallback, JOB_ATTEMPTS: '1' });
  await stack.startWorker();
  const stream = await stack.watch(await stack.submit({ content: 'Notes.', count: 1 }));
  await stream.until(({ data }) => data['retryAt'] !== undefined);
  await endPauses(stack.prefix);
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect([first.calls.length, second.calls.length]).toEqual([2, 1]);
});
