/** Idempotency keys: one key of a user is one job, over processes and past its end. */
import { expect, test } from 'vitest';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const PATH = '/api/ai/generate-flashcards';

const submitWith = (
  stack: Stack,
  key: string,
  body: object = { content: 'Hund: dog' },
  headers: Record<string, string> = {},
  path = stack.url,
) => fetch(path + PATH, { method: 'POST', headers: { ...JSON_TYPE, 'idempotency-key': key, ...headers }, body: JSON.stringify(body) });

test('one key is one job, over processes, and however the key is written', async () => {
  const stack = await startStack();
  const other = await stack.startApi();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, n) => submitWith(stack, n % 3 === 0 ? '"k-1"' : 'k-1', undefined, {}, n % 2 ? stack.url : other.url)),
  );
  const jobs = await Promise.all(answers.map(async (answer) => ((await answer.json()) as Record<string, any>)['jobId']));
  expect(new Set(jobs).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get('idempotent-replayed') === 'true')).toHaveLength(59);
  expect(answers.every(({ status }) => status === 202)).toBe(true);
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(1);

  const spaced = await submitWith(stack, 'k-1', { count: 10, content: 'Hund: dog', unknown: true });
  expect(((await spaced.json()) as Record<string, any>)['jobId']).toBe(jobs[0]); // the same once validated
  expect((await submitWith(stack, 'k-1', { content: 'Katze: cat' })).status).toBe(422);
  const others = await submitWith(stack, 'k-1', undefined, { 'user-id': 'bob' });
  expect(((await others.json()) as Record<string, any>)['jobId']).not.toBe(jobs[0]);
});

test('a replay after the end gives the ended job; keys of a strange form are a 400', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const first = (await (await submitWith(stack, 'once')).json()) as Record<string, any>;
  await (await stack.watch(first)).until(isEnd);
  expect(await (await submitWith(stack, 'once')).json()).toMatchObject({
    jobId: first['jobId'],
    status: 'completed',
    result: expect.anything(),
  });
  expect(openai.calls).toHaveLength(1);
  for (const key of ['', '""', 'a b', '"open', 'x'.repeat(256), 'ü']) {
    const response = await submitWith(stack, key).catch(() => undefined); // some are not even a header
    expect([key, response?.status ?? 400]).toEqual([key, 400]);
  }
});
