/** What operators see of errors: counted where runs end, with who was asked, and told by every process. */
import { expect, test } from 'vitest';
import { startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const OPERATOR = { authorization: 'Bearer the-operator-knows-it' };

test('attempts that fail, jobs that fail and jobs that are put off are told apart, each with a job', async () => {
  const openai = await startOpenAI((pen, call) => {
    const isBusy = JSON.stringify(call).includes('Too busy.');
    return isBusy
      ? pen.fail(429, { error: { message: 'slow down' } }, { 'retry-after': '600' })
      : pen.fail(400, { error: { message: 'No.' } });
  });
  const stack = await startStack({ ADMIN_TOKEN: 'the-operator-knows-it', ...openai.env });
  await stack.startWorker();
  const job = await stack.submit({ content: 'Refused.' }, { 'user-id': 'ana' });
  await (await stack.watch(job)).until(isEnd);
  const { jobId: busy } = await stack.submit({ content: 'Too busy.' });
  const read = async () =>
    ((await (await fetch(`${stack.url}/admin/errors`, { headers: OPERATOR })).json()) as { errors: Record<string, any>[] }).errors;
  await expect.poll(read).toHaveLength(2);
  const [failed, putOff] = await read();
  const ofOpenAI = { kind: 'generate-flashcards', provider: 'openai', model: expect.any(String), title: expect.any(String) };
  expect(failed).toMatchObject({
    ...ofOpenAI,
    code: 'provider_rejected',
    lastFiveMinutes: { failed: 1, retried: 0, putOff: 0 },
    jobId: job['jobId'],
  });
  expect(putOff).toMatchObject({ ...ofOpenAI, code: 'provider_rate_limited', lastHour: { failed: 0, retried: 0, putOff: 1 }, jobId: busy });
});
