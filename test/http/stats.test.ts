/** The queue in figures: how long jobs wait is told from when they could begin. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Queue } from 'bullmq';
import { QUEUE_NAME } from '../../src/store/keys.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { kinds } from '../../src/kinds/index.ts';
import { implementations } from '../../worker/kinds/index.ts';
import { offline } from '../../worker/vendors/offline.ts';
import { defineVendor } from '../../worker/vendors/vendor.ts';
import { answerWith, latch, type Pen, startOpenAI } from '../support/openai.ts';
import { openQueue } from '../support/queue.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { submitJson } from '../support/submit.ts';

const ANA = { 'user-id': 'ana' };
const HOUR_MS = 3_600_000;

/** Makes a job as old as if it had been submitted three hours ago. */
async function age(stack: Stack, jobId: string): Promise<void> {
  const { redis, keys } = await openQueue(stack.prefix);
  await redis.hset(keys.job(jobId), 'timestamp', Date.now() - 3 * HOUR_MS);
}

const stats = (stack: Stack) => stack.get('/api/queue/stats');

test('a job that is retried hours later has waited since its retry', async () => {
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? pen.fail(400, {}) : answerWith()(pen, call, n)));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end.event).toBe('failed');
  await age(stack, job['jobId']);
  await fetch(`${stack.url}/api/jobs/${job['jobId']}/retry`, { method: 'POST', headers: ANA });
  expect((await (await stack.watch(job, { 'last-event-id': end.id ?? '' })).until(isEnd)).event).toBe('completed');
  expect((await stats(stack))['waitMs'].p95).toBeLessThan(HOUR_MS);
});

for (const [what, fail] of [
  ['a vendor asked to wait', (pen: Pen) => pen.fail(429, {}, { 'retry-after': '1' })],
  ['an attempt failed', (pen: Pen) => pen.fail(500, {})],
] as const) {
  test(`a job that pauses since ${what} has waited since the end of its pause`, async () => {
    const submitted = latch();
    const openai = await startOpenAI(async (pen, call, n) => {
      if (n > 1) return answerWith()(pen, call, n);
      await submitted.wait;
      await age(stack, job['jobId']);
      fail(pen);
    });
    const stack = await startStack(openai.env);
    await stack.startWorker();
    const job = await stack.submit({ content: 'Notes.' }, ANA);
    submitted.open();
    expect((await (await stack.watch(job)).until(isEnd)).event).toBe('completed');
    expect((await stats(stack))['waitMs'].p95).toBeLessThan(HOUR_MS);
  });
}

test('how long the oldest job has waited is told, and 0 where none waits', async () => {
  const stack = await startStack();
  expect((await stats(stack))['oldestWaitingMs']).toBe(0);
  const [old] = [await stack.submit({ content: 'Hund: dog' }, ANA), await stack.submit({ content: 'Katze: cat' }, ANA)];
  await age(stack, old['jobId']);
  expect((await stats(stack))['oldestWaitingMs']).toBeGreaterThanOrEqual(HOUR_MS);
});

test('a job that is handed back has waited since then', async () => {
  const called = latch();
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? called.open() : answerWith()(pen, call, n)));
  const stack = await startStack({ SHUTDOWN_GRACE_MS: '1', ...openai.env });
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, ANA);
  await called.wait;
  await worker.stop();
  await age(stack, job['jobId']);
  await stack.startWorker();
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('completed');
  expect((await stats(stack))['waitMs'].p95).toBeLessThan(HOUR_MS);
});

test('second runs of a version that did not note when they could begin, lost ones and nonsense are left out', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { redis, keys } = await openQueue(stack.prefix);
  const job = await stack.submit({ content: 'Hund: dog' }, ANA);
  await (await stack.watch(job)).until(isEnd);
  const key = keys.job(job['jobId']);
  expect(await stats(stack)).toMatchObject({ waitMs: { p95: expect.any(Number) }, etaSeconds: expect.any(Number) });
  for (const fields of [
    { ats: 2, stc: 0 },
    { ats: 1, stc: 1 },
  ]) {
    await redis.hset(key, fields);
    const seen = await stats(stack);
    expect(seen).toMatchObject({ runMs: { p95: expect.any(Number) } });
    expect(seen).not.toHaveProperty('waitMs');
  }
  for (const fields of [{ processedOn: 'inf' }, { finishedOn: '{}' }, { timestamp: '1e400' }, { finishedOn: '0' }]) {
    await redis.hset(key, fields);
    const seen = await stats(stack);
    expect(JSON.stringify(seen)).not.toContain('null');
    expect(seen).not.toHaveProperty('meanRunMs');
    expect(seen).not.toHaveProperty('waitMs');
  }
});

test('a paused queue says so, and promises no time', async () => {
  const stack = await startStack();
  await stack.startWorker();
  await (await stack.watch(await stack.submit())).until(isEnd);
  const { redis } = await openQueue(stack.prefix);
  const bullmq = new Queue(QUEUE_NAME, { connection: redis, prefix: stack.prefix, skipMetasUpdate: true });
  await bullmq.pause();
  const job = await stack.submit();
  const seen = await stats(stack);
  expect(seen).toMatchObject({ paused: true, counts: { waiting: 1 } });
  expect(seen).not.toHaveProperty('etaSeconds');
  await bullmq.resume();
  await (await stack.watch(job)).until(isEnd);
  expect(await stats(stack)).not.toHaveProperty('paused');
  await bullmq.close();
});

for (const [bottleneck, rate] of [
  ['rate', '1'],
  ['concurrency', '100000000'],
] as const) {
  test(`what bounds the pace is named: the ${bottleneck}`, async () => {
    const stack = await startStack({ WORKER_RATE_MAX: rate });
    expect(await stats(stack)).not.toHaveProperty('bottleneck'); // nobody knows how long jobs run
    await stack.startWorker();
    await (await stack.watch(await stack.submit())).until(isEnd);
    expect(await stats(stack)).toMatchObject({ bottleneck });
    const another = await stack.startWorker();
    if (bottleneck === 'rate') await expect.poll(() => another.output()).toContain('raise WORKER_RATE_MAX');
  });
}

test("the limiter is that of the workers, whatever the API's own environment says", async () => {
  const stack = await startStack();
  await stack.startWorker({ WORKER_RATE_MAX: '1' });
  await (await stack.watch(await stack.submit())).until(isEnd);
  expect(await stats(stack)).toMatchObject({ bottleneck: 'rate' });
});

/** A vendor that says nothing of its price. */
const unpriced = defineVendor({
  name: 'unpriced',
  keys: [],
  variables: {},
  offers: () => ({
    structuredAnswer: {
      available: true,
      kinds: ['generate-flashcards'],
      author: { provider: 'unpriced' },
      answers: 'unpriced',
      async work({ take }, { startCall }) {
        const call = await startCall({ inputTokens: 5, outputTokens: 0 }, { provider: 'unpriced' });
        await take('flashcards', { front: 'Hund', back: 'dog' });
        await call.settle({ inputTokens: 5, outputTokens: 5 });
        return 'whole';
      },
    },
  }),
});

test('calls of a vendor without a price count as unknown, and the log warns of them where budgets are in dollars', async () => {
  const stack = await startStack(
    { PROVIDER_FLASHCARDS: 'unpriced', DAILY_USD_PER_USER: '1', LOG_LEVEL: 'warn' },
    { kinds, implementations, vendors: [unpriced, offline] },
  );
  const worker = await stack.startWorker();
  expect(worker.log().map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/no price of unpriced is known.*no budget in dollars/));
  expect(await stats(stack)).not.toHaveProperty('costs');
  const content = 'The mitochondrion is the power plant of the cell.';
  for (const path of ['/api/ai/generate-flashcards', '/api/ai/generate-lesson', '/api/ai/generate-lesson']) {
    const { body } = await submitJson(stack, path, { content, sections: 1, count: 1 });
    expect((await (await stack.watch(body)).until(isEnd)).event).toBe('completed');
  }
  expect(await stats(stack)).toMatchObject({ costs: { known: 2, unknown: 1 } });
});

test('who asks while the figures are read shares the next reading, which knows all that was there when they asked', async () => {
  const { queue } = await openQueue();
  const first = queue.stats();
  await queue.add({ kind: 'generate-flashcards', owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: {} });
  const later = await Promise.all(Array.from({ length: 100 }, () => queue.stats()));
  expect(new Set([await first, ...later]).size).toBeLessThanOrEqual(3);
  expect(later.map(({ counts }) => counts.waiting)).toEqual(later.map(() => 1));
});

const KIND = 'generate-flashcards';

test('an autoscaler has a number from the start: without a worker, and before any job has run', async () => {
  const stack = await startStack();
  expect(await stats(stack)).toMatchObject({ backlogSeconds: 0, utilization: 0, lanes: { [KIND]: { backlogSeconds: 0, utilization: 0 } } });
  await stack.submit();
  await stack.submit({ content: 'Hund: dog' });
  const waits = { backlogSeconds: 10, utilization: 1 }; // 5 s a job, as if there were one slot
  expect(await stats(stack)).toMatchObject({ ...waits, concurrency: 0, lanes: { [KIND]: waits, 'generate-lesson': { utilization: 0 } } });
});

test('each lane says how many of its slots are busy, and the whole says it of the one that needs workers most', async () => {
  const release = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    await release.wait;
    await answerWith()(pen, call, n);
  });
  const stack = await startStack(openai.env);
  await stack.startWorker({ WORKER_CONCURRENCY: '2' });
  const jobs = await Promise.all([1, 2, 3].map((n) => stack.submit({ content: `Notes ${n}.`, count: 1 })));
  const full = { backlogSeconds: 3, utilization: 1 }; // one waits 5 s for one of two slots
  const idle = { waiting: 0, active: 0, backlogSeconds: 0, utilization: 0 };
  await expect
    .poll(() => stats(stack))
    .toMatchObject({
      ...full,
      lanes: { [KIND]: { ...full, waiting: 1, active: 2, concurrency: 2 }, 'generate-lesson': idle },
    });
  const { counts, concurrency } = await stats(stack);
  expect(counts['active'] / concurrency).toBeLessThan(1); // slots of other lanes are free
  release.open();
  for (const job of jobs) await (await stack.watch(job)).until(isEnd);
  await expect.poll(() => stats(stack)).toMatchObject({ backlogSeconds: 0, utilization: 0, lanes: { [KIND]: idle } });
});

/** The value at a path of GJSON: names with dots between. */
const valueAt = (body: unknown, path: string) =>
  path.split('.').reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], body);

test.each(['docs/handbook/autoscaling.md', 'deploy/kubernetes/keda.yaml'])('what %s lets an autoscaler read is a number', async (file) => {
  const stack = await startStack();
  const seen = await stats(stack);
  const paths = [...(await readFile(file, 'utf8')).matchAll(/valueLocation: ([\w.-]+)/g)].map(([, path]) => path ?? '');
  expect(paths).not.toEqual([]);
  expect(paths.filter((path) => typeof valueAt(seen, path) !== 'number')).toEqual([]);
});
