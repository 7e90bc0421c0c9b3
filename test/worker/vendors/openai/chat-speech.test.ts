/** Speech by a chat completion: what is asked, what is read, what it costs; and that only the text itself is delivered. */
import { expect, test } from 'vitest';
import { writeWav } from '../../../../worker/audio/wav.ts';
import { hasSameWords } from '../../../../worker/audio/same-words.ts';
import { createAddCost, createFindPrice } from '../../../../worker/prices.ts';
import { openai } from '../../../../worker/vendors/openai.ts';
import { createOpenAISpeech } from '../../../../worker/vendors/openai/speech.ts';
import { calm, keepReport } from '../../../support/capability.ts';
import { type Said, sayInChat, sound, speakInChat } from '../../../support/chat-speech.ts';
import { createDice } from '../../../support/dice.ts';
import { isEnd } from '../../../support/sse.ts';
import { startStack } from '../../../support/stack-in-process.ts';
import { submitJson } from '../../../support/submit.ts';
import { variants } from '../../../support/variants.ts';
import { type Answerer, sendJson, startVendorServer } from '../../../support/vendor-server.ts';

const request = { text: 'Hallo Welt, wie geht es dir?', language: 'de', speed: 1 };

async function start(answer: Answerer, { idleTimeoutMs = 10_000, timeoutMs = 10_000 } = {}) {
  const server = await startVendorServer(answer);
  const { report, calls } = keepReport();
  const speak = createOpenAISpeech({
    apiKey: 'sk-test',
    baseURL: `${server.url}/v1/`,
    model: 'gpt-audio-1.5',
    timeoutMs,
    idleTimeoutMs,
  });
  return { server, calls, speak: (asked: Parameters<typeof speak>[0] = request, signal = calm) => speak(asked, report, signal) };
}

test.each([1, 7, 4001, 100_000])('raw sound is put together from chunks of %i, odd ones too, and billed by tokens', async (chunk) => {
  const pcm = sound(200).map((_, n) => n % 251);
  const { server, calls, speak } = await start(speakInChat(() => ({ pcm, chunk })));
  expect(await speak()).toEqual({ pcm: Buffer.from(pcm), sampleRate: 24_000 });
  expect(server.calls).toHaveLength(1);
  expect(server.calls[0]).toMatchObject({ url: '/v1/chat/completions', headers: { authorization: 'Bearer sk-test' } });
  const body = server.calls[0]?.json();
  expect(body).toMatchObject({
    model: 'gpt-audio-1.5',
    modalities: ['text', 'audio'],
    audio: { voice: 'alloy', format: 'pcm16' },
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(body?.['messages'][0].content).toContain('word for word');
  expect(body?.['messages'][0].content).toContain('German');
  expect(body?.['messages'][1]).toEqual({ role: 'user', content: request.text });
  expect(calls).toMatchObject([
    {
      author: { provider: 'openai', model: 'gpt-audio-1.5' },
      expected: { estimated: true },
      used: { inputTokens: 200, outputTokens: 30, outputAudioTokens: 20 },
      settled: true,
    },
  ]);
});

test('tokens of sound have their own price, and are no field of a usage', () => {
  const used = { inputTokens: 1_000_000, outputTokens: 1_000_000, inputAudioTokens: 0, outputAudioTokens: 900_000 };
  expect(createAddCost(createFindPrice([openai]))(used, { provider: 'openai', model: 'gpt-audio-1.5' })).toEqual({
    inputTokens: 1_000_000,
    outputTokens: 1_000_000,
    costUsd: 2.5 + 1 + 0.9 * 64,
  });
  const own = createAddCost(() => ({ perMillionInputTokens: 1, perMillionOutputTokens: 2 }));
  expect(own(used, { provider: 'openai', model: 'gpt-audio-1.5' }).costUsd).toBe(3);
});

test('voice and speed go along', async () => {
  const { server, speak } = await start(speakInChat());
  await speak({ ...request, voice: 'nova', speed: 1.5 });
  expect(server.calls[0]?.json()['audio'].voice).toBe('nova');
  expect(server.calls[0]?.json()['messages'][0].content).toContain('1.5 times');
});

test('without a report of tokens they are estimated', async () => {
  const { calls, speak } = await start(speakInChat(() => ({ usage: false })));
  await speak();
  expect(calls).toMatchObject([{ used: { outputAudioTokens: 20, estimated: true } }]);
  expect(calls[0]?.used?.outputTokens).toBeGreaterThan(20);
});

test.each(['audio/wav', 'raw'])('a server that does not stream is heard, too: %s', async (type) => {
  const pcm = sound(60_000);
  const data = Buffer.from(type === 'raw' ? pcm : writeWav({ pcm, sampleRate: 16_000 })).toString('base64');
  const { speak } = await start((response) =>
    sendJson(response, 200, {
      choices: [{ finish_reason: 'stop', message: { content: null, audio: { data, transcript: request.text } } }],
    }),
  );
  const speech = await speak();
  expect([speech.pcm.length, speech.sampleRate]).toEqual([pcm.length, type === 'raw' ? 24_000 : 16_000]);
});

test('what was not the text is asked for once more, and each call is paid for', async () => {
  const { server, calls, speak } = await start(speakInChat((_, n) => (n === 1 ? { transcript: 'Mir geht es gut, danke!' } : {})));
  expect((await speak()).pcm.length).toBe(48_000);
  expect(server.calls).toHaveLength(2);
  expect(calls).toMatchObject([{ used: { outputTokens: 30 } }, { used: { outputTokens: 30 } }]);
});

test.each([
  ['an answer', 'Mir geht es gut.'],
  ['a greeting first', `Gern! ${request.text}`],
  ['a comment last', `${request.text} Noch etwas?`],
  ['a word that is missing', 'Hallo, wie geht es dir?'],
  ['another word', 'Hallo Erde, wie geht es dir?'],
  ['the text twice', `${request.text} ${request.text}`],
  ['the beginning alone', 'Hallo Welt'],
])('%s instead of the text fails at the second time, for good', async (_, transcript) => {
  const { server, speak } = await start(speakInChat(() => ({ transcript })));
  await expect(speak()).rejects.toMatchObject({ code: 'provider_bad_answer', extras: { final: true }, message: /word for word/ });
  expect(server.calls).toHaveLength(2);
});

test('a server that does not say what it has said is believed', async () => {
  const { speak } = await start(speakInChat(() => ({ transcript: '' })));
  expect((await speak()).pcm.length).toBe(48_000);
});

test.each([
  ["Don't STOP — “now”…", 'don’t stop now'],
  ['Der Fluß ist 12 km lang.', 'Der Fluss ist zwölf Kilometer lang'.replace('Kilometer', 'km')],
  ['In 1989 the wall fell.', 'In nineteen eighty-nine, the wall fell.'],
  ['ten apples and 3 pears', '10 apples and three pears'.replace('10', 'ten')],
  ['twenty one', '21'],
  ['Salt & pepper cost 5 % more', 'Salt and pepper cost five percent more'],
  ['See example.org.', 'see example dot org'],
  ['Dr. Smith went home.', 'Doctor Smith went home.'],
  ['水在一百度沸腾。', '水在一百度沸腾'],
  ['Café naïve', 'Cafe\u0301 naive'],
  ['E = mc²', 'E equals m c squared'],
])('%j is read out as %j', (text, transcript) => {
  expect(hasSameWords(text, transcript)).toBe(true);
});

test.each([
  ['Chapter 3', 'Chapter 3. This chapter is about cells, and about all that lives in them and around them.'],
  ['Take 5 of them home.', 'Take five of them.'],
  ['水在一百度沸腾。', '水在九十度沸腾'],
  ['What is 2 + 2?', 'It is four.'],
  ['', 'something'],
  ['something', ''],
])('%j is not read out as %j', (text, transcript) => {
  expect(hasSameWords(text, transcript)).toBe(false);
});

test('by chance: other signs, case and spaces are the same words; one word more, less or replaced is not', () => {
  const dice = createDice(variants.seed);
  const words = 'water stone Über naïve river l’eau свет кот 水 石 δρόμος نور green apple'.split(' ');
  const word = () => words[dice(words.length)] as string;
  const signs = [' ', '  ', ', ', '. ', ' — ', '… ', '\n', '; '];
  const write = (list: readonly string[]) => list.map((each) => each + (signs[dice(signs.length)] as string)).join('');
  for (let run = 0; run < variants.count; run++) {
    const list = Array.from({ length: 3 + dice(20) }, word);
    const text = write(list);
    expect([text, hasSameWords(text, write(list).toUpperCase())]).toEqual([text, true]);
    const at = dice(list.length);
    const others = [list.toSpliced(at, 1), list.toSpliced(at, 0, word()), list.toSpliced(at, 1, `${list[at]}x`), [...list, ...list]];
    const other = others[dice(others.length)] as string[];
    expect([text, other, hasSameWords(text, write(other))]).toEqual([text, other, false]);
  }
});

test('a long list of numbers is compared, too', () => {
  const text = Array.from({ length: 400 }, (_, n) => `${n}, aa`).join(' ');
  expect(hasSameWords(`${text} b`, `${'a'.repeat(20_000)}c`)).toBe(false);
  expect(hasSameWords(text, text.replaceAll(/\d+/g, 'number'))).toBe(true);
});

const ENDINGS: [what: string, said: Said, code: string][] = [
  ['no end', { finish: '' }, 'provider_cut_off'],
  ['the limit of tokens', { finish: 'length' }, 'provider_cut_off'],
  ['a filter', { finish: 'content_filter' }, 'provider_refused'],
  ['no sound', { pcm: new Uint8Array() }, 'provider_bad_answer'],
];

test.each(ENDINGS)('%s is no speech, and was paid for', async (_, said, code) => {
  const { server, calls, speak } = await start(speakInChat(() => said));
  await expect(speak()).rejects.toMatchObject({ code });
  expect(server.calls).toHaveLength(1);
  expect(calls).toMatchObject([{ used: { inputTokens: 200 }, settled: true }]);
});

test.each([
  [401, { code: 'invalid_api_key' }, 'provider_unauthorized'],
  [404, { code: 'model_not_found' }, 'provider_rejected'],
  [429, { code: 'rate_limit_exceeded' }, 'provider_rate_limited'],
  [500, { message: 'oops' }, 'provider_unavailable'],
  [200, { code: 'insufficient_quota' }, 'provider_quota_exceeded'],
])('HTTP %i with %j is %s, and nothing is owed', async (status, error, code) => {
  const { calls, speak } = await start((response) => sendJson(response, status, { error }));
  await expect(speak()).rejects.toMatchObject({ code });
  expect(calls).toMatchObject([{ used: undefined, settled: true }]);
});

test('a model that falls silent is given up, and an abort closes the connection', async () => {
  const { speak } = await start((response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n'), {
    idleTimeoutMs: 50,
  });
  await expect(speak()).rejects.toMatchObject({ code: 'provider_timeout' });
  const controller = new AbortController();
  const why = new Error('enough');
  const silent = await start(() => controller.abort(why));
  await expect(silent.speak(request, controller.signal)).rejects.toBe(why);
  await silent.server.calls[0]?.dropped;
});

/** API and worker whose speech is spoken by this server. */
async function startSpeaking({ url }: { url: string }) {
  const stack = await startStack({
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_SPEECH_MODEL: 'gpt-audio-1.5',
    PROVIDER_AUDIO: 'openai',
  });
  await stack.startWorker();
  return stack;
}

test('a long text is spoken in parts, one call each', async () => {
  const server = await startVendorServer(speakInChat());
  const stack = await startSpeaking(server);
  const sentence = 'This sentence is read out, word for word, as it stands here.';
  const text = Array.from({ length: 60 }, () => sentence).join(' ');
  const { body: job } = await submitJson(stack, '/api/ai/generate-audio', { text, format: 'wav' });
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end.event).toBe('completed');
  const { audio, parts } = end.data['result'];
  expect(parts).toHaveLength(4);
  expect(parts.map((part: { text: string }) => part.text).join(' ')).toBe(text);
  expect(audio.durationMs).toBe(4000);
  expect(server.calls).toHaveLength(4);
  expect(end.data['usage']).toEqual({ inputTokens: 800, outputTokens: 120, costUsd: (800 * 2.5 + 40 * 10 + 80 * 64) / 1e6 });
});

test('a text that is never read word for word fails its job once, and no other call is made', async () => {
  const server = await startVendorServer((response, call) => sayInChat(response, call, { transcript: 'I will not.' }));
  const stack = await startSpeaking(server);
  const { body: job } = await submitJson(stack, '/api/ai/generate-audio', { text: 'Read this.' });
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'provider_bad_answer' } } });
  expect(server.calls).toHaveLength(2);
});

test.each([
  ['in a chat', 'gpt-audio-1.5'],
  ['at the interface for speech', 'gpt-4o-mini-tts'],
])('a model that is gone fails its job at once, %s: one call, and no other attempt', async (_, model) => {
  const error = {
    message: `The model \`${model}\` has been deprecated`,
    type: 'invalid_request_error',
    param: null,
    code: 'model_not_found',
  };
  const server = await startVendorServer((response) => sendJson(response, 404, { error }));
  const stack = await startStack({
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: `${server.url}/v1`,
    OPENAI_SPEECH_MODEL: model,
    PROVIDER_AUDIO: 'openai',
  });
  await stack.startWorker();
  const { body: job } = await submitJson(stack, '/api/ai/generate-audio', { text: 'Read this.' });
  const end = await (await stack.watch(job)).until(isEnd);
  expect(end.data['error']).toMatchObject({ code: 'provider_rejected', retryable: false, detail: expect.stringContaining('ended') });
  expect(server.calls).toHaveLength(1);
  expect(await stack.get(job['statusUrl'], { 'user-id': 'ana' })).toMatchObject({ status: 'failed', attempt: 1 });
});
