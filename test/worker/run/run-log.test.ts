/** What the logs tell of a job: who did it, what it waited, took and cost, under the id of its request from the API to the webhook. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { RunLog } from '../../../worker/run/run-log.ts';
import { analysed, startAzureVision } from '../../support/azure-image.ts';
import { answerWith, card, pieces, startOpenAI } from '../../support/openai.ts';
import { print } from '../../support/pages.ts';
import { startReceiver } from '../../support/receiver.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { logLines, type Serving } from '../../support/stack.ts';
import { sendJson } from '../../support/vendor-server.ts';

const KIND = 'generate-flashcards';
const ID = { 'x-request-id': 'request-42' };
const NOTES = { content: 'Notes of the user.', count: 2 };

const linesOf = ({ log }: Serving, message: string) => log().filter(({ msg }) => msg === message);

test('a run tells who does it, how long its job had waited, what each call took, and what it has used', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit(NOTES, ID);
  await (await stack.watch(job)).until(isEnd);
  await worker.stop();

  const ids = { jobId: job['jobId'], requestId: 'request-42', kind: KIND, attempt: 1 };
  const author = { provider: 'openai', model: expect.any(String) };
  const usage = { inputTokens: 100, outputTokens: 20, costUsd: expect.any(Number) };
  const ms = expect.any(Number);
  expect(linesOf(worker, 'job started')).toMatchObject([{ level: 30, ...ids, ...author, waitMs: ms }]);
  expect(linesOf(worker, 'vendor called')).toMatchObject([
    { level: 20, ...ids, ...author, ...usage, capability: 'structuredAnswer', ms, firstMs: ms },
  ]);
  expect(linesOf(worker, 'vendor called')[0]).not.toHaveProperty('code');
  expect(linesOf(worker, 'job done')).toMatchObject([{ level: 30, ...ids, ...author, ...usage, waitMs: ms, ms }]);
  for (const secret of ['sk-test', 'Notes', 'front 1']) expect(worker.output()).not.toContain(secret);
});

test('an attempt that ends tells the same as far as it is known, and a job that fails tells its code', async () => {
  const openai = await startOpenAI((pen, _call, n) => {
    if (n > 1) return pen.fail(400, {});
    const { open, cards } = pieces([card(1)]);
    pen.text(open + cards.join(''));
    pen.finish(null as never, { prompt_tokens: 5, completion_tokens: 7 }); // and the connection ends
  });
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit(NOTES, ID);
  await (await stack.watch(job)).until(isEnd);
  await worker.stop();

  const ids = { jobId: job['jobId'], requestId: 'request-42', kind: KIND };
  const known = { ...ids, provider: 'openai', waitMs: expect.any(Number), ms: expect.any(Number) };
  const [cutOff, refused] = linesOf(worker, 'job attempt ended');
  expect(cutOff).toMatchObject({ ...known, attempt: 1, inputTokens: 5, outputTokens: 7, err: { code: 'provider_cut_off' } });
  expect(refused).toMatchObject({ ...known, attempt: 2, err: { code: 'provider_rejected' } });
  expect(refused).not.toHaveProperty('inputTokens'); // nobody bills a request that is refused
  expect(linesOf(worker, 'job started')).toMatchObject([{ attempt: 1 }, { attempt: 2, waitMs: expect.any(Number) }]);
  expect(linesOf(worker, 'vendor called')).toMatchObject([{ code: 'provider_cut_off' }, { code: 'provider_rejected' }]);
  expect(linesOf(worker, 'job failed')).toMatchObject([{ level: 40, ...ids, attempt: 2, code: 'provider_rejected' }]);
  expect(linesOf(worker, 'job done')).toEqual([]);
});

test('a pause that a vendor asked for is no wait', async () => {
  const openai = await startOpenAI((pen, call, n) => (n === 1 ? pen.fail(429, {}, { 'retry-after': '1' }) : answerWith()(pen, call, n)));
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  await (await stack.watch(await stack.submit(NOTES))).until(isEnd);
  await worker.stop();
  const [, again] = linesOf(worker, 'job started');
  const [done] = linesOf(worker, 'job done');
  expect(again?.['waitMs']).toBe(done?.['waitMs']);
  const [first, second] = linesOf(worker, 'job started').map(({ time }) => Number(time));
  expect(Number(done?.['waitMs'])).toBeLessThan(Number(second) - Number(first));
});

test('the id of a request goes to its job, to the job that comes of it, and to their webhooks', async () => {
  const vision = await startAzureVision((response) => sendJson(response, 200, analysed(['Water boils at 100 degrees Celsius.'])));
  const stack = await startStack({ ...vision.env, WEBHOOK_SECRET: 'a secret of sixteen' });
  const worker = await stack.startWorker();
  const receiver = await startReceiver();
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(await print(['Water'], { width: 200, height: 90, size: 36 }))]), 'page.png');
  form.set('then', 'flashcards');
  form.set('callbackUrl', receiver.url);
  const answer = await fetch(`${stack.url}/api/process-image`, { method: 'POST', body: form, headers: { 'user-id': 'ana', ...ID } });
  expect(await answer.json()).toMatchObject({ status: 'queued' });
  await receiver.called(2);
  await expect.poll(() => linesOf(stack.api, 'webhook delivered').length).toBe(2);
  await worker.stop();

  const requests = (part: Serving, message: string) => linesOf(part, message).map(({ requestId }) => requestId);
  expect(requests(stack.api, 'request')).toContain('request-42');
  expect(requests(stack.api, 'job submitted')).toEqual(['request-42']);
  for (const message of ['job started', 'job done']) {
    expect(linesOf(worker, message)).toMatchObject([{ kind: 'process-image' }, { kind: KIND }]);
    expect(requests(worker, message)).toEqual(['request-42', 'request-42']);
  }
  expect(requests(worker, 'vendor called')).toContain('request-42');
  expect(requests(stack.api, 'webhook delivered')).toEqual(['request-42', 'request-42']);
});

test('lines of calls are not made while they are off', () => {
  for (const [level, times] of [
    ['info', 0],
    ['debug', 1],
  ] as const) {
    let output = '';
    const log = pino({ level }, { write: (line: string) => void (output += line) });
    const run = new RunLog(log, { jobId: 'j', requestId: 'r', kind: KIND, attempt: 1 }, undefined);
    let asked = 0;
    const used = () => (asked++, { inputTokens: 1, outputTokens: 2 });
    run.called('structuredAnswer', { author: { provider: 'openai' }, ms: 1, used });
    expect([asked, logLines(output).length]).toEqual([times, times]);
  }
});

test('the cost of a run is known only where that of each call is', () => {
  let output = '';
  const log = pino({}, { write: (line: string) => void (output += line) });
  const run = new RunLog(log, { jobId: 'j', requestId: 'r', kind: KIND, attempt: 1 }, undefined);
  run.used({ provider: 'openai', model: 'one' }, { inputTokens: 1, outputTokens: 2, costUsd: 0.5, estimated: true });
  run.used({ provider: 'openai', model: 'two' }, { inputTokens: 3, outputTokens: 4, seconds: 5 });
  run.done(7);
  const [done] = logLines(output);
  expect(done).toMatchObject({ provider: 'openai', model: 'two', inputTokens: 4, outputTokens: 6, seconds: 5, estimated: true, ms: 7 });
  expect(done).not.toHaveProperty('costUsd');
});
