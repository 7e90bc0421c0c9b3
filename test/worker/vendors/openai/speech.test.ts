/** OpenAI's speech and its estimate of a pronunciation: what is asked, what is read, what errors mean. */
import { expect, test } from 'vitest';
import type { SpeechAssessmentRequest } from '../../../../worker/capabilities.ts';
import { writeWav } from '../../../../worker/audio/wav.ts';
import { openai } from '../../../../worker/vendors/openai.ts';
import { createOpenAIAssessment } from '../../../../worker/vendors/openai/assess-speech.ts';
import { createOpenAISpeech } from '../../../../worker/vendors/openai/speech.ts';
import { calm, keepReport } from '../../../support/capability.ts';
import { type Answerer, sendJson, startVendorServer } from '../../../support/vendor-server.ts';

const second = { pcm: new Uint8Array(48_000), sampleRate: 24_000 };
const text = { text: 'Hallo Welt', language: 'de', speed: 1 };

const sendWav: Answerer = (response) => response.writeHead(200, { 'content-type': 'audio/wav' }).end(writeWav(second));

async function startSpeech(answer: Answerer = sendWav, model = 'gpt-4o-mini-tts') {
  const server = await startVendorServer(answer);
  const { report, calls } = keepReport();
  const speak = createOpenAISpeech({ apiKey: 'sk-test', baseURL: `${server.url}/v1/`, model, timeoutMs: 10_000, idleTimeoutMs: 10_000 });
  return { server, calls, speak: (request: Parameters<typeof speak>[0] = text, signal = calm) => speak(request, report, signal) };
}

test('a text is spoken as WAV; what is billed are the seconds that came', async () => {
  const { server, calls, speak } = await startSpeech();
  expect(await speak()).toEqual({ pcm: expect.objectContaining({ length: 48_000 }), sampleRate: 24_000 });
  expect(server.calls[0]).toMatchObject({ url: '/v1/audio/speech', headers: { authorization: 'Bearer sk-test' } });
  expect(server.calls[0]?.json()).toEqual({
    model: 'gpt-4o-mini-tts',
    input: 'Hallo Welt',
    voice: 'alloy',
    response_format: 'wav',
    instructions: 'The text is in German. Read it out as a native speaker does.',
  });
  expect(calls).toMatchObject([
    { author: { provider: 'openai', model: 'gpt-4o-mini-tts' }, expected: { estimated: true }, used: { seconds: 1 }, settled: true },
  ]);
});

test('another model gets no instructions and is billed by characters; voice and speed go along', async () => {
  const { server, calls, speak } = await startSpeech(sendWav, 'tts-1');
  await speak({ ...text, voice: 'nova', speed: 1.5 });
  expect(server.calls[0]?.json()).toEqual({ model: 'tts-1', input: 'Hallo Welt', voice: 'nova', response_format: 'wav', speed: 1.5 });
  expect(calls).toMatchObject([{ used: { inputTokens: 0, outputTokens: 0, characters: 10 } }]);
});

const ERRORS: [status: number, body: object, code: string][] = [
  [400, { message: 'unknown voice', code: null }, 'provider_rejected'],
  [400, { message: 'no', code: 'content_policy_violation' }, 'provider_refused'],
  [401, { message: 'bad key', code: 'invalid_api_key' }, 'provider_unauthorized'],
  [429, { message: 'slow down', code: 'rate_limit_exceeded' }, 'provider_rate_limited'],
  [429, { message: 'no money', code: 'insufficient_quota' }, 'provider_quota_exceeded'],
  [500, { message: 'oops' }, 'provider_unavailable'],
];

test.each(ERRORS)('HTTP %i with %j is %s, for both', async (status, error, code) => {
  const answer: Answerer = (response) => sendJson(response, status, { error });
  const { calls, speak } = await startSpeech(answer);
  await expect(speak()).rejects.toMatchObject({ code });
  expect(calls).toMatchObject([{ used: undefined, settled: true }]);
  const { assess } = await startAssessment(answer);
  await expect(assess()).rejects.toMatchObject({ code });
});

test.each(ERRORS)(
  'the same as HTTP %i in an answer of status 200, for both, and nothing is owed for speech',
  async (status, error, code) => {
    const answer: Answerer = (response) => sendJson(response, 200, { error: { code: status, ...error, status } });
    const { calls, speak } = await startSpeech(answer);
    await expect(speak()).rejects.toMatchObject({ code });
    expect(calls).toMatchObject([{ used: undefined, settled: true }]);
    const { assess } = await startAssessment(answer);
    await expect(assess()).rejects.toMatchObject({ code });
  },
);

test('an answer that is no WAV is malformed, and was paid for', async () => {
  const { calls, speak } = await startSpeech((response) => response.writeHead(200).end('<html>'));
  await expect(speak()).rejects.toMatchObject({ code: 'provider_bad_answer' });
  expect(calls).toMatchObject([{ used: { estimated: true } }]);
});

const recording = { bytes: Buffer.from('made-up sound'), facts: { type: 'audio/wav', codec: 'pcm-s16', durationMs: 2000 } };
const evening: SpeechAssessmentRequest = { audio: recording, referenceText: 'Good evening', language: 'en-US' };
const REPORT = {
  recognizedText: 'good evening',
  pronunciation: 80,
  accuracy: 81,
  fluency: 82,
  completeness: 83,
  words: [
    { word: 'good', accuracy: 90, error: 'none' },
    { word: 'evening', accuracy: 40, error: 'mispronunciation' },
  ],
};

const reporting =
  (message: object, finish_reason = 'stop'): Answerer =>
  (response) =>
    sendJson(response, 200, { choices: [{ finish_reason, message }], usage: { prompt_tokens: 150, completion_tokens: 60 } });
const calling = (value: unknown) =>
  reporting({ content: null, tool_calls: [{ function: { name: 'report', arguments: JSON.stringify(value) } }] });

async function startAssessment(answer: Answerer) {
  const server = await startVendorServer(answer);
  const { report, calls } = keepReport();
  const assess = createOpenAIAssessment({ apiKey: 'sk-test', baseURL: `${server.url}/v1`, model: 'gpt-audio-1.5', timeoutMs: 10_000 });
  return { server, calls, assess: (request = evening, signal = calm) => assess(request, report, signal) };
}

test('a model hears the recording and reports by a tool; its scores are called an estimate', async () => {
  const { server, calls, assess } = await startAssessment(calling(REPORT));
  const { recognizedText, words, ...scores } = REPORT;
  expect(await assess()).toEqual({ recognizedText, durationMs: 2000, scores, words, estimate: true });
  const body = server.calls[0]?.json();
  expect(server.calls[0]?.url).toBe('/v1/chat/completions');
  expect(body).toMatchObject({ model: 'gpt-audio-1.5', modalities: ['text'], tool_choice: { function: { name: 'report' } } });
  expect(body?.['messages'][1].content).toEqual([
    { type: 'text', text: JSON.stringify({ referenceText: 'Good evening', language: 'en-US' }) },
    { type: 'input_audio', input_audio: { data: recording.bytes.toString('base64'), format: 'wav' } },
  ]);
  expect(calls).toMatchObject([{ used: { inputTokens: 150, outputTokens: 60 }, settled: true }]);
});

test('MP3 goes as MP3, and a report in the text of the answer is one, too', async () => {
  const { server, assess } = await startAssessment(reporting({ content: JSON.stringify(REPORT) }));
  await assess({ ...evening, audio: { ...recording, facts: { type: 'audio/mpeg', durationMs: 2000 } } });
  expect(server.calls[0]?.json()['messages'][1].content[1].input_audio.format).toBe('mp3');
});

test.each([
  ['silence', calling({ ...REPORT, recognizedText: ' ' }), 'content_unusable'],
  ['a refusal', reporting({ refusal: 'I can not do that.' }), 'provider_refused'],
  ['a filtered answer', reporting({ content: '' }, 'content_filter'), 'provider_refused'],
  ['a score of 101', calling({ ...REPORT, accuracy: 101 }), 'provider_bad_answer'],
  ['prose', reporting({ content: 'Well spoken!' }), 'provider_bad_answer'],
  ['another shape', (response) => sendJson(response, 200, {}), 'provider_bad_answer'],
] as [string, Answerer, string][])('%s is %s', async (_, answer, code) => {
  const { assess } = await startAssessment(answer);
  await expect(assess()).rejects.toMatchObject({ code });
});

test("on another server speech needs its own model's name; an estimate is only offered by name", async () => {
  const deps = { guard: (_: string, work: never) => work, findProgram: () => undefined, warn: () => {} };
  const offered = async (env: Record<string, string>) =>
    openai.offers(
      {
        OPENAI_API_KEY: 'k',
        OPENAI_MODEL: 'm',
        OPENAI_IDLE_TIMEOUT_MS: 1,
        OPENAI_MAX_TOKENS: 1,
        OPENAI_AUDIO_TIMEOUT_MS: 1,
        RESPONSE_MODELS: [],
        ...env,
      },
      deps,
    );
  expect((await offered({})).speech).toMatchObject({
    available: true,
    author: { model: 'gpt-audio-1.5' },
    accepts: [{ field: 'voice' }],
  });
  const elsewhere = { OPENAI_BASE_URL: 'http://other.example/v1' };
  expect((await offered(elsewhere)).speech).toEqual({ available: false, missing: ['OPENAI_SPEECH_MODEL'] });
  expect((await offered({ ...elsewhere, OPENAI_SPEECH_MODEL: 'kokoro' })).speech).toMatchObject({
    available: true,
    author: { model: 'kokoro' },
  });
  expect((await offered({ ...elsewhere, OPENAI_SPEECH_MODEL: 'kokoro' })).speech).not.toHaveProperty('accepts');
  expect((await offered({})).speechAssessment).toMatchObject({ available: true, optIn: true });
});
