/** How compatible servers answer on the wire, after public reports of their users. Each is a stand-in for what was reported, and none is the server itself. */
import { type Answer, type Call, card, type Pen } from './openai.ts';

const root = JSON.stringify({ flashcards: [card(1), card(2)] });
const USAGE = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

/** Parts of the answer, cut in the middle of words. */
const parts = (text: string = root): string[] => text.match(/[\s\S]{1,19}/g) ?? [];

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const DONE = 'data: [DONE]\n\n';
const chunk = (delta: object, finish_reason: unknown = null, more: object = {}): string =>
  event({ choices: [{ index: 0, delta, finish_reason }], ...more });
const send = (pen: Pen, ...texts: string[]): void => texts.forEach(pen.raw);

/** Ends the response that `raw` has begun. */
const finish = (pen: Pen): void => pen.finish(null as never);

const message = (content: unknown, more: object = {}) => ({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop' }],
  usage: USAGE,
});

/** Refuses what `has` finds in a request. */
const refusing =
  (has: (body: Call['body']) => boolean, refusal: object, status = 400, then: Answer = plain): Answer =>
  (pen, call, n) =>
    has(call.body) ? pen.fail(status, refusal) : then(pen, call, n);

const plain: Answer = (pen) => {
  send(pen, ...parts().map((content) => chunk({ content })), chunk({}, 'stop'), event({ choices: [], usage: USAGE }));
  finish(pen);
};

/** What servers do differently. Each answers with two cards, in one call that is paid for. `refusals`: how many free ones come before. */
export const SERVERS: readonly {
  server: string;
  what: string;
  answer: Answer;
  refusals?: number;
  estimated?: boolean;
  streams?: boolean;
}[] = [
  { server: 'OpenAI', what: 'the plain stream', answer: plain },
  {
    server: 'Azure OpenAI',
    what: 'a first chunk without choices, with the results of its filter',
    answer(pen, call, n) {
      send(pen, event({ choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] }));
      return plain(pen, call, n);
    },
  },
  {
    server: 'OpenRouter',
    what: 'comments while it works, and its thinking in `reasoning`',
    answer(pen) {
      send(pen, ': OPENROUTER PROCESSING\n\n', ': OPENROUTER PROCESSING\n\n', chunk({ role: 'assistant', content: '', reasoning: 'Hm.' }));
      send(
        pen,
        ...parts().map((content) => chunk({ content, reasoning: null })),
        chunk({ content: '' }, 'stop'),
        event({ choices: [], usage: USAGE }),
      );
      finish(pen);
    },
  },
  {
    server: 'vLLM',
    what: 'usage in each chunk, and no knowledge of `stream_options`',
    answer: refusing(
      (body) => 'stream_options' in body,
      {
        object: 'error',
        message: {
          detail: [
            {
              type: 'extra_forbidden',
              loc: ['body', 'stream_options', 'include_usage'],
              msg: 'Extra inputs are not permitted',
              input: true,
            },
          ],
        },
        type: 'invalid_request_error',
        param: null,
        code: null,
      },
      422,
      (pen) => {
        send(pen, ...parts().map((content) => chunk({ content })), chunk({ content: '' }, 'stop'), DONE);
        finish(pen);
      },
    ),
    refusals: 1,
    estimated: true,
  },
  {
    server: 'vLLM',
    what: 'a context that is too short for the cap',
    answer: refusing((body) => 'max_tokens' in body || 'max_completion_tokens' in body, {
      error: {
        message:
          "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context length is 900 tokens and your request has 300 input tokens.",
        type: 'BadRequestError',
        code: 400,
      },
    }),
    refusals: 1,
  },
  {
    server: 'SGLang',
    what: 'an empty `finish_reason` in each chunk',
    answer(pen) {
      send(pen, ...parts().map((content) => chunk({ role: null, content, tool_calls: null }, '', { usage: null })));
      send(pen, chunk({ content: '' }, 'stop'), event({ choices: [], usage: USAGE }), DONE);
      finish(pen);
    },
  },
  {
    server: 'Ollama',
    what: 'thinking between marks in the text',
    answer(pen) {
      const text = `<think>\nA draft: ${root.replaceAll('front', 'draft')} No.\n</think>\n\n${root}`;
      send(
        pen,
        ...parts(text).map((content) => chunk({ role: 'assistant', content })),
        chunk({ role: 'assistant', content: '' }, 'stop', { usage: USAGE }),
        DONE,
      );
      finish(pen);
    },
  },
  {
    server: 'LM Studio',
    what: 'an error that is a text, for a response format that it does not have',
    answer: refusing(({ response_format: format }) => format?.type === 'json_schema' || format?.type === 'json_object', {
      error: "'response_format.type' must be 'text'",
    }),
    refusals: 2,
  },
  {
    server: 'llama.cpp',
    what: 'the answer in `reasoning_content` alone',
    answer(pen) {
      send(
        pen,
        ...parts(`Let me see. ${root}`).map((reasoning_content) => chunk({ reasoning_content })),
        chunk({}, 'stop'),
        event({ choices: [], usage: USAGE }),
        DONE,
      );
      finish(pen);
    },
    streams: false,
  },
  {
    server: 'llama.cpp',
    what: 'a cap by its older name only',
    answer: refusing((body) => 'max_completion_tokens' in body, {
      error: { code: 400, message: 'Unsupported param: max_completion_tokens', type: 'invalid_request_error' },
    }),
    refusals: 1,
  },
  {
    server: 'Gemini',
    what: 'a tool call with the answer in its arguments',
    answer(pen) {
      const call = (args: string, more: object = {}) =>
        chunk({ tool_calls: [{ index: 0, ...more, function: { name: 'flashcards', arguments: args } }] });
      send(
        pen,
        call('', { id: 'call_1', type: 'function' }),
        ...parts().map((part) => call(part)),
        chunk({}, 'tool_calls'),
        event({ choices: [], usage: USAGE }),
        DONE,
      );
      finish(pen);
    },
  },
  {
    server: 'Mistral',
    what: 'content as a list of parts, thinking among them',
    answer(pen) {
      send(
        pen,
        chunk({
          content: [{ type: 'thinking', thinking: [{ type: 'text', text: `Let me think. ${root.replaceAll('front', 'draft')}` }] }],
        }),
      );
      send(
        pen,
        ...parts().map((text) => chunk({ content: [{ type: 'text', text }] })),
        chunk({ content: '' }, 'stop', { usage: USAGE }),
        DONE,
      );
      finish(pen);
    },
  },
  {
    server: 'DeepSeek',
    what: 'no `json_schema`, and empty chunks while it works',
    answer: refusing(
      ({ response_format: format }) => format?.type === 'json_schema',
      {
        error: {
          message: 'This response_format type is unavailable now',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_request_error',
        },
      },
      400,
      (pen, call, n) => {
        send(pen, ': keep-alive\n\n', chunk({ content: '' }), chunk({ content: null, reasoning_content: '' }));
        return plain(pen, call, n);
      },
    ),
    refusals: 1,
  },
  {
    server: 'Groq',
    what: 'a cap that is larger than its model has',
    answer: refusing(({ max_completion_tokens: cap }) => cap > 512, {
      error: {
        message:
          '`max_completion_tokens` must be less than or equal to `512`, the maximum value for `max_completion_tokens` is less than the `context_window` for this model',
        type: 'invalid_request_error',
        param: 'max_completion_tokens',
      },
    }),
    refusals: 1,
  },
  {
    server: 'another',
    what: 'a whole completion as one event',
    answer(pen) {
      send(pen, event(message(root)), DONE);
      finish(pen);
    },
  },
  {
    server: 'another',
    what: 'a whole completion as JSON, though a stream was asked for',
    answer: (pen) => pen.whole(JSON.stringify(message(root), undefined, 2)),
  },
  {
    server: 'another',
    what: 'JSON under the type of a stream',
    answer: (pen) => pen.whole(JSON.stringify(message(root)), { 'content-type': 'text/event-stream' }),
  },
  {
    server: 'Groq',
    what: 'the usage in a field of its own',
    answer(pen) {
      send(pen, ...parts().map((content) => chunk({ content })), chunk({}, 'stop', { x_groq: { id: 'req', usage: USAGE } }), DONE);
      finish(pen);
    },
  },
  {
    server: 'Moonshot',
    what: 'the usage beside the end',
    answer(pen) {
      send(pen, ...parts().map((content) => chunk({ content })));
      send(pen, event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: USAGE }] }), DONE);
      finish(pen);
    },
  },
  {
    server: 'a gateway',
    what: 'the usage under the names of Anthropic',
    answer(pen) {
      send(pen, ...parts().map((content) => chunk({ content })), chunk({}, 'stop'));
      send(pen, event({ choices: [], usage: { input_tokens: 100, output_tokens: 20 } }), DONE);
      finish(pen);
    },
  },
  {
    server: 'another',
    what: 'an answer that the server has parsed',
    answer: (pen) => pen.whole(JSON.stringify(message({ flashcards: [card(1), card(2)] }))),
  },
  {
    server: 'another',
    what: 'an answer that the server has parsed, in its own field',
    answer: (pen) => pen.whole(JSON.stringify(message(null, { parsed: { flashcards: [card(1), card(2)] } }))),
  },
  {
    server: 'Gemini',
    what: 'a model without instructions of a system',
    answer: refusing(({ messages }) => messages[0].role === 'system', {
      error: { code: 400, message: 'Developer instruction is not enabled for models/x', status: 'INVALID_ARGUMENT' },
    }),
    refusals: 1,
  },
  {
    server: 'vLLM',
    what: 'a template that knows users and assistants only',
    answer: refusing(({ messages }) => messages[0].role === 'system', { object: 'error', message: 'System role not supported', code: 400 }),
    refusals: 1,
  },
  {
    server: 'another',
    what: 'the text "null" as the reason',
    answer(pen) {
      send(pen, ...parts().map((content) => chunk({ content }, 'null')), chunk({}, 'stop'), event({ choices: [], usage: USAGE }), DONE);
      finish(pen);
    },
  },
];
