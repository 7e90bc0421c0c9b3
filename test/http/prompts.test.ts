/** Any prompt by the openai SDK, unmodified: API, worker, Redis, and a local server that speaks the provider's Responses. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { openRedis } from '../support/keys.ts';
import { startStack } from '../support/stack-in-process.ts';
import { type Script, startResponses } from '../support/upstream-responses.ts';

type Event = OpenAI.Responses.ResponseStreamEvent;

const MODEL = 'gpt-5.4-mini';
const sdk = (stack: { url: string }, apiKey = 'sk-ana') => new OpenAI({ baseURL: `${stack.url}/v1`, apiKey });

/** A stack whose provider writes as the test says, by the prompt. */
async function startPrompts(scripts: Record<string, Script>, env: Record<string, string> = {}) {
  const upstream = await startResponses((writer, body, n) => scripts[promptOf(body)]?.(writer, body, n));
  const stack = await startStack({ JOB_BACKOFF_MS: '1', ...upstream.env, ...env });
  await stack.startWorker();
  return { upstream, stack, client: sdk(stack) };
}

const promptOf = ({ input }: Record<string, any>): string =>
  typeof input === 'string' ? input : (input.at(-1).output ?? input.at(-1).content.at(-1)?.text ?? input.at(-1).content);

const hello: Script = (writer) => {
  writer.message();
  for (const piece of ['Hel', 'lo ', 'world']) writer.text(piece);
  writer.end();
  writer.finish();
};

const textOf = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join('');

const raw = async (stack: { url: string }, id: string, query = '') => {
  const answer = await fetch(`${stack.url}/v1/responses/${id}?stream=true${query}`, { headers: { authorization: 'Bearer sk-ana' } });
  return (await answer.text()).split('\n\n').filter((frame) => frame.startsWith('event:'));
};

const idOf = ([first]: readonly Event[]): string => (first?.type === 'response.created' ? first.response.id : '');

test('an answer streams, is parsed by its format, has what was billed, and is the same at every cursor', async () => {
  const { stack, client, upstream } = await startPrompts({
    hi: hello,
    json: (writer) => {
      writer.message();
      writer.text('{"name":');
      writer.text('"Ada"}');
      writer.end();
      writer.finish();
    },
  });
  const seen: Event[] = [];
  const sent = { model: MODEL, input: 'hi', instructions: 'be short', temperature: 0.5, metadata: { a: 'b' } };
  const metadata = { ...sent.metadata, callback_url: 'http://127.0.0.1:1/?secret=of-the-user' }; // the provider is not told
  for await (const event of await client.responses.create({ ...sent, metadata, stream: true })) seen.push(event);
  expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, index) => index));
  expect(textOf(seen)).toBe('Hello world');
  const { received } = upstream;
  expect(received[0]?.body).toEqual({ ...sent, max_output_tokens: 4096, stream: true, background: true });

  const id = idOf(seen);
  const frames = await raw(stack, id);
  expect(frames.map((frame) => JSON.parse(frame.split('data: ')[1] ?? ''))).toEqual(JSON.parse(JSON.stringify(seen)));
  for (const { sequence_number: cursor } of seen)
    expect(await raw(stack, id, `&starting_after=${cursor}`)).toEqual(frames.slice(cursor + 1));
  const done = await client.responses.retrieve(id);
  expect(done).toMatchObject({
    status: 'completed',
    model: MODEL,
    output_text: 'Hello world',
    instructions: 'be short',
    temperature: 0.5,
    metadata,
    usage: { input_tokens: 11, input_tokens_details: { cached_tokens: 3 }, output_tokens: 7, total_tokens: 18 },
  });
  expect(await client.responses.stream({ response_id: id }).finalResponse()).toMatchObject({ output_text: 'Hello world' });
  expect((await client.responses.inputItems.list(id)).data).toMatchObject([
    { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
  ]);
  const { usage } = (await stack.get(`/api/jobs/${id.slice(5)}`, { authorization: 'Bearer sk-ana' })) as { usage?: unknown };
  expect(usage).toEqual({ inputTokens: 11, outputTokens: 7, costUsd: expect.closeTo((11 * 0.75 + 7 * 4.5) / 1e6, 9) });

  const format = {
    type: 'json_schema',
    name: 'who',
    strict: true,
    schema: { type: 'object', properties: { name: { type: 'string' } } },
  } as const;
  const parsed = await client.responses.parse({ model: MODEL, input: 'json', text: { format } });
  expect(parsed.output_parsed).toEqual({ name: 'Ada' });
  expect(received.at(-1)?.body['text']).toEqual({ format });
  const models = (await client.models.list()).data.map((model) => model.id);
  expect(models).toEqual(expect.arrayContaining([MODEL, 'gpt-5.4', 'generate-flashcards']));
  expect(models).not.toContain('generate-response');
  expect(upstream.made()).toBe(2);
});

test('functions are called by the model and run by the client, and a later request continues the response', async () => {
  const { client, upstream, stack } = await startPrompts({
    'weather?': (writer) => {
      writer.event({ type: 'response.output_item.added', output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } });
      const at = { item_id: 'rs_1', output_index: 0, summary_index: 0 };
      writer.event({ type: 'response.reasoning_summary_part.added', ...at, part: { type: 'summary_text', text: '' } });
      writer.event({ type: 'response.reasoning_summary_text.delta', ...at, delta: 'It needs a place.' });
      writer.event({ type: 'response.reasoning_summary_text.done', ...at, text: 'It needs a place.' });
      writer.event({ type: 'response.reasoning_summary_part.done', ...at, part: { type: 'summary_text', text: 'It needs a place.' } });
      const reasoning = {
        id: 'rs_1',
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'It needs a place.' }],
        encrypted_content: 'sealed',
      };
      writer.event({ type: 'response.output_item.done', output_index: 0, item: reasoning });
      writer.push(reasoning);
      writer.call('weather', '{"city":', '"Rome"}');
      writer.finish();
    },
    sunny: hello,
  });
  const tools = [{ type: 'function', name: 'weather', parameters: { type: 'object' }, strict: false }] as const;
  const stream = client.responses.stream({ model: MODEL, input: 'weather?', tools: [...tools], include: ['reasoning.encrypted_content'] });
  const types: string[] = [];
  for await (const { type } of stream) types.push(type);
  const asked = await stream.finalResponse();
  expect(types).toEqual(
    expect.arrayContaining([
      'response.reasoning_summary_text.delta',
      'response.function_call_arguments.delta',
      'response.function_call_arguments.done',
    ]),
  );
  expect(asked.output).toMatchObject([
    { id: 'rs_1', summary: [{ text: 'It needs a place.' }], encrypted_content: 'sealed' },
    { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}', status: 'completed' },
  ]);
  const output = [{ type: 'function_call_output', call_id: 'call_1', output: 'sunny' }] as const;
  const told = await client.responses.create({ model: MODEL, previous_response_id: asked.id, input: [...output] });
  expect(told).toMatchObject({ output_text: 'Hello world', previous_response_id: asked.id });
  const { body } = upstream.received.at(-1) ?? {};
  expect(body).not.toHaveProperty('previous_response_id');
  expect(body?.['input']).toEqual([
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'weather?' }] },
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'It needs a place.' }], encrypted_content: 'sealed' },
    { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' },
    output[0],
  ]);
  const notFound = { status: 400, code: 'previous_response_not_found', param: 'previous_response_id' };
  const continued = { model: MODEL, input: 'sunny', previous_response_id: asked.id };
  await expect(sdk(stack, 'sk-bob').responses.create(continued)).rejects.toMatchObject(notFound);
  await expect(client.responses.create({ ...continued, previous_response_id: 'resp_none' })).rejects.toMatchObject(notFound);
});

test('an answer that stops at a limit is incomplete, and one that failed has what there is', async () => {
  const { client, upstream } = await startPrompts({
    long: (writer) => {
      writer.message();
      writer.text('so far');
      writer.finish('incomplete', { incomplete_details: { reason: 'max_output_tokens' } });
    },
    broken: (writer) => {
      writer.message();
      writer.text('only this');
      writer.finish('failed', { error: { code: 'server_error', message: 'it broke' } });
    },
    'declined before': (writer) => writer.finish('failed', { error: { code: 'invalid_prompt', message: 'no' } }),
  });
  expect(await client.responses.create({ model: MODEL, input: 'long', max_output_tokens: 16 })).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output_text: 'so far',
    usage: { output_tokens: 7 },
  });
  const stream = client.responses.stream({ model: MODEL, input: 'long' });
  const types: string[] = [];
  for await (const { type } of stream) types.push(type);
  expect(types.at(-1)).toBe('response.incomplete');

  const seen: Event[] = [];
  for await (const event of await client.responses.create({ model: MODEL, input: 'broken', stream: true })) seen.push(event);
  expect(seen.at(-1)).toMatchObject({
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'server_error' }, output: [{ status: 'incomplete', content: [{ text: 'only this' }] }] },
  });
  expect(textOf(seen)).toBe('only this');
  expect(upstream.made()).toBe(3); // what has a part of its answer is not asked for again
});

test('a request that is not served is refused by name, before anything is bought', async () => {
  const { client, upstream, stack } = await startPrompts(
    { hi: hello },
    { RESPONSE_MAX_INPUT_CHARS: '20', RESPONSE_MAX_OUTPUT_TOKENS: '100' },
  );
  const refused = (body: object, expected: object) =>
    expect(client.responses.create({ model: MODEL, input: 'hi', ...body } as never)).rejects.toMatchObject({ status: 400, ...expected });
  await refused({ model: 'gpt-5.2' }, { code: 'model_not_found', param: 'model' });
  await refused({ model: 'generate-response' }, { code: 'model_not_found' });
  await refused({ tools: [{ type: 'web_search' }] }, { code: 'unsupported_parameter', param: 'tools' });
  await refused({ conversation: 'conv_1' }, { code: 'unsupported_parameter', param: 'conversation' });
  await refused({ prompt: { id: 'pmpt_1' } }, { code: 'unsupported_parameter', param: 'prompt' });
  await refused({ background: true, store: false }, { code: 'unsupported_parameter', param: 'store' });
  await refused({ service_tier: 'priority' }, { param: 'service_tier' });
  await refused({ max_output_tokens: 101 }, { param: 'max_output_tokens' });
  await refused({ input: 'x'.repeat(21) }, { param: 'input' });
  await refused({ instructions: 'x'.repeat(10), input: 'y'.repeat(11) }, { param: 'input' });
  await refused({ input: [{ type: 'item_reference', id: 'rs_1' }] }, { param: 'input' });
  await refused({ input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file_1' }] }] }, { param: 'input' });
  expect(upstream.received).toEqual([]);
  expect((await client.responses.create({ model: MODEL, input: 'hi', instructions: 'x'.repeat(18) })).output_text).toBe('Hello world');
  expect(upstream.received[0]?.body['max_output_tokens']).toBe(100);
  const { kinds } = (await stack.get('/api/kinds')) as { kinds: { name: string }[] };
  expect(kinds.map(({ name }) => name)).toContain('generate-response');
});

test('files go to the provider as they were sent, and are not in what is shown or kept of the request', async () => {
  const { client, upstream, stack } = await startPrompts({ 'what is it?': hello });
  const image_url = `data:image/png;base64,${'iVBORw0K'.repeat(2000)}`;
  const content = [
    { type: 'input_image', image_url, detail: 'auto' },
    { type: 'input_text', text: 'what is it?' },
  ] as const;
  const input = [{ role: 'user', content: [...content] }] as OpenAI.Responses.ResponseInput;
  const seen = await client.responses.create({ model: MODEL, input });
  expect(seen.output_text).toBe('Hello world');
  expect(upstream.received[0]?.body['input'][0].content).toEqual(content);
  const record = await openRedis().hget(`${stack.prefix}:ai-jobs:${seen.id.slice(5)}`, 'data');
  expect(record).toContain('what is it?');
  expect(record).not.toContain('iVBORw0K');
  expect((await client.responses.inputItems.list(seen.id)).data).toMatchObject([
    { content: [{ type: 'input_text', text: 'what is it?' }] },
  ]);
  await expect(client.responses.create({ model: MODEL, input: 'hi', previous_response_id: seen.id })).rejects.toMatchObject({
    status: 400,
    param: 'previous_response_id',
  });
});
