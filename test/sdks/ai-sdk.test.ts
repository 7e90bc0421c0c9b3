/**
 * Promises to apps on the AI SDK, kept with its packages as they are. Each version has all of these calls, but for the transport of
 * workflows, which only `ai` 7 has.
 */
import { expect, test } from 'vitest';
import { startOpenAI } from '../support/openai.ts';
import { startProxy } from '../support/proxy.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { startSteppedModel } from '../support/stepped-model.ts';
import { loadSdk, loadWorkflowTransport, type Message, type Sdk, type SdkChat, VERSIONS } from './sdk.ts';

const KIND = 'generate-flashcards';
const NOTES = 'Water boils at 100 degrees Celsius. The heart is a muscle. Hund: dog.';

type ChatOf = { stack: { url: string }; sdk: Sdk; id?: string; key?: string; messages?: Message[]; kind?: string };

/** A page's chat. Two with one id are the same chat, as before and after a reload. */
function open({ stack, sdk, id = 'chat/1 ä', key = 'sk-one', messages = [], kind = KIND }: ChatOf): SdkChat {
  const transport = new sdk.DefaultChatTransport({ api: `${stack.url}/api/chat/${kind}`, headers: { authorization: `Bearer ${key}` } });
  return new sdk.Chat({ id, transport, messages });
}

const copyOf = (chat: SdkChat): Message[] => structuredClone(chat.messages);
const itemsOf = (chat: SdkChat): number[] =>
  chat.messages.flatMap(({ parts }) => parts.flatMap(({ type, data }) => (type === 'data-item' ? [data.index as number] : [])));
const answerOf = (chat: SdkChat): Message => chat.messages.at(-1) as Message;

const jobsOf = async (stack: Stack): Promise<Record<string, number>> => (await stack.get('/api/queue/stats'))['counts'];

/** A stack with a model that writes when the test lets it. */
async function startSlow(count = 6) {
  const model = await startSteppedModel(count);
  const stack = await startStack({ ...model.env });
  await stack.startWorker();
  return { stack, write: model.write };
}

test.each(VERSIONS)('ai %s: an answer is whole, and its message is called as the job', async (version) => {
  const sdk = await loadSdk(version);
  const stack = await startStack();
  await stack.startWorker();
  const chat = open({ stack, sdk });
  await chat.sendMessage({ text: NOTES }, { body: { count: 2, unknown: 1 } });
  expect(chat.error).toBeUndefined();
  expect(chat.status).toBe('ready');
  const answer = answerOf(chat);
  expect(answer.id).toMatch(/^generate-flashcards-/);
  expect(answer.metadata).toMatchObject({ jobId: answer.id, kind: KIND, usage: { outputTokens: expect.any(Number) } });
  expect(answer.metadata.cancelUrl).toBe(`/api/chat/${KIND}/chat%2F1%20%C3%A4/cancel`);
  expect(itemsOf(chat)).toEqual([0, 1]);
  const result = answer.parts.find(({ type }) => type === 'data-result')?.data as { flashcards: unknown[] };
  expect(result.flashcards).toEqual(answer.parts.filter(({ type }) => type === 'data-item').map(({ data }) => data.value));
});

test.each(VERSIONS)(
  'ai %s: a page that was reloaded goes on, with each item once, also when the job has ended meanwhile',
  async (version) => {
    const sdk = await loadSdk(version);
    const { stack, write } = await startSlow();
    const first = open({ stack, sdk });
    void first.sendMessage({ text: NOTES }, { body: { count: 6 } });
    write(2);
    await expect.poll(() => itemsOf(first)).toEqual([0, 1]);
    await first.stop(); // as a page that goes: it stops nothing
    const second = open({ stack, sdk, messages: copyOf(first) });
    const resumed = second.resumeStream();
    write(4);
    await expect.poll(() => itemsOf(second)).toEqual([0, 1, 2, 3]);
    const kept = copyOf(second);
    write(6);
    await resumed;
    expect(second.status).toBe('ready');
    const late = open({ stack, sdk, messages: kept });
    await late.resumeStream();
    for (const chat of [second, late]) {
      expect(itemsOf(chat)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(chat.messages).toHaveLength(2);
      expect(answerOf(chat).id).toBe(answerOf(first).id);
    }
    expect(answerOf(late).parts).toEqual(answerOf(second).parts);
    const strange = open({ stack, sdk, key: 'sk-two' });
    await strange.resumeStream();
    expect(strange.messages).toEqual([]);
    expect(strange.status).toBe('ready');
  },
);

test.each(VERSIONS)('ai %s: a connection that breaks is no end: the chat says so, and another process goes on', async (version) => {
  const sdk = await loadSdk(version);
  const { stack, write } = await startSlow();
  const first = open({ stack, sdk });
  const sent = first.sendMessage({ text: NOTES }, { body: { count: 6 } });
  write(3);
  await expect.poll(() => itemsOf(first)).toEqual([0, 1, 2]);
  const [, other] = await Promise.all([stack.api.stop(), stack.startApi()]);
  await sent;
  expect(first.status).toBe('error');
  const second = open({ stack: other, sdk, messages: copyOf(first) });
  const resumed = second.resumeStream();
  write(6);
  await resumed;
  expect(itemsOf(second)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(second.status).toBe('ready');
});

test.each(VERSIONS)('ai %s: a stop button stops the job, and the message keeps what was there', async (version) => {
  const sdk = await loadSdk(version);
  const { stack, write } = await startSlow();
  const chat = open({ stack, sdk });
  const sent = chat.sendMessage({ text: NOTES }, { body: { count: 6 } });
  write(2);
  await expect.poll(() => itemsOf(chat)).toEqual([0, 1]);
  const stop = (key: string) =>
    fetch(stack.url + answerOf(chat).metadata.cancelUrl, { method: 'POST', headers: { authorization: `Bearer ${key}` } });
  expect((await stop('sk-two')).status).toBe(404);
  expect((await stop('sk-one')).status).toBe(202);
  await sent;
  expect(chat.status).toBe('ready');
  expect(itemsOf(chat)).toEqual([0, 1]);
  expect((await stop('sk-one')).status).toBe(200);
  expect(await jobsOf(stack)).toMatchObject({ cancelled: 1 });
});

test.each(VERSIONS)('ai %s: what goes wrong is one sentence, before the stream and in it', async (version) => {
  const sdk = await loadSdk(version);
  const openai = await startOpenAI((pen) => pen.fail(400, { error: { message: 'no' } }));
  const stack = await startStack({ ...openai.env, JOB_ATTEMPTS: '1' });
  await stack.startWorker();
  const failed = open({ stack, sdk });
  await failed.sendMessage({ text: NOTES });
  expect(failed.status).toBe('error');
  expect(failed.error?.message).toMatch(/^[A-Z][^{}]+\.$/);
  const refused = open({ stack, sdk, id: 'other' });
  await refused.sendMessage({ text: NOTES }, { body: { count: 1000 } });
  expect(refused.error?.message).toMatch(/^#\/count: [^{}]+$/);
  const nowhere = open({ stack, sdk, kind: 'generate-nothing' });
  await nowhere.sendMessage({ text: NOTES });
  expect(nowhere.error?.message).toMatch(/^There is no \/api\/chat\/generate-nothing here/);
});

test.each(VERSIONS)('ai %s: the same message is one job; another input, or a new answer, is another', async (version) => {
  const sdk = await loadSdk(version);
  const stack = await startStack();
  await stack.startWorker();
  const first = open({ stack, sdk });
  await first.sendMessage({ text: NOTES });
  const asked = copyOf(first).slice(0, 1);
  const again = open({ stack, sdk, messages: asked });
  await again.sendMessage();
  expect(answerOf(again).id).toBe(answerOf(first).id);
  const edited = open({ stack, sdk, messages: asked });
  await edited.sendMessage(undefined, { body: { count: 3 } });
  expect(answerOf(edited).id).not.toBe(answerOf(first).id);
  await first.regenerate();
  expect(answerOf(first).id).not.toBe(answerOf(again).id);
  expect(await jobsOf(stack)).toMatchObject({ completed: 3 });
});

test.each(VERSIONS)('ai %s: a completion is the JSON of the result, in both protocols, and fails as one', async (version) => {
  const sdk = await loadSdk(version);
  if (!sdk.callCompletionApi) throw new Error('this version has no callCompletionApi');
  const stack = await startStack();
  await stack.startWorker();
  const complete = async (streamProtocol: string, input: object = {}) => {
    const errors: Error[] = [];
    const text = await sdk.callCompletionApi?.({
      api: `${stack.url}/api/completion/${KIND}${streamProtocol === 'text' ? '?protocol=text' : ''}`,
      prompt: NOTES,
      body: input,
      streamProtocol,
      headers: { authorization: 'Bearer sk-one' },
      credentials: undefined,
      setCompletion() {},
      setLoading() {},
      setError: (error: Error | undefined) => void (error && errors.push(error)),
      setAbortController() {},
      onFinish: undefined,
      onError: undefined,
      fetch,
    });
    return { text, errors };
  };
  for (const protocol of ['data', 'text']) {
    const { text, errors } = await complete(protocol, { count: 2 });
    expect(errors).toEqual([]);
    expect(JSON.parse(text ?? '')).toEqual({ flashcards: [expect.anything(), expect.anything()] });
    const refused = await complete(protocol, { count: 1000 });
    expect(refused.errors[0]?.message).toMatch(/^#\/count: [^{}]+$/);
  }
});

test.each(VERSIONS)('ai %s: an object grows, and each state of it is part of the result', async (version) => {
  const sdk = await loadSdk(version);
  const { stack, write } = await startSlow(4);
  const response = await fetch(`${stack.url}/api/object/${KIND}`, { method: 'POST', body: JSON.stringify({ content: NOTES, count: 4 }) });
  expect(response.status).toBe(200);
  const states: number[] = [];
  let text = '';
  write(2);
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const { value } = await sdk.parsePartialJson(text);
    const length = (value as { flashcards?: unknown[] } | undefined)?.flashcards?.length ?? 0;
    states.push(length);
    if (length === 2) write(4);
  }
  expect(states).toContain(2);
  expect(JSON.parse(text).flashcards).toHaveLength(4);
});

test('ai 7: the transport of workflows goes on by itself where it was cut, and counts as the server does', async () => {
  const Transport = await loadWorkflowTransport();
  const { stack, write } = await startSlow();
  const proxy = await startProxy(Number(new URL(stack.url).port));
  const ended: { chunkIndex: number }[] = [];
  const transport = new Transport({ api: `http://127.0.0.1:${proxy.port}/api/chat/${KIND}`, onChatEnd: (end: never) => ended.push(end) });
  const messages = [{ id: 'm1', role: 'user', parts: [{ type: 'text', text: NOTES }] }];
  const chunks: any[] = [];
  const stream = await transport.sendMessages({ chatId: 'c', messages, trigger: 'submit-message', body: { count: 6 } });
  const items = () => chunks.flatMap(({ type, data }) => (type === 'data-item' ? [data.index] : []));
  const reading = (async () => {
    for await (const chunk of stream as unknown as AsyncIterable<any>) chunks.push(chunk);
  })();
  for (const upTo of [1, 3, 5]) {
    write(upTo);
    await expect.poll(() => items().length).toBe(upTo);
    proxy.cut();
  }
  write(6);
  await reading;
  expect(items()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(chunks.filter(({ type }) => type === 'start')).toHaveLength(1);
  expect(chunks.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' });
  expect(ended).toEqual([expect.objectContaining({ chunkIndex: chunks.length })]);
  expect(await jobsOf(stack)).toMatchObject({ completed: 1 });
});
