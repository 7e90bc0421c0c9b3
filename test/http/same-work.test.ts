/** The same work once, where it is switched on: an identical input joins the job that runs for it, or gets its result. */
import { expect, test } from 'vitest';
import { answerWith, latch, startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

async function post(stack: Stack, user: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${stack.url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-id': user, ...headers },
    body: JSON.stringify(body),
  });
  const job = (await response.json()) as Record<string, any>;
  return { reused: response.headers.get('job-reused'), job, id: job['jobId'] as string };
}

const NOTES = { content: 'Notes.', count: 2 };

test('identical input of one user is one job while it runs and once it is done; of another, or changed, it is its own', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    await go.wait;
    answerWith()(pen, call, n);
  });
  const stack = await startStack({ SAME_WORK_WINDOW_S: '60', ...openai.env });
  await stack.startWorker();
  const first = await post(stack, 'ana', NOTES);
  expect(first.reused).toBeNull();
  const again = await Promise.all(Array.from({ length: 10 }, () => post(stack, 'ana', { count: 2, content: 'Notes.' })));
  expect(again.map(({ id, reused }) => [id, reused])).toEqual(again.map(() => [first.id, 'true']));
  const others = [await post(stack, 'bob', NOTES), await post(stack, 'ana', { ...NOTES, count: 3 })];
  expect(new Set([first.id, ...others.map(({ id }) => id)]).size).toBe(3);

  go.open();
  expect((await (await stack.watch(first.job)).until(isEnd)).event).toBe('completed');
  const done = await post(stack, 'ana', NOTES);
  expect(done).toMatchObject({ reused: 'true', id: first.id, job: { status: 'completed', result: { flashcards: [{}, {}] } } });
  const keyed = await post(stack, 'ana', NOTES, { 'idempotency-key': 'k' });
  expect(keyed.id).not.toBe(first.id); // a key says outright what is the same
  expect(openai.calls.length).toBeLessThanOrEqual(4);
});

test('what failed, was cancelled or is gone is not joined', async () => {
  const openai = await startOpenAI((pen) => pen.fail(400, {}));
  const stack = await startStack({ SAME_WORK_WINDOW_S: '60', ...openai.env });
  const cancelled = await post(stack, 'ana', NOTES);
  await fetch(stack.url + cancelled.job['cancelUrl'], { method: 'POST', headers: { 'user-id': 'ana' } });
  await stack.startWorker();
  const failed = await post(stack, 'ana', NOTES);
  expect([failed.id === cancelled.id, failed.reused]).toEqual([false, null]);
  await (await stack.watch(failed.job)).until(isEnd);
  const next = await post(stack, 'ana', NOTES);
  expect([next.id === failed.id, next.reused]).toEqual([false, null]);
});

test('switched off, as it comes, every submission is a job', async () => {
  const stack = await startStack();
  const [one, two] = [await post(stack, 'ana', NOTES), await post(stack, 'ana', NOTES)];
  expect(one.id).not.toBe(two.id);
});
