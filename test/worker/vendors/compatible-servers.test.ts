/** Compatible servers as their users report them: one answer, one call that is paid for, and what a server refuses is asked for no second time. */
import { expect, test } from 'vitest';
import { ask, openAsking } from '../../support/ask.ts';
import { type Answer, answerWith, type Call, card, latch, startOpenAI } from '../../support/openai.ts';
import { SERVERS } from '../../support/servers.ts';
import { isEnd } from '../../support/sse.ts';
import { startStack } from '../../support/stack-in-process.ts';

test.each(SERVERS)('$server: $what', async ({ answer, refusals = 0, estimated = false }) => {
  const asking = await openAsking(answer);
  const first = await asking();
  expect([first.code, first.ending, first.items]).toEqual([undefined, 'whole', [card(1), card(2)]]);
  expect(first.calls).toHaveLength(1 + refusals);
  expect(first.bills).toHaveLength(1);
  if (estimated) expect(first.usage).toMatchObject({ estimated: true });
  else expect(first.usage).toEqual({ inputTokens: 100, outputTokens: 20 });
  const second = await asking();
  expect(second.items).toEqual([card(1), card(2)]);
  expect(second.calls).toHaveLength(1);
});

const REFUSED: [name: string, status: number, body: object, code: string][] = [
  ['402 in a body of status 200', 200, { error: { message: 'Insufficient credits', code: 402 } }, 'provider_quota_exceeded'],
  ['429 in a body of status 200', 200, { error: { message: 'Rate limit exceeded', code: 429 } }, 'provider_rate_limited'],
  ['401 in a body of status 200', 200, { error: { message: 'No', code: '401' } }, 'provider_unauthorized'],
  [
    'a completion beside its error',
    200,
    {
      choices: [{ message: { content: null }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 0, completion_tokens: 0 },
      error: { code: 429, message: 'x' },
    },
    'provider_rate_limited',
  ],
  ['insufficient_quota as a type', 429, { error: { message: 'x', type: 'insufficient_quota', code: null } }, 'provider_quota_exceeded'],
];

test.each(REFUSED)('%s is a refusal: one call, and nothing is owed', async (_, status, body, code) => {
  const whole = await ask((pen) => (status === 200 ? pen.whole(JSON.stringify(body)) : pen.fail(status, body)));
  expect([whole.code, whole.calls.length, whole.usage, whole.items]).toEqual([code, 1, undefined, []]);
  const inStream = await ask((pen) => {
    pen.raw(`: working\n\ndata: ${JSON.stringify(body)}\n\n`);
    pen.finish(null as never);
  });
  expect([inStream.code, inStream.calls.length, inStream.usage]).toEqual([code, 1, undefined]);
});

test.each(['refusal', 'sensitive', 'content_filter: PROHIBITED_CONTENT', 'SAFETY'])(
  '%s as the reason: refused, in one call',
  async (reason) => {
    const asked = await ask((pen) => {
      pen.text('');
      pen.finish(reason, { prompt_tokens: 100, completion_tokens: 0 });
    });
    expect([asked.code, asked.calls.length]).toEqual(['provider_refused', 1]);
  },
);

test('an address that is none of the server, at status 200: one call, and nothing is owed', async () => {
  const asked = await ask((pen) => pen.whole('{"error":"Unexpected endpoint or method. (POST /chat/completions)"}'));
  expect([asked.code, asked.calls.length, asked.usage]).toEqual(['provider_rejected', 1, undefined]);
});

test('a web page is no answer: one call, and nothing is owed', async () => {
  const asked = await ask((pen) => pen.whole('<!DOCTYPE html><title>Log in</title>', { 'content-type': 'text/html; charset=utf-8' }));
  expect([asked.code, asked.calls.length, asked.usage, asked.items]).toEqual(['provider_rejected', 1, undefined, []]);
});

test('where a model has no system, the user says the instructions, once', async () => {
  const asking = await openAsking((pen, call, n) =>
    call.body['messages'].length > 1 ? pen.fail(400, { error: { message: 'System role not supported' } }) : answerWith()(pen, call, n),
  );
  const { calls } = await asking();
  expect(calls[1]?.body['messages']).toEqual([{ role: 'user', content: expect.stringMatching(/^Write cards\.\n\n\{"content"/) }]);
});

test('an error in the middle of an answer: what had come is kept and owed', async () => {
  const asked = await ask((pen) => {
    pen.text(`{"flashcards":[${JSON.stringify(card(1))},`);
    pen.raw('data: {"error":{"message":"gone","code":502}}\n\n');
    pen.finish(null as never);
  });
  expect([asked.code, asked.items]).toEqual(['provider_unavailable', [card(1)]]);
  expect(asked.usage).toMatchObject({ estimated: true });
});

test('thinking is the answer only where the model has finished without any other', async () => {
  const draft = JSON.stringify({ flashcards: [card(1)] });
  const silent = await ask((pen) => pen.thought(draft), { idleTimeoutMs: 100 });
  expect([silent.code, silent.items]).toEqual(['provider_timeout', []]);
  const ended = await ask((pen) => {
    pen.thought(draft);
    pen.finish(null as never);
  });
  expect([ended.code, ended.items]).toEqual(['provider_cut_off', []]);
  const declined = await ask((pen) => {
    pen.thought(draft);
    pen.text('I am sorry, I can not do that.');
    pen.finish('stop');
  });
  expect([declined.code, declined.items]).toEqual(['provider_bad_answer', []]);
});

test('the usage that comes after a bad end is read', async () => {
  const asked = await ask((pen) => {
    pen.text(`{"flashcards":[${JSON.stringify(card(1))}`);
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 9 });
  });
  expect([asked.code, asked.usage]).toEqual(['provider_bad_answer', { inputTokens: 100, outputTokens: 9 }]);
});

test('each refused part is left out once, the schema goes into the prompt, and all of it is remembered', async () => {
  const knows = (call: Call): string | undefined =>
    ['stream_options', 'response_format', 'max_completion_tokens', 'max_tokens'].find((name) => name in call.body);
  const asking = await openAsking((pen, call, n) => {
    const unknown = knows(call);
    if (unknown === undefined) return answerWith()(pen, call, n);
    return pen.fail(400, { error: { message: `Unknown parameter: ${unknown}`, param: unknown } });
  });
  const first = await asking();
  expect(first.items).toEqual([card(1), card(2)]);
  const sent = first.calls.map(({ body }) => [
    'stream_options' in body,
    body['response_format']?.type,
    ['max_completion_tokens', 'max_tokens'].find((name) => name in body),
  ]);
  expect(sent).toEqual([
    [true, 'json_schema', 'max_completion_tokens'],
    [false, 'json_schema', 'max_completion_tokens'],
    [false, 'json_object', 'max_completion_tokens'],
    [false, undefined, 'max_completion_tokens'],
    [false, undefined, 'max_tokens'],
    [false, undefined, undefined],
  ]);
  const prompts = first.calls.map(({ body }) => body['messages'][0].content as string);
  expect(prompts.map((prompt) => prompt.includes('"flashcards"'))).toEqual([false, false, true, true, true, true]);
  expect((await asking()).calls).toHaveLength(1);
});

test('a refusal that only repeats the request is about something else', async () => {
  const asked = await ask((pen, call) =>
    pen.fail(422, { detail: [{ type: 'missing', loc: ['body', 'user'], msg: 'Field required', input: call.body }] }),
  );
  expect([asked.code, asked.calls.length]).toEqual(['provider_rejected', 1]);
});

test('items of an answer in another shape go out while it is written', async () => {
  const seen = latch();
  const asking = await openAsking(
    async (pen) => {
      pen.text(`\`\`\`json\n{"result":{'flashcards':[${JSON.stringify(card(1))},`);
      await seen.wait;
      pen.text(`${JSON.stringify(card(2))},]}}`);
      pen.finish('stop');
    },
    {
      verdict() {
        seen.open();
        return 'new';
      },
    },
  );
  expect((await asking()).items).toEqual([card(1), card(2)]);
});

test('thinking that was not opened is remembered of the model: its next answer has no draft', async () => {
  const draft = JSON.stringify({ flashcards: [{ front: 'Draft?', back: 'wrong' }] });
  const asking = await openAsking((pen) => {
    pen.text(`Let me see. ${draft} No.`);
    pen.text(`</think>\n${JSON.stringify({ flashcards: [card(1), card(2)] })}`);
    pen.finish('stop');
  });
  for (let n = 0; n < 2; n++) expect((await asking()).items).toEqual([card(1), card(2)]);
});

/** Runs one job against a model. */
async function run(answer: Answer, input: Record<string, unknown> = { content: 'Notes.', count: 3 }, env: Record<string, string> = {}) {
  const openai = await startOpenAI(answer);
  const stack = await startStack({ ...openai.env, ...env });
  const worker = await stack.startWorker();
  const job = await stack.submit(input);
  const stream = await stack.watch(job);
  const end = await stream.until(isEnd);
  return { end, stream, worker, calls: openai.calls, job: await stack.get(job['statusUrl']) };
}

const answerText =
  (text: string): Answer =>
  (pen) => {
    pen.text(text);
    pen.finish('stop', { prompt_tokens: 10, completion_tokens: 10 });
  };

test('values of other types become text, and what is not usable is counted and named without its content', async () => {
  const values = [
    { front: '2+2', back: 4 },
    { front: 'Is water wet?', back: true },
    { front: 'Hidden', back: { deep: ['x'] } },
    { front: 'No back' },
    { front: 'Parts?', back: ['root', 'leaf', 3] },
  ];
  const { end, worker, calls, job } = await run(answerText(JSON.stringify({ flashcards: values })), { content: 'Notes.', count: 10 });
  expect(end.data['result'].flashcards).toEqual([
    { front: '2+2', back: '4' },
    { front: 'Is water wet?', back: 'true' },
    { front: 'Parts?', back: 'root, leaf, 3' },
  ]);
  expect([end.data['usage'].dropped, job['usage'].dropped, calls.length]).toEqual([2, 2, 1]);
  expect(worker.output()).toContain('item of an answer not usable');
  expect(worker.output()).not.toContain('Hidden');
});

const OTHER_SHAPES: [what: string, answer: unknown][] = [
  [
    'other names',
    {
      cards: [
        { question: 'a', answer: 'b' },
        { Term: 'c', Definition: 'd' },
      ],
    },
  ],
  [
    'other names in the list',
    {
      flashcards: [
        { word: 'a', translation: 'b' },
        { q: 'c', a: 'd' },
      ],
    },
  ],
  ['each in an object of its own', { flashcards: [{ flashcard: { front: 'a', back: 'b' } }, { card: { front: 'c', back: 'd' } }] }],
  [
    'rows of two',
    {
      flashcards: [
        ['a', 'b'],
        ['c', 'd'],
      ],
    },
  ],
  ['fronts as names', { flashcards: { a: 'b', c: 'd' } }],
];

test.each(OTHER_SHAPES)('cards with %s are cards: one call', async (_, answer) => {
  const { end, calls } = await run(answerText(JSON.stringify(answer)), { content: 'Notes.', count: 2 });
  expect(end.data['result']?.flashcards).toEqual([
    { front: 'a', back: 'b' },
    { front: 'c', back: 'd' },
  ]);
  expect([end.data['usage'].dropped, calls.length]).toEqual([undefined, 1]);
});

test('where nothing is dropped nothing is said of it', async () => {
  const { end, job } = await run(answerWith());
  expect(end.data['usage']).not.toHaveProperty('dropped');
  expect(job['usage']).not.toHaveProperty('dropped');
});

test('an answer that can not be read is paid for twice at most, whatever JOB_ATTEMPTS is', async () => {
  const { end, calls } = await run(answerText('I would rather not write JSON.'), undefined, { JOB_ATTEMPTS: '5', JOB_BACKOFF_MS: '1' });
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_bad_answer' } } });
  expect(calls).toHaveLength(2);
});

test('a vendor that asks to slow down and does not say for how long costs no attempt', async () => {
  const { end, calls, stream } = await run(
    (pen, call, n) =>
      n <= 2 ? pen.whole(JSON.stringify({ error: { message: 'Rate limit exceeded', code: 429 } })) : answerWith()(pen, call, n),
    undefined,
    { JOB_ATTEMPTS: '1', JOB_BACKOFF_MS: '1' },
  );
  expect([end.event, calls.length]).toEqual(['completed', 3]);
  expect(stream.events.filter(({ event }) => event === 'attempt').every(({ data }) => data['attempt'] === 1)).toBe(true);
});

test('a lesson whose answers are letters, choices with gaps, and numbers', async () => {
  const exercises = [
    { question: '(2,3)+(4,-1)=?', choices: ['(6, 2)', '(2, -4)', null, '(6, -3)'], answer: 'A', explanation: null },
    { question: '1+1?', choices: [1, 2, 3], answer: 2 },
    { question: 'Peru?', options: ['Lima', 'Quito'], correct_answer: 'A' },
  ];
  const text = JSON.stringify({
    lesson: { title: 'Vectors', sections: [{ title: 'Adding', content: ['Add the', 'parts.'], examples: null }], exercises },
  });
  const openai = await startOpenAI(answerText(text));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const response = await fetch(`${stack.url}/api/ai/generate-lesson`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic: 'Vectors', sections: 2 }),
  });
  const end = await (await stack.watch((await response.json()) as Record<string, any>)).until(isEnd);
  expect(end.data['result'].lesson).toMatchObject({
    title: 'Vectors',
    sections: [{ heading: 'Adding', body: 'Add the, parts.' }],
    exercises: [
      { question: '(2,3)+(4,-1)=?', choices: ['(6, 2)', '(2, -4)', '(6, -3)'], answer: '(6, 2)' },
      { question: '1+1?', choices: ['1', '2', '3'], answer: '2' },
      { question: 'Peru?', choices: ['Lima', 'Quito'], answer: 'Lima' },
    ],
  });
  expect(openai.calls).toHaveLength(1);
  expect(openai.calls[0]?.body['messages'][0].content).toContain(String.raw`"\\frac"`);
});
