/** Azure Speech: what it is asked, how its answers are read, what its errors mean, and that an abort reaches it. */
import { expect, test } from 'vitest';
import type { SpeechAssessmentRequest } from '../../../worker/capabilities.ts';
import { createAzureSpeech } from '../../../worker/vendors/azure-speech.ts';
import { toLocale } from '../../../worker/vendors/azure-speech/languages.ts';
import { AZURE_KEY, recognised, startAzureSpeech, wantedOf } from '../../support/azure-speech.ts';
import { calm, keepReport } from '../../support/capability.ts';
import { type Answerer, sendJson } from '../../support/vendor-server.ts';

const wav = {
  bytes: Buffer.from('RIFF'),
  facts: { type: 'audio/wav', codec: 'pcm-s16', sampleRate: 16_000, channels: 1, durationMs: 1500 },
};
const evening: SpeechAssessmentRequest = { audio: wav, referenceText: 'Good evening. Grüße!', language: 'en-US' };

async function start(answer?: Answerer, key = AZURE_KEY) {
  const server = await startAzureSpeech(answer);
  const { report, calls } = keepReport();
  const assess = createAzureSpeech({ endpoint: server.url, key, timeoutMs: 10_000 });
  return { server, calls, assess: (request = evening, signal = calm) => assess(request, report, signal) };
}

test('a recording is sent whole, with all that is wanted of it', async () => {
  const { server, calls, assess } = await start();
  await assess();
  const [call] = server.calls;
  expect(call).toMatchObject({
    method: 'POST',
    url: '/speech/recognition/conversation/cognitiveservices/v1?language=en-US&format=detailed',
    body: wav.bytes,
    headers: {
      'content-type': 'audio/wav; codecs=audio/pcm; samplerate=16000',
      'content-length': '4',
      accept: 'application/json',
    },
  });
  expect(call && wantedOf(call)).toEqual({
    ReferenceText: 'Good evening. Grüße!',
    GradingSystem: 'HundredMark',
    Granularity: 'Phoneme',
    Dimension: 'Comprehensive',
    EnableMiscue: 'True',
    EnableProsodyAssessment: 'True',
  });
  expect(calls).toMatchObject([
    { author: { provider: 'azure-speech' }, used: { inputTokens: 0, outputTokens: 0, seconds: 2 }, settled: true },
  ]);
});

test('Ogg says that it is Ogg, and a language without a region gets its usual one', async () => {
  const { server, assess } = await start();
  await assess({ ...evening, language: 'pt', audio: { bytes: Buffer.from('OggS'), facts: { type: 'audio/ogg', codec: 'opus' } } });
  expect(server.calls[0]).toMatchObject({
    url: expect.stringContaining('language=pt-BR&'),
    headers: { 'content-type': 'audio/ogg; codecs=opus' },
  });
  expect(['de', 'en-GB', 'zh', 'no', 'nb-no', 'xx'].map(toLocale)).toEqual(['de-DE', 'en-GB', 'zh-CN', 'nb-NO', 'nb-NO', 'xx']);
});

const WORDS = [
  {
    Word: 'good',
    Offset: 600_000,
    Duration: 2_500_000,
    AccuracyScore: 98,
    ErrorType: 'None',
    Phonemes: [{ Phoneme: 'g', AccuracyScore: 99, Offset: 600_000, Duration: 700_000 }],
  },
  { Word: 'evening', Offset: 3_200_000, Duration: 6_000_000, AccuracyScore: 58, ErrorType: 'Mispronunciation' },
  { Word: 'grüße', ErrorType: 'Omission' },
];

const READ = {
  recognizedText: 'Good evening.',
  durationMs: 1500,
  scores: { pronunciation: 90.2, accuracy: 91, fluency: 96, completeness: 100, prosody: 84.3 },
  words: [
    { word: 'good', accuracy: 98, error: 'none', offsetMs: 60, durationMs: 250, phonemes: [{ phoneme: 'g', accuracy: 99 }] },
    { word: 'evening', accuracy: 58, error: 'mispronunciation', offsetMs: 320, durationMs: 600 },
    { word: 'grüße', accuracy: 0, error: 'omission' },
  ],
};

test('scores are read as the REST interface gives them', async () => {
  const { assess } = await start((response) => sendJson(response, 200, recognised('Good evening.', { Words: WORDS })));
  expect(await assess()).toEqual(READ);
});

test("scores are read as the SDK's JSON nests them; a language without prosody and names of phonemes has neither", async () => {
  const nest = ({ AccuracyScore, ErrorType, ...rest }: Record<string, any>): object => ({
    ...rest,
    ...(rest['Phonemes'] && { Phonemes: [{ Phoneme: '', PronunciationAssessment: { AccuracyScore: 99 } }] }),
    PronunciationAssessment: { AccuracyScore, ErrorType },
  });
  const nested = {
    Display: 'Good evening.',
    PronunciationAssessment: { AccuracyScore: 91, FluencyScore: 96, CompletenessScore: 100, PronScore: 90.2 },
    Words: WORDS.map(nest),
  };
  const { assess } = await start((response) =>
    sendJson(response, 200, { RecognitionStatus: 'Success', DisplayText: 'Good evening.', Duration: 9_100_000, NBest: [nested] }),
  );
  const { prosody: _, ...scores } = READ.scores;
  const { phonemes: __, ...good } = READ.words[0] ?? {};
  expect(await assess()).toEqual({ ...READ, scores, words: [good, ...READ.words.slice(1)] });
});

test.each([
  ['NoMatch', 'content_unusable'],
  ['InitialSilenceTimeout', 'content_unusable'],
  ['BabbleTimeout', 'content_unusable'],
  ['Error', 'provider_unavailable'],
  ['SomethingNew', 'provider_bad_answer'],
])('a recognition that ends as %s with HTTP 200 is no success: %s, and it is billed', async (RecognitionStatus, code) => {
  const { calls, assess } = await start((response) => sendJson(response, 200, { RecognitionStatus, Offset: 0, Duration: 0 }));
  await expect(assess()).rejects.toMatchObject({ code });
  expect(calls).toMatchObject([{ used: { seconds: 2 } }]);
});

test('a success in which nobody says anything is nothing to work with', async () => {
  const words = [{ Word: 'good', ErrorType: 'Omission' }];
  const { assess } = await start((response) => sendJson(response, 200, recognised('', { Words: words })));
  await expect(assess()).rejects.toMatchObject({ code: 'content_unusable' });
});

const ERRORS: [status: number, message: string, code: string][] = [
  [400, 'Unsupported language', 'provider_rejected'],
  [401, 'Access denied', 'provider_unauthorized'],
  [403, 'Forbidden', 'provider_unauthorized'],
  [403, 'Out of call volume quota for SpeechServices F0.', 'provider_quota_exceeded'],
  [429, 'Too many requests', 'provider_rate_limited'],
  [429, 'Quota exceeded', 'provider_quota_exceeded'],
  [503, 'Busy', 'provider_unavailable'],
];

test.each(ERRORS)('HTTP %i with "%s" is %s, and nothing is owed', async (status, message, code) => {
  const { calls, assess } = await start((response) =>
    sendJson(response, status, { error: { code: String(status), message } }, { 'retry-after': '7' }),
  );
  await expect(assess()).rejects.toMatchObject({ code, extras: { retryAfterMs: 7000 } });
  expect(calls).toMatchObject([{ used: undefined, settled: true }]);
});

test.each([
  ['no JSON', 'half of it'],
  ['no scores', JSON.stringify({ RecognitionStatus: 'Success', NBest: [{ Display: 'x', Words: [{ Word: 'x' }] }] })],
  ['no best', JSON.stringify({ RecognitionStatus: 'Success', NBest: [] })],
])('an answer with %s is malformed', async (_, body) => {
  const { assess } = await start((response) => response.writeHead(200).end(body));
  await expect(assess()).rejects.toMatchObject({ code: 'provider_bad_answer' });
});

test('an abort closes the connection; the seconds count, for the recording was sent', async () => {
  const controller = new AbortController();
  const { server, calls, assess } = await start(() => controller.abort(new Error('cancelled')));
  await expect(assess(evening, controller.signal)).rejects.toThrow('cancelled');
  await server.calls[0]?.dropped;
  expect(calls).toMatchObject([{ used: { seconds: 2 }, settled: true }]);
});

test('a wrong key is said to be one', async () => {
  const { assess } = await start(undefined, 'another');
  await expect(assess()).rejects.toMatchObject({ code: 'provider_unauthorized' });
});
