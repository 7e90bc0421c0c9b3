/** Audio over the real stack: parts come one by one and can be played at once, and nothing is spoken twice. */
import { expect, test } from 'vitest';
import { durationOf } from '../../../worker/audio/pcm.ts';
import { decodeWav } from '../../../worker/audio/wav.ts';
import { latch } from '../../support/openai.ts';
import { refuse, speak, startPolly } from '../../support/polly.ts';
import { decode, PATH, programs } from '../../support/spoken.ts';
import { isEnd, type StreamEvent, type Watched } from '../../support/sse.ts';
import { startStack as startProcesses } from '../../support/stack.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { submitJson } from '../../support/submit.ts';
import type { Answerer, VendorServer } from '../../support/vendor-server.ts';

const PATH_OF_KIND = '/api/ai/generate-audio';

/** Five parts of one long sentence each, as Polly is asked for them. */
const PARTS = Array.from({ length: 5 }, (_, n) => `${`This is part ${n} of a long text that goes on`.padEnd(2500, ' and on')}.`);
const TEXT = PARTS.join(' ');

const textsOf = ({ calls }: VendorServer) => calls.map((call) => String(call.json()['Text']));
const isItem = ({ event }: StreamEvent) => event === 'item';
const itemsOf = (stream: Watched) => stream.events.filter(isItem).map(({ data }) => data);

/** The nth item, counted from 1. */
async function untilItem(stream: Watched, n: number): Promise<Record<string, any>> {
  await stream.until((event) => isItem(event) && event.data['index'] === n - 1);
  return itemsOf(stream)[n - 1] as Record<string, any>;
}

/** Answers only the parts in the set, until the latch is open. */
function answerParts(answered: readonly number[], open: Promise<void>): Answerer {
  return async (response, call, n) => {
    const part = PARTS.findIndex((text) => text === call.json()['Text']);
    if (!answered.includes(part)) await open;
    if (!response.destroyed) speak(response, call);
    return n;
  };
}

test('five parts: each can be played as soon as it is there, and the whole is all of them', async () => {
  const { wait, open } = latch();
  const polly = await startPolly(answerParts([0, 1], wait));
  const stack = await startStack(polly.env);
  await stack.startWorker();
  const { status, body: job } = await submitJson(stack, PATH_OF_KIND, { text: TEXT, format: 'wav' });
  expect(status).toBe(202);
  const stream = await stack.watch(job);
  const first = await untilItem(stream, 1);
  expect(first).toMatchObject({ list: 'parts', index: 0, value: { text: PARTS[0], durationMs: 2501, bytes: 44 + 2501 * 32 } });

  // The other parts are still being spoken.
  const part = await fetch(stack.url + first['value'].outputUrl);
  expect([part.status, part.headers.get('content-type')]).toEqual([200, 'audio/wav']);
  const sound = decodeWav(new Uint8Array(await part.arrayBuffer()));
  expect(sound).toMatchObject({ sampleRate: 16_000, pcm: { length: 2501 * 32 } });

  open();
  const end = await stream.until(isEnd);
  expect(end.event).toBe('completed');
  expect(itemsOf(stream).map(({ value }) => value.text)).toEqual(PARTS);
  const { audio, parts } = end.data['result'];
  expect(audio).toMatchObject({ type: 'audio/wav', durationMs: 12_505, bytes: 44 + 5 * 2501 * 32 });
  expect(parts).toHaveLength(5);
  expect(end.data['usage']).toEqual({ inputTokens: 0, outputTokens: 0, characters: 5 * 2501, costUsd: 0.200_08 });
  const whole = decodeWav(new Uint8Array(await (await fetch(stack.url + audio.outputUrl)).arrayBuffer()));
  expect(whole?.pcm.length).toBe(5 * 2501 * 32);
  expect(textsOf(polly).toSorted()).toEqual(PARTS.toSorted());
  expect(await stack.get(job['statusUrl'], { 'user-id': 'ana' })).toMatchObject({ provider: 'polly', status: 'completed' });
});

test('what is spoken has no marks of Markdown or HTML, and no program; marks alone are nothing to speak', async () => {
  const polly = await startPolly(speak);
  const stack = await startStack(polly.env);
  await stack.startWorker();
  const say = async (text: string) => (await stack.watch((await submitJson(stack, PATH_OF_KIND, { text })).body)).until(isEnd);
  const end = await say(
    '# Cells\n\nThe **cell** is a [room](https://example.org).\n\n```js\nconst a = 1;\n```\n\n- Tom &amp; <b>Jerry</b>',
  );
  const spoken = 'Cells\n\nThe cell is a room.\n\nTom & Jerry';
  expect(textsOf(polly)).toEqual([spoken]);
  expect(end.data['result'].parts).toMatchObject([{ text: spoken }]);
  expect(await say('![](cell.png)')).toMatchObject({ event: 'failed', data: { error: { code: 'content_unusable' } } });
  expect(textsOf(polly)).toHaveLength(1);
});

test('a worker is killed in the middle: the parts that are there are not made again, not even those that nobody has seen', async () => {
  const { wait, open } = latch();
  const polly = await startPolly(answerParts([0, 1, 3], wait)); // 3 is there before 2, so it can't be published
  const stack = await startProcesses({ ...polly.env, WORKER_STALLED_INTERVAL_MS: '1500' });
  const worker = await stack.startWorker();
  const { body: job } = await submitJson(stack, PATH_OF_KIND, { text: TEXT, format: 'wav' });
  const stream = await stack.watch(job);
  const { value } = await untilItem(stream, 2);
  await expect.poll(() => textsOf(polly)).toHaveLength(5);
  const fourth = stack.url + value.outputUrl.replace('/output/1', '/output/3');
  await expect.poll(async () => (await fetch(fourth)).status).toBe(200); // it is kept
  await worker.stop('SIGKILL');
  const before = [...textsOf(polly)];
  open();
  await stack.startWorker();
  const end = await stream.until(isEnd);
  expect(end.event).toBe('completed');
  expect(before.toSorted()).toEqual(PARTS.toSorted());
  expect(textsOf(polly).slice(5).toSorted()).toEqual([2, 4].map((n) => PARTS[n] ?? '').toSorted()); // only what was not answered
  expect(end.data['result'].parts.map(({ text }: { text: string }) => text)).toEqual(PARTS);
  expect(itemsOf(stream).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
});

test('a part that is refused for a while is asked for again, and only it', async () => {
  const refused = new Set<string>();
  const polly = await startPolly((response, call, n) => {
    const text = String(call.json()['Text']);
    if (text !== PARTS[1] || refused.has(text)) return speak(response, call);
    refused.add(text);
    return refuse(response, 400, 'ThrottlingException', `Rate exceeded ${n}`);
  });
  const stack = await startStack(polly.env);
  await stack.startWorker();
  const { body: job } = await submitJson(stack, PATH_OF_KIND, { text: TEXT });
  const stream = await stack.watch(job);
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(stream.events.filter(({ event }) => event === 'attempt').map(({ data }) => data['code'])).toEqual(['provider_rate_limited']);
  expect(textsOf(polly).filter((text) => text === PARTS[1])).toHaveLength(2);
  expect(polly.calls).toHaveLength(6);
});

test('a refusal that stays fails the job at once, in words of ours', async () => {
  const polly = await startPolly((response) =>
    refuse(response, 403, 'AccessDeniedException', 'User: arn:aws:iam::1:user/x is not authorized'),
  );
  const stack = await startStack(polly.env);
  await stack.startWorker();
  const { body: job } = await submitJson(stack, PATH_OF_KIND, { text: 'Hello.' });
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_unauthorized', retryable: false } } });
  expect(JSON.stringify(end)).not.toContain('arn:aws');
  expect(polly.calls).toHaveLength(1);
});

test('a cancelled job closes its connections', async () => {
  const polly = await startPolly(() => {});
  const stack = await startStack(polly.env);
  await stack.startWorker();
  const { body: job } = await submitJson(stack, PATH_OF_KIND, { text: TEXT });
  const stream = await stack.watch(job);
  await expect.poll(() => polly.calls.length).toBe(3);
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: { 'user-id': 'ana' } });
  expect((await stream.until(isEnd)).event).toBe('cancelled');
  await Promise.all(polly.calls.map(({ dropped }) => dropped));
});

test('what no provider speaks is refused at the submission, with what there is', async () => {
  const polly = await startPolly();
  const stack = await startStack(polly.env);
  await stack.startWorker();
  const refusal = async (input: object) => (await submitJson(stack, PATH_OF_KIND, { text: 'Hello.', ...input })) as any;
  expect(await refusal({ voice: 'Nobody' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_input', errors: [{ pointer: '#/voice', detail: expect.stringMatching(/Amazon Polly.*Joanna.*Vicki/) }] },
  });
  expect(await refusal({ language: 'uk' })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '#/language', detail: expect.stringMatching(/Amazon Polly.*de, en/) }] },
  });
  for (const [field, input] of Object.entries({
    '#/text': { text: ' … ' },
    '#/speed': { speed: 3 },
    '#/format': { format: 'wav', text: 'word '.repeat(4000) },
    '#/language': { language: 'not a language' },
  })) {
    expect(await refusal(input)).toMatchObject({ status: 400, body: { errors: [{ pointer: field }] } });
  }
  expect(await refusal({ voice: 'Hans', language: 'de-AT', speed: 2 })).toMatchObject({ status: 202 });
  expect(polly.calls.length).toBeLessThanOrEqual(1);
});

test('without any provider it is 501, with the variables that are missing', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const { status, body } = await submitJson(stack, PATH_OF_KIND, { text: 'Hello.' });
  expect([status, body['code']]).toEqual([501, 'provider_not_configured']);
  for (const name of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'OPENAI_API_KEY']) {
    expect(body['detail']).toContain(name);
  }
});

test.skipIf(!programs.espeak || !programs.ffmpeg)(
  'espeak-ng speaks without any service: MP3 that is decoded without a mistake',
  async () => {
    const stack = await startStack({ PATH });
    await stack.startWorker();
    const text = 'Wasser kocht bei hundert Grad. '.repeat(35).trim();
    const { body: job } = await submitJson(stack, PATH_OF_KIND, { text, language: 'de' });
    const stream = await stack.watch(job);
    const end = await stream.until(isEnd);
    expect(end).toMatchObject({ event: 'completed', data: { usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 } } });
    const { audio, parts } = end.data['result'];
    expect(audio.type).toBe('audio/mpeg');
    expect(parts.length).toBe(2);
    expect(parts.map((part: { text: string }) => part.text).join(' ')).toBe(text);
    const seconds = async (url: string) =>
      decode(new Uint8Array(await (await fetch(stack.url + url)).arrayBuffer()), 22_050).length / 22_050;
    expect(Math.abs((await seconds(audio.outputUrl)) * 1000 - audio.durationMs)).toBeLessThan(300);
    expect(Math.abs((await seconds(parts[1].outputUrl)) * 1000 - parts[1].durationMs)).toBeLessThan(150);
    expect(await stack.get(job['statusUrl'], { 'user-id': 'ana' })).toMatchObject({ provider: 'espeak-ng' });
  },
);

test.skipIf(!programs.espeak)('another provider goes on where the first one was stopped, and the parts fit together', async () => {
  const polly = await startPolly(answerParts([0], new Promise(() => {})));
  const stack = await startStack();
  const first = await stack.startWorker(polly.env);
  const { body: job } = await submitJson(stack, PATH_OF_KIND, { text: PARTS.slice(0, 3).join(' '), format: 'wav' });
  const stream = await stack.watch(job);
  await untilItem(stream, 1);
  await first.stop();
  await stack.startWorker({ PATH });
  const end = await stream.until(isEnd);
  expect(end.event).toBe('completed');
  const { audio, parts } = end.data['result'];
  expect(parts.map(({ text }: { text: string }) => text)).toEqual(PARTS.slice(0, 3));
  const whole = new Uint8Array(await (await fetch(stack.url + audio.outputUrl)).arrayBuffer());
  const sum = parts.reduce((total: number, part: { durationMs: number }) => total + part.durationMs, 0);
  const sound = decodeWav(whole);
  expect(sound?.sampleRate).toBe(16_000);
  expect([sound && durationOf(sound), audio.durationMs]).toEqual([sum, sum]);
});
