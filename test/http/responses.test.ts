/** The openai SDK, unmodified, on real jobs: API, worker, Redis, and a local model. */
import OpenAI, { APIError } from 'openai';
import { expect, test } from 'vitest';
import { startSteppedModel } from '../support/stepped-model.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

type Event = OpenAI.Responses.ResponseStreamEvent;

const sdk = (stack: { url: string }, apiKey = 'sk-ana', more: object = {}) => new OpenAI({ baseURL: `${stack.url}/v1`, apiKey, ...more });

const flashcards = { model: 'generate-flashcards', input: 'Hund: dog. Katze: cat. Water boils at 100 degrees.' } as const;

/** A stack whose model writes cards when the test says so. */
async function steppedStack(count = 4): Promise<{ stack: Stack; write: (upTo: number) => void }> {
  const model = await startSteppedModel(count);
  const stack = await startStack(model.env);
  await stack.startWorker();
  return { stack, write: model.write };
}

async function all(stream: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const textOf = (events: readonly Event[]) =>
  events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : [])).join('');

/** Reads a stream as it is sent. */
const raw = async (stack: { url: string }, id: string, query = '') =>
  (await fetch(`${stack.url}/v1/responses/${id}?stream=true${query}`, { headers: { authorization: 'Bearer sk-ana' } })).text();

test('a response in the background is polled, parsed, listed and deleted', async () => {
  const stack = await startStack();
  const client = sdk(stack);
  const made = await client.responses.create({ ...flashcards, background: true, metadata: { count: '2', note: 'n' } });
  expect(made).toMatchObject({
    object: 'response',
    status: 'queued',
    background: true,
    output: [],
    output_text: '',
    metadata: { count: '2', note: 'n' },
  });
  await stack.startWorker();
  await expect.poll(async () => (await client.responses.retrieve(made.id)).status).toBe('completed');
  const done = await client.responses.retrieve(made.id);
  expect(JSON.parse(done.output_text).flashcards).toHaveLength(2);
  expect(done).toMatchObject({
    id: made.id,
    created_at: made.created_at,
    error: null,
    incomplete_details: null,
    model: 'generate-flashcards',
  });
  const items = await client.responses.inputItems.list(made.id);
  expect(items.data).toMatchObject([{ type: 'message', role: 'user', content: [{ type: 'input_text', text: flashcards.input }] }]);
  await client.responses.delete(made.id);
  await expect(client.responses.retrieve(made.id)).rejects.toMatchObject({ status: 404, param: 'id' });
  await expect(client.responses.cancel(made.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test('a stream is numbered without gaps, its deltas are the text, and it is the same from every cursor, now and later', async () => {
  const { stack, write } = await steppedStack();
  const client = sdk(stack);
  const stream = await client.responses.create({ ...flashcards, metadata: { count: '4' }, stream: true });
  const seen: Event[] = [];
  for await (const event of stream) {
    seen.push(event);
    if (event.type === 'response.created') write(1);
    if (event.type === 'response.output_text.delta') write(4);
  }
  expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, index) => index));
  expect(seen.map(({ type }) => type.replace('response.', ''))).toEqual([
    'created',
    'queued',
    'in_progress',
    'output_item.added',
    'content_part.added',
    ...Array<string>(5).fill('output_text.delta'),
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'completed',
  ]);
  const last = seen.at(-1);
  if (last?.type !== 'response.completed') throw new Error('no end');
  const { id } = last.response;
  expect((await client.responses.retrieve(id)).output_text).toBe(textOf(seen));
  const whole = await raw(stack, id);
  const frames = whole.split('\n\n').filter((frame) => frame.startsWith('event:'));
  expect(frames.map((frame) => JSON.parse(frame.split('data: ')[1] ?? ''))).toEqual(JSON.parse(JSON.stringify(seen)));
  for (const { sequence_number: cursor } of seen) {
    const rest = (await raw(stack, id, `&starting_after=${cursor}`)).split('\n\n').filter((frame) => frame.startsWith('event:'));
    expect(rest).toEqual(frames.slice(cursor + 1));
  }
  const replay = await client.responses.stream({ response_id: id, starting_after: 6 }).finalResponse();
  expect(replay.output_text).toBe(textOf(seen));
});

test('a stream that is cut is resumed at another API without a loss', async () => {
  const { stack, write } = await steppedStack();
  const client = sdk(stack);
  const stream = await client.responses.create({ ...flashcards, metadata: { count: '4' }, stream: true, background: true });
  const seen: Event[] = [];
  write(2);
  for await (const event of stream) {
    seen.push(event);
    if (event.type === 'response.output_text.delta') break;
  }
  const [first] = seen;
  if (first?.type !== 'response.created') throw new Error('no response.created');
  const other = sdk(await stack.startApi());
  const rest = await other.responses.retrieve(first.response.id, { stream: true, starting_after: seen.at(-1)?.sequence_number ?? 0 });
  write(4);
  seen.push(...(await all(rest)));
  expect(seen.map(({ sequence_number }) => sequence_number)).toEqual(seen.map((_, index) => index));
  expect(JSON.parse(textOf(seen)).flashcards).toHaveLength(4);
});

test('an API that stops breaks its streams, so that no client takes a part for the whole', async () => {
  const { stack, write } = await steppedStack();
  const api = await stack.startApi();
  const stream = await sdk(api).responses.create({ ...flashcards, metadata: { count: '4' }, stream: true });
  write(1);
  let stopping: Promise<void> | undefined;
  const reading = (async () => {
    for await (const event of stream) if (event.type === 'response.output_text.delta') stopping ??= api.stop();
  })();
  await expect(reading).rejects.toThrow(/terminated|error|aborted/i);
  await stopping;
});

test('without background the answer is the finished response, kept alive until then', async () => {
  const { stack, write } = await steppedStack(2);
  const answer = fetch(`${stack.url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-ana', 'content-type': 'application/json' },
    body: JSON.stringify({ ...flashcards, metadata: { count: '2' } }),
  });
  const { status, headers, body } = await answer; // the headers are there while the job runs
  expect([status, headers.get('content-type')]).toEqual([200, 'application/json']);
  write(2);
  const text = await new Response(body).text();
  expect(text).toMatch(/^ +\{/);
  expect(JSON.parse(text)).toMatchObject({ object: 'response', status: 'completed' });
  const parsed = await sdk(stack).responses.create({ ...flashcards, metadata: { count: '2' } });
  expect(JSON.parse(parsed.output_text).flashcards).toHaveLength(2);
});

test('a cancelled response says so in its stream and on every further call; a completed one can not be cancelled', async () => {
  const { stack, write } = await steppedStack(2);
  const client = sdk(stack);
  const stream = await client.responses.create({ ...flashcards, metadata: { count: '2' }, stream: true });
  write(1);
  const seen: Event[] = [];
  let id = '';
  for await (const event of stream) {
    seen.push(event);
    if (event.type === 'response.created') id = event.response.id;
    if (event.type === 'response.output_text.delta')
      expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled', error: null });
  }
  expect(seen.at(-1)).toMatchObject({
    type: 'response.failed',
    response: { status: 'cancelled', usage: null, output: [{ status: 'incomplete' }] },
  });
  expect(await client.responses.cancel(id)).toMatchObject({ status: 'cancelled' });
  expect(await client.responses.retrieve(id)).toMatchObject({ status: 'cancelled' });

  write(2);
  const done = await client.responses.create({ ...flashcards, metadata: { count: '2' } });
  await expect(client.responses.cancel(done.id)).rejects.toMatchObject({ status: 400, message: '400 Cannot cancel a completed response.' });
});

test('one that is cancelled before it began ends after its first two events', async () => {
  const stack = await startStack();
  const client = sdk(stack);
  const made = await client.responses.create({ ...flashcards, background: true });
  await client.responses.cancel(made.id);
  const seen = await all(await client.responses.retrieve(made.id, { stream: true }));
  expect(seen.map(({ type, sequence_number }) => [sequence_number, type])).toEqual([
    [0, 'response.created'],
    [1, 'response.queued'],
    [2, 'response.failed'],
  ]);
});

test('what the SDK repeats by itself is one job, and two equal wishes are two', async () => {
  const stack = await startStack();
  let lost = 0;
  const flaky = sdk(stack, 'sk-ana', {
    fetch: async (url: string, init: RequestInit) => {
      const answer = await fetch(url, init);
      if (lost++ > 0) return answer;
      await answer.body?.cancel();
      throw new TypeError('the answer is lost');
    },
  });
  const repeated = await flaky.responses.create({ ...flashcards, background: true });
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(1);
  const other = await sdk(stack).responses.create({ ...flashcards, background: true });
  expect(other.id).not.toBe(repeated.id);
  const keyed = async () => sdk(stack).responses.create({ ...flashcards, background: true }, { headers: { 'Idempotency-Key': 'k' } });
  expect((await keyed()).id).toBe((await keyed()).id);
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(3);
});

test('each key is a user of its own, and another key finds nothing', async () => {
  const stack = await startStack();
  const { id } = await sdk(stack, 'sk-ana').responses.create({ ...flashcards, background: true });
  await expect(sdk(stack, 'sk-bob').responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  await expect(sdk(stack, 'sk-bob').responses.cancel(id)).rejects.toMatchObject({ status: 404 });
  await expect(sdk(stack, 'sk-bob').responses.delete(id)).rejects.toMatchObject({ status: 404 });
  await expect(sdk(stack, 'sk-bob').responses.inputItems.list(id)).rejects.toMatchObject({ status: 404 });
  await expect(sdk(stack, 'sk-bob').responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 404 });
  expect((await sdk(stack, 'sk-ana').responses.retrieve(id)).id).toBe(id);

  const named = sdk(stack, 'sk-1', { defaultHeaders: { 'user-id': 'eve' } });
  const made = await named.responses.create({ ...flashcards, background: true });
  expect((await sdk(stack, 'sk-2', { defaultHeaders: { 'user-id': 'eve' } }).responses.retrieve(made.id)).id).toBe(made.id);
});

test('behind a gateway only the user-id header counts, and without it the request is 401', async () => {
  const stack = await startStack({ AUTH: 'trusted-header' });
  await expect(sdk(stack).responses.create({ ...flashcards, background: true })).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(sdk(stack).responses.create({ ...flashcards, background: true })).rejects.toMatchObject({
    code: 'invalid_api_key',
    type: 'authentication_error',
  });
  const { id } = await sdk(stack, 'sk', { defaultHeaders: { 'user-id': 'ana' } }).responses.create({ ...flashcards, background: true });
  await expect(sdk(stack, 'sk', { defaultHeaders: { 'user-id': 'bob' } }).responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
});

test('errors have their class, their code and the field, and only what passes is tried again', async () => {
  const stack = await startStack({ MAX_JOBS_PER_USER: '1' });
  let calls = 0;
  const client = sdk(stack, 'sk-ana', { fetch: async (url: string, init: RequestInit) => (calls++, fetch(url, init)) });
  const refused = async (body: object, expected: object) => {
    calls = 0;
    await expect(client.responses.create({ ...flashcards, ...body } as never)).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      ...expected,
    });
    expect(calls).toBe(1);
  };
  await refused({ model: 'gpt-9' }, { code: 'model_not_found', param: 'model' });
  await refused({ model: 5 }, { code: 'invalid_type', param: 'model' });
  await refused({ input: undefined }, { code: 'missing_required_parameter', param: 'input' });
  await refused({ tools: [{ type: 'web_search' }] }, { code: 'unsupported_parameter', param: 'tools' });
  await refused({ previous_response_id: 'resp_1' }, { code: 'unsupported_parameter', param: 'previous_response_id' });
  await refused({ background: true, store: false }, { code: 'unsupported_parameter', param: 'store' });
  await refused({ metadata: { count: '900' } }, { code: 'invalid_value', param: 'metadata.count' });
  await refused(
    { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,aGk=' }] }] },
    { param: 'input' },
  );

  const { id } = await client.responses.create({ ...flashcards, background: true });
  await expect(client.responses.retrieve(id, { stream: true, starting_after: 99 })).rejects.toMatchObject({
    status: 400,
    param: 'starting_after',
  });
  const full = await sdk(stack, 'sk-ana', { maxRetries: 0 })
    .responses.create({ ...flashcards, background: true })
    .catch((error: unknown) => error);
  expect(full).toBeInstanceOf(OpenAI.RateLimitError);
  expect(full).toMatchObject({ code: 'too_many_jobs', type: 'rate_limit_exceeded' });
  expect((full as APIError).headers?.get('x-should-retry')).toBe('true');
  expect((full as APIError).requestID).toBeTruthy();
  await expect(client.chat.completions.create({ model: 'x', messages: [] })).rejects.toMatchObject({ status: 404, code: 'unknown_url' });
});

test('input is text, the fields as JSON, or messages with files; fields beside it come as metadata', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const client = sdk(stack);
  const made = await client.responses.create({
    model: 'generate-flashcards',
    input: JSON.stringify({ content: 'Hund: dog. Katze: cat.', count: 1 }),
  });
  expect(JSON.parse(made.output_text).flashcards).toHaveLength(1);
  const messages = [
    { role: 'user', content: 'old' },
    { role: 'assistant', content: 'answer' },
    { role: 'user', content: [{ type: 'input_text', text: 'Hund: dog. Katze: cat.' }] },
  ] as OpenAI.Responses.ResponseInput;
  const chat = await client.responses.create({
    model: 'generate-flashcards',
    input: messages,
    metadata: { count: '1' },
    temperature: 0.3,
    user: 'u',
  });
  expect(JSON.parse(chat.output_text).flashcards).toHaveLength(1);
  expect(chat).toMatchObject({ temperature: 0.3, user: 'u' });
});

test('models are the kinds that a worker can do', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const client = sdk(stack);
  const ids = (await client.models.list()).data.map(({ id }) => id);
  expect(ids).toContain('generate-flashcards');
  expect((await client.models.retrieve('generate-flashcards')).object).toBe('model');
  await expect(client.models.retrieve('gpt-9')).rejects.toMatchObject({ code: 'model_not_found' });
});
