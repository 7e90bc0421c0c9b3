/** Two workers with different models: the registry, the provider of a job, same work and estimates tell the truth. */
import { expect, test } from 'vitest';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

test('while models differ no answer stands for another; a job says which model gave its answer', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack({ ...openai.env, SAME_WORK_WINDOW_S: '600' });
  const kinds = async () => (await stack.get('/api/kinds'))['kinds'][0];
  expect(await kinds()).toEqual(expect.objectContaining({ name: 'generate-flashcards', available: true })); // none is known: jobs wait

  const first = await stack.startWorker({ OPENAI_MODEL: 'model-a' });
  const second = await stack.startWorker({ OPENAI_MODEL: 'model-b' });
  await expect.poll(kinds).toMatchObject({ available: true, provider: 'openai' }); // the API knows within a second
  await expect.poll(async () => (await stack.get('/api/queue/stats'))['concurrency']).toBe(18); // three slots of three kinds, twice
  expect(await stack.get('/api/queue/stats')).toMatchObject({ workers: 2 });

  const ask = async () => {
    const job = await stack.submit({ content: 'The same notes.', count: 1 }, { 'user-id': 'ana' });
    await (await stack.watch(job)).until(isEnd);
    return stack.get(`/api/jobs/${job['jobId']}`, { 'user-id': 'ana' });
  };
  const answered = [await ask(), await ask()];
  expect(new Set(answered.map(({ jobId }) => jobId)).size, 'two models: nothing is reused').toBe(2);
  const asked = openai.calls.map(({ body }) => body['model']);
  expect(answered.map(({ provider, model }) => [provider, model])).toEqual(asked.map((model) => ['openai', model]));

  await first.stop();
  await expect.poll(async () => (await stack.get('/api/queue/stats'))['workers']).toBe(1);
  await expect.poll(async () => (await kinds())['model']).toBe('model-b');
  const [third, fourth] = [await ask(), await ask()];
  expect(fourth['jobId'], 'one model: the same work is done once').toBe(third['jobId']);
  expect(third['model']).toBe('model-b');
  await second.stop();
});

test("a fallback's work carries the fallback's name", async () => {
  const openai = await startOpenAI((pen, call, n) =>
    call.body['model'] === 'main' ? pen.fail(503, { error: { message: 'down' } }) : answerWith()(pen, call, n),
  );
  const stack = await startStack({ ...openai.env, OPENAI_MODEL: 'main', OPENAI_FALLBACK_MODEL: 'spare' });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 1 });
  await (await stack.watch(job)).until(isEnd);
  expect(await stack.get(`/api/jobs/${job['jobId']}`)).toMatchObject({ status: 'completed', provider: 'openai', model: 'spare' });
});
