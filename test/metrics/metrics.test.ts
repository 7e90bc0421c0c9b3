/** The metrics of both processes: who may read them, and what they tell. */
import { expect, test } from 'vitest';
import { answerWith, latch, startOpenAI } from '../support/openai.ts';
import { checkScrape, hasPromtool } from '../support/promtool.ts';
import { startProxy } from '../support/proxy.ts';
import { openQueue } from '../support/queue.ts';
import { scrape, seriesIn, valueOf } from '../support/scrape.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';
import { submitJson } from '../support/submit.ts';

const ANA = { 'user-id': 'ana' };
const TOKEN = 'token-of-sixteen-characters';
const PATH = '/api/ai/generate-flashcards';
const KIND = { kind: 'generate-flashcards' };

const statusOf = async (url: string, headers: Record<string, string> = {}) => (await fetch(`${url}/metrics`, { headers })).status;

test('who shows ADMIN_TOKEN may read them, in both processes', async () => {
  const stack = await startStack({ ADMIN_TOKEN: TOKEN });
  const worker = await stack.startWorker();
  for (const { url } of [stack.api, worker]) {
    const right = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
    expect([right.status, right.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(await statusOf(url)).toBe(401);
    expect(await statusOf(url, { authorization: 'Bearer token-of-sixteen-characterz' })).toBe(401);
  }
});

test('without a token development lets anyone read them, and in production there is no such address', async () => {
  const stack = await startStack();
  const worker = await stack.startWorker();
  for (const { url } of [stack.api, worker]) expect(await statusOf(url)).toBe(200);
  const production = { NODE_ENV: 'production', AUTH: 'trusted-header', WORKER_HEALTH_PORT: '0' };
  for (const { url } of [await stack.startApi(production), await stack.startWorker(production)]) expect(await statusOf(url)).toBe(404);
});

test('a job is counted from its submission to its delivery', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const { jobId } = await stack.submit({ content: 'Notes.' }, ANA);
  const watched = await stack.watch({ streamUrl: `/api/jobs/${jobId}/events` }, ANA);
  await watched.until(isEnd);
  await watched.ended;
  await submitJson(stack, PATH, { content: '' });

  // What the queue holds is read at most once in a while, and submissions read it, too.
  await expect.poll(async () => valueOf(await scrape(stack.url), 'aijobs_queue_jobs', { state: 'completed' })).toBe(1);
  const api = await scrape(stack.url);
  expect(valueOf(api, 'aijobs_submissions_total', { ...KIND, outcome: 'new' })).toBe(1);
  expect(valueOf(api, 'aijobs_submissions_total', { ...KIND, outcome: 'invalid_input' })).toBe(1);
  expect(valueOf(api, 'http_server_request_duration_seconds_count', { http_route: PATH, http_response_status_code: '202' })).toBe(1);
  expect(valueOf(api, 'http_server_request_duration_seconds_count', { http_route: '/api/jobs/:jobId/events' })).toBeUndefined();
  expect(valueOf(api, 'aijobs_stream_opened_total', { type: 'job' })).toBe(1);
  expect(valueOf(api, 'aijobs_stream_closed_total', { type: 'job', why: 'ended' })).toBe(1);
  expect(valueOf(api, 'aijobs_stream_followers')).toBe(0);
  expect(valueOf(api, 'aijobs_stream_events_total', { type: 'job' })).toBeGreaterThan(10);
  expect(valueOf(api, 'aijobs_queue_jobs', { state: 'completed' })).toBe(1);
  expect(valueOf(api, 'aijobs_queue_oldest_waiting_seconds')).toBe(0);
  expect(valueOf(api, 'aijobs_workers_live')).toBe(1);
  expect(valueOf(api, 'aijobs_workers_slots', { lane: 'generate-flashcards' })).toBe(3);
  for (const lane of ['generate-flashcards', 'shared']) {
    for (const name of ['queue_backlog_seconds', 'workers_utilization_ratio']) expect(valueOf(api, `aijobs_${name}`, { lane })).toBe(0);
  }
  for (const name of ['backlog_seconds', 'utilization_ratio']) expect(valueOf(api, `aijobs_${name}`)).toBe(0);

  const run = await scrape(worker.url);
  const call = { gen_ai_operation_name: 'chat', gen_ai_provider_name: 'openai', error_type: '' };
  expect(valueOf(run, 'aijobs_jobs_ended_total', { ...KIND, provider: 'openai', outcome: 'completed', code: '' })).toBe(1);
  expect(valueOf(run, 'aijobs_items_total', KIND)).toBe(10);
  for (const name of ['wait', 'run', 'first_item']) expect(valueOf(run, `aijobs_job_${name}_seconds_count`, KIND)).toBe(1);
  expect(valueOf(run, 'gen_ai_client_operation_duration_seconds_count', call)).toBe(1);
  expect(valueOf(run, 'gen_ai_client_operation_time_to_first_chunk_seconds_count')).toBe(1);
  expect(valueOf(run, 'gen_ai_client_token_usage_sum', { gen_ai_token_type: 'input' })).toBe(100);
  expect(valueOf(run, 'aijobs_cost_usd_total', { ...KIND, provider: 'openai', estimated: 'false' })).toBeGreaterThan(0);
  expect(valueOf(run, 'aijobs_breaker_open', { provider: 'openai' })).toBe(0);
});

test('what alerts watch the increase of is 0 from the start, so that the first time is an increase', async () => {
  const stack = await startStack();
  const worker = await stack.startWorker();
  const [api, run] = [await scrape(stack.url), await scrape(worker.url)];
  for (const outcome of ['new', 'queue_full', 'storage_full', 'server_busy', 'provider_not_configured', 'internal_error']) {
    expect([outcome, valueOf(api, 'aijobs_submissions_total', { ...KIND, outcome })]).toEqual([outcome, 0]);
  }
  expect(valueOf(run, 'aijobs_attempts_total', { ...KIND, what: 'stalled', code: 'worker_lost' })).toBe(0);
});

test('a worker says whether it can take jobs, and if not why', async () => {
  const stack = await startStack();
  const proxy = await startProxy(Number(new URL(stack.env['REDIS_URL'] ?? '').port));
  const worker = await stack.startWorker({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  expect(valueOf(await scrape(worker.url), 'aijobs_worker_up', { trouble: '' })).toBe(1);
  proxy.target(1);
  proxy.cut();
  await expect.poll(async () => valueOf(await scrape(worker.url), 'aijobs_worker_up', { trouble: 'redis: away' })).toBe(0);
});

test('a pause that was intended is no wait, and is counted by why', async () => {
  const submitted = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    await submitted.wait;
    pen.fail(429, {}, { 'retry-after': '1' });
  });
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  // The job is three hours old when it is put off: only what came after its pause may count.
  const { redis, keys } = await openQueue(stack.prefix);
  await redis.hincrby(keys.job(job['jobId']), 'timestamp', -3 * 3_600_000);
  submitted.open();
  await (await stack.watch(job)).until(isEnd);
  const text = await scrape(worker.url);
  expect(valueOf(text, 'aijobs_attempts_total', { ...KIND, what: 'put_off', code: 'provider_rate_limited' })).toBe(1);
  expect(valueOf(text, 'aijobs_job_wait_seconds_count', KIND)).toBe(2);
  expect(valueOf(text, 'aijobs_job_wait_seconds_bucket', { ...KIND, le: '1800' })).toBe(2);
  expect(valueOf(text, 'gen_ai_client_operation_duration_seconds_count', { error_type: 'provider_rate_limited' })).toBe(1);
});

test('a failed attempt is a retry, and its last one an end with a code', async () => {
  const openai = await startOpenAI((pen) => pen.fail(500, {}));
  const stack = await startStack({ ...openai.env, JOB_ATTEMPTS: '2' });
  const worker = await stack.startWorker();
  await (await stack.watch(await stack.submit({ content: 'Notes.' }, ANA))).until(isEnd);
  const text = await scrape(worker.url);
  expect(valueOf(text, 'aijobs_attempts_total', { ...KIND, what: 'retry', code: 'provider_unavailable' })).toBe(1);
  expect(valueOf(text, 'aijobs_jobs_ended_total', { ...KIND, outcome: 'failed', code: 'provider_unavailable' })).toBe(1);
});

test('a job that completes after a failed attempt has completed', async () => {
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? pen.fail(500, {}) : answerWith()(pen, call, n)));
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  expect((await (await stack.watch(await stack.submit({ content: 'Notes.' }, ANA))).until(isEnd)).event).toBe('completed');
  const ended = async (outcome: string) => valueOf(await scrape(worker.url), 'aijobs_jobs_ended_total', { ...KIND, outcome });
  await expect.poll(async () => (await ended('completed')) ?? 0).toBe(1);
  expect(await ended('failed')).toBeUndefined();
  expect(valueOf(await scrape(worker.url), 'aijobs_attempts_total', { ...KIND, what: 'retry' })).toBe(1);
});

test('who cancels a job counts it', async () => {
  const stack = await startStack();
  const { jobId } = await stack.submit({ content: 'Notes.' }, ANA);
  await fetch(`${stack.url}/api/jobs/${jobId}/cancel`, { method: 'POST', headers: ANA });
  await fetch(`${stack.url}/api/jobs/${jobId}/cancel`, { method: 'POST', headers: ANA });
  expect(valueOf(await scrape(stack.url), 'aijobs_jobs_ended_total', { ...KIND, outcome: 'cancelled' })).toBe(1);
});

for (const LANES of ['off', 'auto'])
  test(`the oldest job that waits is found behind others, and where none waits it is 0: LANES=${LANES}`, async () => {
    const stack = await startStack({ LANES });
    const lane = LANES === 'off' ? 'shared' : 'generate-flashcards';
    const oldest = async () => valueOf(await scrape(stack.url), 'aijobs_queue_oldest_waiting_seconds', { state: 'waiting', lane });
    expect(await oldest()).toBe(0);
    const jobs = await Promise.all(['ana', 'ben', 'cleo'].map((user) => stack.submit({ content: 'Notes.' }, { 'user-id': user })));
    const { redis, keys } = await openQueue(stack.prefix);
    await redis.hincrby(keys.job(jobs[2]?.['jobId']), 'timestamp', -3 * 3_600_000);
    await expect.poll(async () => valueOf(await scrape(stack.url), 'aijobs_queue_jobs', { state: 'waiting', lane })).toBe(3);
    expect(valueOf(await scrape(stack.url), 'aijobs_queue_jobs', { state: 'waiting' })).toBe(3);
    const seconds = await oldest();
    expect(Math.floor((seconds ?? 0) / 3600)).toBe(3);
  });

test('while Redis is away a scrape says so, and tells nothing of the queue', async () => {
  const stack = await startStack();
  const proxy = await startProxy(Number(new URL(stack.env['REDIS_URL'] ?? '').port));
  const api = await stack.startApi({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  expect(valueOf(await scrape(api.url), 'aijobs_redis_up')).toBe(1);
  proxy.target(1);
  proxy.cut();
  await expect.poll(async () => valueOf(await scrape(api.url), 'aijobs_redis_up', { trouble: 'away' })).toBe(0);
  const text = await scrape(api.url);
  expect(valueOf(text, 'aijobs_redis_up')).toBe(0);
  expect(valueOf(text, 'aijobs_workers_live')).toBeUndefined();
  expect(valueOf(text, 'aijobs_submissions_total', { outcome: 'new' })).toBe(0);
});

/** Series of ours, without their values: what a metric's labels were given. */
function ownSeries(text: string): Set<string> {
  const own = seriesIn(text).filter(({ name }) => /^(aijobs|http|gen_ai)_/.test(name));
  return new Set(own.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`));
}

test('many users and jobs add no series, and nothing of a user is named', async () => {
  const stack = await startStack({ MAX_QUEUE_DEPTH: '100000' });
  const worker = await stack.startWorker({ WORKER_CONCURRENCY: '20', WORKER_RATE_MAX: '100000' });
  const ids: string[] = [];
  /** Each of these users lists jobs; every third one also submits a job, watches it and asks for one that is not there. */
  const serve = async (from: number, to: number): Promise<void> => {
    const users = Array.from({ length: to - from }, (_, n) => `user-${from + n}`);
    for (let at = 0; at < users.length; at += 20) {
      const some = users.slice(at, at + 20).map(async (user, n) => {
        const headers = { 'user-id': user };
        await (await fetch(`${stack.url}/api/jobs`, { headers })).arrayBuffer();
        if (n % 3 > 0) return;
        const job = await stack.submit({ content: `Water boils at ${at} degrees.`, topic: `topic-${user}` }, headers);
        ids.push(job['jobId']);
        await (await stack.watch(job)).until(isEnd);
        await (await fetch(`${stack.url}/api/jobs/none-of-${user}`, { headers })).arrayBuffer();
        await (await fetch(`${stack.url}/nowhere/${user}`, { headers })).arrayBuffer();
      });
      await Promise.all(some);
    }
  };
  await serve(0, 20);
  // A time until the end is told once figures are read after the first job has ended.
  await expect.poll(async () => valueOf(await scrape(stack.url), 'aijobs_queue_eta_seconds', { lane: 'shared' })).toBeDefined();
  const before = [await scrape(stack.url), await scrape(worker.url)];
  await serve(20, 200);
  const after = [await scrape(stack.url), await scrape(worker.url)];
  for (const [n, text] of after.entries()) {
    expect(ownSeries(text).difference(ownSeries(before[n] ?? ''))).toEqual(new Set());
    expect(text).not.toMatch(/user-\d|topic-|none-of-|nowhere/);
    expect(ids.filter((id) => text.includes(id))).toEqual([]);
  }
  expect(ids).toHaveLength(70);
  expect(valueOf(after[1] ?? '', 'aijobs_jobs_ended_total', { ...KIND, outcome: 'completed' })).toBe(70);
});

test.skipIf(!hasPromtool)("Prometheus' own check finds nothing wrong", async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  await (await stack.watch(await stack.submit({ content: 'Notes.' }, ANA))).until(isEnd);
  for (const { url } of [stack.api, worker]) expect(checkScrape(await scrape(url))).toBe('');
});
