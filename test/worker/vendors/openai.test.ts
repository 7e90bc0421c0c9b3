/** The OpenAI provider against a local server that speaks the wire format: what is whole, what is not, and how it says so. */
import { expect, test } from 'vitest';
import type { Usage } from '../../../src/job/snapshot.ts';
import { ProblemError } from '../../../src/job/problem.ts';
import { createOpenAI } from '../../../worker/vendors/openai/structured-answer.ts';
import type { Report } from '../../../worker/capabilities.ts';
import { ask, request } from '../../support/ask.ts';
import { type Answer, answerWith, type Call, card, latch, pieces, startOpenAI } from '../../support/openai.ts';

const begin = (n = 1) => {
  const { open, cards } = pieces(Array.from({ length: n }, (_, index) => card(index + 1)));
  return open + cards.join('');
};

test('usage that a server sends over and over, of all so far, counts once; of an answer that is cut, as far as it was told', async () => {
  const whole = await ask((pen) => {
    pen.usage({ prompt_tokens: 100, completion_tokens: 10 });
    pen.text(`${begin(2)}]}`);
    pen.usage({ prompt_tokens: 100, completion_tokens: 25 });
    pen.finish('stop', { prompt_tokens: 100, completion_tokens: 40 });
  });
  expect([whole.error, whole.usage]).toEqual([undefined, { inputTokens: 100, outputTokens: 40 }]);
  const cut = await ask((pen) => {
    pen.usage({ prompt_tokens: 100, completion_tokens: 10 });
    pen.finish('length');
  });
  expect([cut.code, cut.usage]).toEqual(['provider_cut_off', { inputTokens: 100, outputTokens: 10 }]);
});

test("a whole answer: items, usage, and a request that keeps the user's words apart", async () => {
  const { items, usage, error, calls } = await ask(answerWith());
  expect(error).toBeUndefined();
  expect(items).toEqual([card(1), card(2)]);
  expect(usage).toEqual({ inputTokens: 100, outputTokens: 20 });
  const [call] = calls;
  expect(call?.headers['authorization']).toBe('Bearer sk-test');
  expect(call?.body).toMatchObject({ model: 'some-model', stream: true, stream_options: { include_usage: true } });
  expect(call?.body['messages'][0]).toEqual({ role: 'system', content: 'Write cards.' });
  expect(JSON.parse(call?.body['messages'][1].content)).toEqual(request.material());
  expect(call?.body['response_format']).toEqual({
    type: 'json_schema',
    json_schema: {
      name: 'generate-flashcards',
      strict: true,
      schema: {
        type: 'object',
        properties: {
          flashcards: {
            type: 'array',
            items: {
              type: 'object',
              properties: { front: { type: 'string' }, back: { type: 'string' } },
              required: ['front', 'back'],
              additionalProperties: false,
            },
          },
        },
        required: ['flashcards'],
        additionalProperties: false,
      },
    },
  });
});

const whole: [name: string, pieces: string[], reason?: string | null][] = [
  ['in a code fence', ['```json', '\n', begin(2), ']}', '\n```']],
  ['in a code fence that closes in the same piece', [`\`\`\`json\n${begin(2)}]}\n\`\`\``]],
  ['as a bare array', [begin(2).slice('{"flashcards":'.length), ']']],
  ['after prose with braces in it', ['Sure {really}! [Two] cards, [1] and [2]:\n', begin(2), ']}']],
  ['before prose', [`${begin(2)}]}`, ' I hope this helps. {Ask} for more!']],
  ['whatever reason its end has', [`${begin(2)}]}`], 'tool_calls'],
  ['without a reason for its end', [`${begin(2)}]}`], null],
  ['at its length limit', [`${begin(2)}]}`], 'length'],
];

test.each(whole)('an answer %s is whole', async (_, texts, reason = 'stop') => {
  const { items, ending, error, calls } = await ask((pen) => {
    texts.forEach(pen.text);
    pen.finish(reason as never);
  });
  expect(error).toBeUndefined();
  expect(ending).toBe('whole');
  expect(items).toEqual([card(1), card(2)]);
  expect(calls).toHaveLength(1);
});

const broken: [name: string, code: string, items: number, answer: Answer][] = [
  [
    'refused',
    'provider_refused',
    0,
    (pen) => {
      pen.refusal('No.');
      pen.finish('stop');
    },
  ],
  [
    'filtered',
    'provider_refused',
    1,
    (pen) => {
      pen.text(begin());
      pen.finish('content_filter');
    },
  ],
  [
    'at its length limit without an item',
    'provider_cut_off',
    0,
    (pen) => {
      pen.text('{"flashcards":[{"fro');
      pen.finish('length');
    },
  ],
  [
    'ended without a reason',
    'provider_cut_off',
    1,
    (pen) => {
      pen.text(begin());
      pen.finish(null as never);
    },
  ],
  [
    'ended half-way',
    'provider_bad_answer',
    1,
    (pen) => {
      pen.text(begin());
      pen.finish('stop');
    },
  ],
  [
    'no JSON',
    'provider_bad_answer',
    0,
    (pen) => {
      pen.text('Sure! Here are your cards.');
      pen.finish('stop');
    },
  ],
  [
    'broken JSON',
    'provider_bad_answer',
    1,
    (pen) => {
      pen.text(`${begin()},}]`);
      pen.finish('stop');
    },
  ],
  [
    'an unknown reason',
    'provider_bad_answer',
    1,
    (pen) => {
      pen.text(begin());
      pen.finish('tool_calls');
    },
  ],
  [
    'connection cut',
    'provider_unavailable',
    1,
    async (pen) => {
      pen.text(begin());
      setImmediate(pen.cut);
    },
  ],
  ['bad key', 'provider_unauthorized', 0, (pen) => pen.fail(401, { error: { message: 'bad key' } })],
  ['unknown model', 'provider_rejected', 0, (pen) => pen.fail(404, { error: { message: 'no such model' } })],
  ['bad request', 'provider_rejected', 0, (pen) => pen.fail(400, { error: { message: 'no' } })],
  ['out of quota', 'provider_quota_exceeded', 0, (pen) => pen.fail(429, { error: { message: 'pay', code: 'insufficient_quota' } })],
  ['overloaded', 'provider_unavailable', 0, (pen) => pen.fail(503, { error: { message: 'busy' } })],
];

test.each(broken)('%s is %s, never an empty success', async (_, code, items, answer) => {
  const asked = await ask(answer);
  expect(asked.code).toBe(code);
  expect(asked.items).toHaveLength(items);
  expect(asked.calls).toHaveLength(1); // trying again is the queue's business
});

test('a 429 says when to come back', async () => {
  const { error, code } = await ask((pen) => pen.fail(429, { error: { message: 'org-123 is over' } }, { 'retry-after': '7' }));
  expect(code).toBe('provider_rate_limited');
  expect((error as ProblemError).extras.retryAfterMs).toBe(7000);
  expect((error as ProblemError).detail).not.toContain('org-123');
});

test('a stream that falls silent is given up, and the connection with it', async () => {
  const { code, items, calls } = await ask((pen) => pen.text(begin()), { idleTimeoutMs: 2000 });
  expect(code).toBe('provider_timeout');
  expect(items).toHaveLength(1);
  await calls[0]?.dropped;
});

test("an abort ends the call down to the socket, with the abort's own reason", async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const started = latch();
  const asking = ask(
    (pen) => {
      pen.text(begin());
      started.open();
    },
    { signal: controller.signal },
  );
  await started.wait;
  controller.abort(reason);
  const { error, calls } = await asking;
  expect(error).toBe(reason);
  await calls[0]?.dropped;
});

/** A server that knows only some parameters, and says of the first unknown one that it is. */
const knows =
  (parameters: string[], refusal: (parameter: string) => [status: number, body: object]): Answer =>
  (pen, call, n) => {
    const unknown = ['max_completion_tokens', 'max_tokens'].find((name) => name in call.body && !parameters.includes(name));
    if (unknown === undefined) return answerWith()(pen, call, n);
    return pen.fail(...refusal(unknown));
  };

const refusals: [name: string, refusal: (parameter: string) => [status: number, body: object]][] = [
  ['by parameter', (param) => [400, { error: { message: 'Unsupported parameter', param } }]],
  ['in its message', (param) => [400, { error: { message: `${param} is too large: 1000` } }]],
  ['in a body of its own make', (param) => [422, { detail: [{ loc: ['body', param], msg: 'Extra inputs are not permitted' }] }]],
];

test.each(refusals)(
  'a server that refuses the cap %s is asked in the older way, then without; it is asked once of each',
  async (_, refusal) => {
    const sent = (calls: Call[]) => calls.map(({ body }) => [body['max_completion_tokens'], body['max_tokens']]);
    const older = await ask(knows(['max_tokens'], refusal));
    expect(older.items).toHaveLength(2);
    expect(sent(older.calls)).toEqual([
      [1000, undefined],
      [undefined, 1000],
    ]);
    expect(older.bills).toHaveLength(1);
    const none = await ask(knows([], refusal));
    expect(none.items).toHaveLength(2);
    expect(sent(none.calls)).toEqual([
      [1000, undefined],
      [undefined, 1000],
      [undefined, undefined],
    ]);
  },
);

test('what a server accepted once is what it is asked from then on; another refusal is none of the cap', async () => {
  const { baseURL, calls } = await startOpenAI(knows(['max_tokens'], (param) => [400, { error: { message: param } }]));
  const write = createOpenAI({ apiKey: 'k', baseURL, model: 'm', idleTimeoutMs: 10_000, maxTokens: 7 });
  const report: Report = { begun: () => {}, alive: () => {}, startCall: async () => ({ note: () => {}, settle: async () => {} }) };
  for (let n = 0; n < 3; n++) await write(request, report, new AbortController().signal);
  expect(calls.map(({ body }) => 'max_tokens' in body)).toEqual([false, true, true, true]);
  const refused = await ask((pen) => pen.fail(400, { error: { message: 'no such thing' } }));
  expect([refused.code, refused.calls.length]).toEqual(['provider_rejected', 1]);
});

const tooMuch: [name: string, text: string][] = [
  ['four million brackets', '['.repeat(4_000_000)],
  ['brackets inside of an item', `${begin()},{"front":${'['.repeat(100_000)}`],
  ['a value of two million characters', `${begin()},{"front":"${'x'.repeat(2_000_000)}`],
];

test.each(tooMuch)('%s: refused before they are parsed, and what was finished is kept', async (name, text) => {
  const before = process.memoryUsage().rss;
  const inOnePiece = await ask((pen) => pen.text(text));
  const inMany = await ask((pen) => (text.match(/[\s\S]{1,50000}/g) ?? []).forEach(pen.text));
  for (const asked of [inOnePiece, inMany]) expect(asked.code).toBe('provider_bad_answer');
  expect(inMany.items).toHaveLength(name === 'four million brackets' ? 0 : 1);
  expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
});

const wild: [name: string, told: object, usage: Usage][] = [
  [
    'negative',
    { prompt_tokens: -1_000_000, completion_tokens: 20 },
    { inputTokens: expect.any(Number), outputTokens: 20, estimated: true },
  ],
  ['broken', { prompt_tokens: 100.2, completion_tokens: 1.5 }, { inputTokens: 101, outputTokens: 2 }],
  [
    'text',
    { prompt_tokens: '100', completion_tokens: null },
    { inputTokens: expect.any(Number), outputTokens: expect.any(Number), estimated: true },
  ],
  ['too great', { prompt_tokens: 1e300, completion_tokens: 20 }, { inputTokens: expect.any(Number), outputTokens: 20, estimated: true }],
  ['nothing', {}, { inputTokens: expect.any(Number), outputTokens: expect.any(Number), estimated: true }],
];

test.each(wild)('usage that is %s harms nothing: it is rounded up, or estimated', async (_, told, usage) => {
  const asked = await ask((pen) => {
    pen.text(`${begin(2)}]}`);
    pen.finish('stop', told as never);
  });
  expect([asked.ending, asked.items.length]).toEqual(['whole', 2]);
  expect(asked.usage).toEqual(usage);
  expect(asked.usage?.inputTokens).toBeGreaterThan(50); // the instructions, the material, the schema
  expect(asked.usage?.inputTokens).toBeLessThan(200);
});

test('what was not told is estimated by the text, and is never less than the pieces that came', async () => {
  const text = `${begin(2)},{"front":"`; // about 90 characters
  const latin = await ask((pen) => {
    pen.text(text);
    pen.finish(null as never);
  });
  expect(latin.usage?.outputTokens).toBe(Math.ceil(text.length / 4));
  const pieces = await ask((pen) => {
    for (const character of text) pen.text(character);
    pen.finish(null as never);
  });
  expect(pieces.usage).toMatchObject({ outputTokens: text.length, estimated: true });
  const cjk = await ask((pen) => {
    pen.text(text + '線粒體是細胞的發電站'.repeat(10));
    pen.finish(null as never);
  });
  expect(cjk.usage?.outputTokens).toBeGreaterThanOrEqual(100);
  const thought = await ask((pen) => {
    for (let n = 0; n < 50; n++) pen.thought('hmm ');
    pen.finish(null as never);
  });
  expect(thought.usage).toMatchObject({ outputTokens: 50, estimated: true });
});

test('usage that was told before the end counts, and what came after it is estimated', async () => {
  const { usage } = await ask((pen) => {
    pen.text(begin(1));
    pen.usage({ prompt_tokens: 100, completion_tokens: 1000 });
    for (const piece of ['a', 'b', 'c']) pen.text(piece);
    pen.finish(null as never);
  });
  expect(usage).toEqual({ inputTokens: 100, outputTokens: expect.any(Number), estimated: true });
  expect(usage?.outputTokens).toBeGreaterThanOrEqual(1000);
  expect(usage?.outputTokens).toBeLessThanOrEqual(1003);
});

test('nothing is owed where no response began', async () => {
  for (const status of [400, 401, 429, 500, 503]) {
    const { bills } = await ask((pen) => pen.fail(status, { error: { message: 'no' } }));
    expect(bills).toEqual([{ expected: { inputTokens: expect.any(Number), outputTokens: 0, estimated: true }, settled: undefined }]);
  }
});

test('nobody there', async () => {
  const write = createOpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1', model: 'm', idleTimeoutMs: 1000, maxTokens: 1000 });
  const settled: unknown[] = [];
  const startCall = async () => ({ note: () => {}, settle: async (used: unknown) => void settled.push(used) });
  await expect(write(request, { begun: () => {}, alive: () => {}, startCall }, new AbortController().signal)).rejects.toMatchObject({
    code: 'provider_unavailable',
  });
  expect(settled).toEqual([undefined]);
});
