/** Limits: shared by all API processes, real ones in one test, honest about when to come back, and there while Redis is not. */
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { startEmbeddedStore } from '../../src/embedded/start.ts';
import { latch, startOpenAI } from '../support/openai.ts';
import { keysWith, openRedis } from '../support/keys.ts';
import { startPolly } from '../support/polly.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack as startProcesses } from '../support/stack.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { submitJson } from '../support/submit.ts';
import { awayFromMidnight } from '../support/hold-time.ts';

beforeEach(() => awayFromMidnight());

const post = (url: string, headers: Record<string, string> = {}, body: object = { content: 'Hund: dog' }) =>
  fetch(`${url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('of 50 submissions over two processes 20 are accepted; the others are told when the window ends', async () => {
  const stack = await startProcesses({ RATE_LIMIT_MAX: '20', RATE_LIMIT_WINDOW_S: '300' });
  const other = await stack.startApi();
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => post(n % 2 ? stack.url : other.url, { 'user-id': 'ana' })));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
  for (const answer of answers) {
    expect(answer.headers.get('ratelimit-policy')).toBe('"submit";q=20;w=300');
    const [, remaining, reset] = /^"submit";r=(\d+);t=(\d+)$/.exec(answer.headers.get('ratelimit') ?? '') ?? [];
    expect(Number(reset)).toBeGreaterThan(0);
    expect(Number(reset)).toBeLessThanOrEqual(300);
    if (answer.status === 202) continue;
    expect([answer.status, remaining]).toEqual([429, '0']);
    expect(answer.headers.get('retry-after')).toBe(reset);
    expect(await answer.json()).toMatchObject({ code: 'rate_limited', retryable: true });
  }
  expect((await post(stack.url, { 'user-id': 'bob' })).status).toBe(202); // each user has a limit of their own
  expect((await post(stack.url, {}, { content: 'Hund: dog', userId: 'bob' })).status).toBe(202);
  expect((await fetch(`${stack.url}/api/jobs`, { headers: { 'user-id': 'ana' } })).status).toBe(200); // reads have another
  expect((await post(stack.url)).status).toBe(202); // who names nobody is limited by address
});

test('a window that ends lets go on; a refused one does not lengthen it', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '1', RATE_LIMIT_WINDOW_S: '300' });
  const status = async () => (await post(stack.url, { 'user-id': 'ana' })).status;
  const redis = openRedis();
  expect(await status()).toBe(202);
  const [window = ''] = await keysWith(stack.prefix, ':rate:submit:');
  const endsAt = await redis.pexpiretime(window);
  expect([await status(), await redis.pexpiretime(window)]).toEqual([429, endsAt]);
  await redis.pexpire(window, 1);
  await expect.poll(status).toBe(202);
});

test('the same submission again costs nothing', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '2' });
  const key = { 'user-id': 'ana', 'idempotency-key': 'k' };
  for (let n = 0; n < 6; n++) expect((await post(stack.url, key)).status).toBe(202);
  expect((await post(stack.url, { 'user-id': 'ana' })).status).toBe(202);
  expect((await post(stack.url, { 'user-id': 'ana' })).status).toBe(429);
  expect((await post(stack.url, key)).status).toBe(202); // what was accepted stays so
});

test('addresses count behind a proxy of ours, and only then', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '1', TRUSTED_PROXIES: '1' });
  const from = async (list: string) => (await post(stack.url, { 'x-forwarded-for': list })).status;
  expect([await from('10.0.0.1'), await from('10.0.0.2'), await from('10.0.0.1')]).toEqual([202, 202, 429]);
  expect(await from('1.2.3.4, 10.0.0.1')).toBe(429); // what a client wrote itself is not believed
  const open = await stack.startApi({ TRUSTED_PROXIES: '0', RATE_LIMIT_WINDOW_S: '61' });
  expect((await post(open.url, { 'x-forwarded-for': '10.0.0.8' })).status).toBe(202);
  expect((await post(open.url, { 'x-forwarded-for': '10.0.0.9' })).status).toBe(429);
});

test('while Redis is away each process limits for itself', async () => {
  const store = await startEmbeddedStore();
  onTestFinished(() => store.stop());
  const stack = await startProcesses({ REDIS_URL: store.url, RATE_LIMIT_MAX: '3' });
  await store.stop();
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status).toBe(503);
  const statuses: number[] = [];
  for (let n = 0; n < 5; n++) statuses.push((await post(stack.url)).status);
  expect(statuses).toEqual([503, 503, 503, 429, 429]);
});

/** Submits until the service refuses. */
async function fill(stack: Stack, headers: Record<string, string>): Promise<Response> {
  for (let n = 0; n < 20; n++) {
    const answer = await post(stack.url, headers);
    if (answer.status !== 202) return answer;
  }
  throw new Error('nothing was refused');
}

test('a queue past its bound: 503, when there is room, and the stream of a POST comes back by itself', async () => {
  const stack = await startStack({ MAX_QUEUE_DEPTH: '3' });
  const refused = await fill(stack, { 'user-id': 'ana' });
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ code: 'queue_full', retryable: true });
  expect((await post(stack.url, { 'user-id': 'bob' })).status).toBe(503);

  const headers = { 'content-type': 'application/json', 'user-id': 'ana', 'idempotency-key': 'k' };
  const init = { method: 'POST', body: JSON.stringify({ content: 'Hund: dog' }) };
  const stream = await watch(`${stack.url}/api/ai/generate-flashcards`, headers, init);
  await stream.ended;
  expect([stream.response.status, stream.retries.length, stream.events]).toEqual([200, 1, []]);

  await stack.startWorker();
  await expect.poll(async () => (await post(stack.url, { 'user-id': 'ana' })).status).toBe(202);
});

test('a user with too many unfinished jobs is told when the first may end; the others go on', async () => {
  const go = latch();
  const openai = await startOpenAI(() => go.wait);
  const stack = await startStack({ MAX_JOBS_PER_USER: '2', ...openai.env });
  await stack.startWorker();
  const refused = await fill(stack, { 'user-id': 'ana' });
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toMatchObject({ code: 'too_many_jobs', retryable: true });
  expect((await post(stack.url, { 'user-id': 'bob' })).status).toBe(202);

  const { jobs } = await stack.get('/api/jobs', { 'user-id': 'ana' });
  await fetch(stack.url + jobs[0].cancelUrl, { method: 'POST', headers: { 'user-id': 'ana' } });
  expect((await post(stack.url, { 'user-id': 'ana' })).status).toBe(202);
  go.open();
});

test('a stream that is followed too often comes back by itself; others get the 429', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '1' });
  await stack.startWorker();
  const job = await stack.submit();
  await (await stack.watch(job)).until(isEnd);
  const look = async () => (await fetch(stack.url + job['statusUrl'])).status;
  for (let batch = 0; batch < 10; batch++) await Promise.all(Array.from({ length: 100 }, look));
  expect(await look()).toBe(429);
  const stream = await watch(stack.url + job['streamUrl']);
  await stream.ended;
  expect(stream.response.status).toBe(200);
  expect(stream.retries[0]).toBeGreaterThan(0);
});

test("a day's budget of tokens: once it is used up, 429 until midnight UTC", async () => {
  const openai = await startOpenAI((pen) => {
    pen.text('{"flashcards":[{"front":"a","back":"b"}]}');
    pen.finish('stop', { prompt_tokens: 90, completion_tokens: 20 });
  });
  const stack = await startStack({ DAILY_TOKENS_PER_USER: '100', ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, { 'user-id': 'ana' });
  await (await stack.watch(job)).until(isEnd);
  const refused = await post(stack.url, { 'user-id': 'ana' });
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: 'budget_used_up' });
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(86_400);
  expect((await post(stack.url, { 'user-id': 'bob' })).status).toBe(202);
});

test("a day's budget of money counts what is billed by other units than tokens", async () => {
  const polly = await startPolly();
  const stack = await startStack({ DAILY_USD_PER_USER: '0.001', PRICES: '{"polly/neural":{"perMillionCharacters":100}}', ...polly.env });
  await stack.startWorker();
  const speak = (user: string) => submitJson(stack, '/api/ai/generate-audio', { text: 'Water is wet.', format: 'wav' }, user);
  const { body: job } = await speak('ana');
  const { data } = await (await stack.watch(job)).until(isEnd);
  expect(data['usage']).toEqual({ inputTokens: 0, outputTokens: 0, characters: 13, costUsd: 0.0013 });
  const refused = await speak('ana');
  expect([refused.status, refused.body]).toMatchObject([
    429,
    { code: 'budget_used_up', detail: expect.stringContaining('money') as string },
  ]);
  expect((await post(stack.url, { 'user-id': 'ana' })).status).toBe(429); // whatever the kind
  expect((await speak('bob')).status).toBe(202);
});

test("a burst does not overrun a day's budget: what running jobs are expected to cost is reserved", async () => {
  const all = latch();
  const openai = await startOpenAI(async (pen) => {
    await all.wait;
    pen.text('{"flashcards":[{"front":"a","back":"b"}]}');
    pen.finish('stop', { prompt_tokens: 200, completion_tokens: 100 });
  });
  const stack = await startStack({ DAILY_TOKENS_PER_USER: '1000', RATE_LIMIT_MAX: '1000', ...openai.env });
  await stack.startWorker();
  const answers = await Promise.all(Array.from({ length: 60 }, () => post(stack.url, { 'user-id': 'ana' })));
  const accepted = await Promise.all(
    answers.filter(({ status }) => status === 202).map(async (answer) => (await answer.json()) as Record<string, any>),
  );
  const refused = answers.find(({ status }) => status === 429);
  expect(await refused?.json()).toMatchObject({ code: 'budget_used_up', detail: expect.stringContaining('reserved') as string });
  expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(30); // until a job ends, and not until midnight
  expect((await post(stack.url, { 'user-id': 'bob' })).status).toBe(202);
  all.open();
  for (const job of accepted) await (await stack.watch(job)).until(isEnd);
  expect(accepted.length).toBeGreaterThan(0);
  expect(300 * accepted.length).toBeLessThan(1000 + 300);
  expect((await post(stack.url, { 'user-id': 'ana' })).status).toBe(202); // they cost less than was reserved
});

test('a provider that bills no tokens reserves none, and one with a price reserves money', async () => {
  const polly = await startPolly();
  const prices = { PRICES: '{"polly/neural":{"perMillionCharacters":100}}' };
  const stack = await startStack({ DAILY_TOKENS_PER_USER: '1', DAILY_USD_PER_USER: '0.003', ...prices, ...polly.env });
  await stack.startWorker();
  const cards = await Promise.all(Array.from({ length: 20 }, () => post(stack.url, { 'user-id': 'ana' })));
  expect(cards.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 202)); // the offline generator is free
  const speak = () => submitJson(stack, '/api/ai/generate-audio', { text: 'Water is wet.', format: 'wav' }, 'bob');
  const spoken = await Promise.all(Array.from({ length: 10 }, speak));
  expect(spoken.filter(({ status }) => status === 202)).toHaveLength(3); // 0.0013 each
});
