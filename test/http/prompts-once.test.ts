/** An answer is bought once, whatever breaks: by the openai SDK, with real parts and a local provider. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { latch, startOpenAI } from '../support/openai.ts';
import { startStack } from '../support/stack-in-process.ts';
import { type Script, startResponses } from '../support/upstream-responses.ts';

type Event = OpenAI.Responses.ResponseStreamEvent;

const MODEL = 'gpt-5.4-mini';
const sdk = (stack: { url: string }, apiKey = 'sk-ana') => new OpenAI({ baseURL: `${stack.url}/v1`, apiKey });
const USER = { authorization: 'Bearer sk-ana' };

const textOf = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join('');
const expectNoGaps = (events: readonly Event[]) =>
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));

/** A provider that writes two words, the second one when the test says so. */
async function startTwoWords(env: Record<string, string> = {}, between: (writer: Parameters<Script>[0]) => unknown = () => {}) {
  const second = latch();
  const upstream = await startResponses(async (writer) => {
    writer.message();
    writer.text('one ');
    await between(writer);
    await second.wait;
    writer.text('two');
    writer.end();
    writer.finish();
  });
  const stack = await startStack({ JOB_BACKOFF_MS: '1', ...upstream.env, ...env });
  return { upstream, second, stack, client: sdk(stack) };
}

test('a worker that stops hands the answer over: the next one goes on with the same response', async () => {
  const { upstream, second, stack, client } = await startTwoWords();
  const first = await stack.startWorker();
  const seen: Event[] = [];
  let handing: Promise<unknown> | undefined;
  const hand = async () => {
    await first.stop();
    await stack.startWorker();
    await expect.poll(() => upstream.received.filter(({ path }) => path.includes('stream=true'))).toHaveLength(1);
    second.open();
  };
  for await (const event of await client.responses.create({ model: MODEL, input: 'x', stream: true })) {
    seen.push(event);
    if (event.type === 'response.output_text.delta') handing ??= hand();
  }
  await handing;
  expectNoGaps(seen);
  expect(textOf(seen)).toBe('one two');
  expect(upstream.made()).toBe(1);
  const last = seen.at(-1);
  const id = last?.type === 'response.completed' ? last.response.id : '';
  expect(await stack.get(`/api/jobs/${id.slice(5)}`, USER)).toMatchObject({ attempt: 1, usage: { inputTokens: 11, outputTokens: 7 } });
});

test.each([
  ['a connection that breaks is opened again', true],
  ['a response that no longer streams is asked for', false],
])('%s', async (_, streams) => {
  const broken = latch();
  const { upstream, second, stack, client } = await startTwoWords({}, async (writer) => {
    await broken.wait;
    upstream.streams = streams;
    writer.cut();
  });
  await stack.startWorker();
  const seen: Event[] = [];
  const again = async () => {
    broken.open();
    await expect.poll(() => upstream.received.filter(({ path }) => path.includes('starting_after='))).toHaveLength(1);
    second.open();
  };
  let reopened: Promise<void> | undefined;
  for await (const event of await client.responses.create({ model: MODEL, input: 'x', stream: true })) {
    seen.push(event);
    if (event.type === 'response.output_text.delta') reopened ??= again();
  }
  await reopened;
  expectNoGaps(seen);
  expect([textOf(seen), seen.at(-1)?.type]).toEqual(['one two', 'response.completed']);
  expect(upstream.made()).toBe(1);
});

test('a response that is cancelled is cancelled at the provider, too, and what it used is counted', async () => {
  const { upstream, stack, client } = await startTwoWords();
  await stack.startWorker();
  let id = '';
  for await (const event of await client.responses.create({ model: MODEL, input: 'x', stream: true })) {
    if (event.type === 'response.created') id = event.response.id;
    if (event.type === 'response.output_text.delta') await client.responses.cancel(id);
  }
  await expect.poll(() => upstream.received.at(-1)?.path).toBe('/v1/responses/resp_up1/cancel');
  const job = async () => (await stack.get(`/api/jobs/${id.slice(5)}`, USER))['usage'] as { outputTokens?: number } | undefined;
  await expect.poll(async () => (await job())?.outputTokens).toBeGreaterThan(0);
});

test('the estimate of a prompt is reserved of a budget at the price of its model', async () => {
  const { stack } = await startTwoWords({ DAILY_USD_PER_USER: '0.01', RESPONSE_MODELS: 'gpt-5.4-mini,gpt-5.5' });
  await stack.startWorker();
  const ask = (model: string) =>
    sdk(stack, `sk-${model}`).responses.create({ model, input: 'x', max_output_tokens: 1000, background: true }, { maxRetries: 0 });
  // 1,000 tokens of the one are $0.0045, of the other $0.03; the first job of a day is always taken.
  await ask('gpt-5.4-mini');
  await ask('gpt-5.4-mini');
  await ask('gpt-5.5');
  await expect(ask('gpt-5.5')).rejects.toMatchObject({ status: 429, code: 'budget_used_up' });
});

test('without a key the request is refused with what to set; without models there is no such kind', async () => {
  const keyless = await startStack({ RESPONSE_MODELS: MODEL });
  await keyless.startWorker();
  const refused = sdk(keyless).responses.create({ model: MODEL, input: 'x' }, { maxRetries: 0 });
  await expect(refused).rejects.toMatchObject({ status: 501, message: expect.stringContaining('OPENAI_API_KEY') });
  const off = await startStack();
  await off.startWorker();
  await expect(sdk(off).responses.create({ model: MODEL, input: 'x' })).rejects.toMatchObject({ status: 400, code: 'model_not_found' });
  const { kinds } = (await off.get('/api/kinds')) as { kinds: { name: string }[] };
  expect(kinds.map(({ name }) => name)).not.toContain('generate-response');
  expect((await fetch(`${off.url}/api/ai/generate-response`, { method: 'POST' })).status).toBe(404);
});

test('chat completions answer where the server has no Responses; what is cut off is not asked for again', async () => {
  const openai = await startOpenAI((pen, { body }) => {
    const { content } = body['messages'].at(-1);
    const used = { prompt_tokens: 9, completion_tokens: 4 };
    if (content === 'cut') {
      pen.text('only this');
      setImmediate(() => pen.cut());
    } else if (content === 'long') {
      pen.text('so far');
      pen.finish('length', used);
    } else if (content === 'weather?') {
      pen.call({ index: 0, id: 'call_a', function: { name: 'weather', arguments: '' } });
      pen.call({ index: 0, function: { arguments: '{"city":"Rome"}' } });
      pen.finish('tool_calls', used);
    } else if (body['max_completion_tokens'] !== undefined) {
      pen.fail(400, { error: { message: 'unknown field max_completion_tokens', type: 'invalid_request_error' } });
    } else {
      pen.text('{"a":');
      pen.text('1}');
      pen.finish('stop', used);
    }
  });
  const stack = await startStack({ JOB_BACKOFF_MS: '1', ...openai.env, RESPONSE_MODELS: MODEL });
  await stack.startWorker();
  const client = sdk(stack);
  const seen: Event[] = [];
  for await (const event of await client.responses.create({ model: MODEL, input: 'cut', stream: true })) seen.push(event);
  expectNoGaps(seen);
  expect(seen.at(-1)).toMatchObject({
    type: 'response.failed',
    response: { error: { code: 'server_error' }, output: [{ status: 'incomplete' }] },
  });
  expect(textOf(seen)).toBe('only this');
  expect(openai.calls).toHaveLength(1);

  const limited = await client.responses.create({ model: MODEL, input: 'long' });
  expect(limited).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output_text: 'so far' });
  expect(limited.usage).toMatchObject({ input_tokens: 9, output_tokens: 4, total_tokens: 13 });

  const tools = [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }] as const;
  const asked = await client.responses.create({ model: MODEL, input: 'weather?', tools: [...tools] });
  expect(asked.output).toMatchObject([{ type: 'function_call', call_id: 'call_a', name: 'weather', arguments: '{"city":"Rome"}' }]);
  const format = {
    type: 'json_schema',
    name: 'a',
    strict: true,
    schema: { type: 'object', properties: { a: { type: 'number' } } },
  } as const;
  const input = [{ type: 'function_call_output', call_id: 'call_a', output: 'sunny' }] as const;
  const done = await client.responses.parse({
    model: MODEL,
    previous_response_id: asked.id,
    input: [...input],
    text: { format },
    instructions: 'Be short.',
  });
  expect(done.output_parsed).toEqual({ a: 1 });
  expect(openai.calls.at(-1)?.body).toMatchObject({
    max_tokens: 4096,
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: [{ type: 'text', text: 'weather?' }] },
      { role: 'assistant', tool_calls: [{ id: 'call_a', function: { name: 'weather', arguments: '{"city":"Rome"}' } }] },
      { role: 'tool', tool_call_id: 'call_a', content: 'sunny' },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'a', strict: true } },
  });
});
