/** Amazon Polly: what it is asked, who speaks, what its errors mean, and that an abort reaches it. */
import { expect, test } from 'vitest';
import { createPolly } from '../../../worker/vendors/polly.ts';
import { signAwsRequest } from '../../../worker/vendors/polly/sign.ts';
import { choosePollyVoice, pollyLanguages } from '../../../worker/vendors/polly/voices.ts';
import type { Answerer } from '../../support/vendor-server.ts';
import { calm, keepReport } from '../../support/capability.ts';
import { POLLY_KEYS, refuse, speak, startPolly } from '../../support/polly.ts';

const credentials = { accessKeyId: POLLY_KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: POLLY_KEYS.AWS_SECRET_ACCESS_KEY };
const options = { region: POLLY_KEYS.AWS_REGION, credentials, engine: 'neural' as const, timeoutMs: 10_000 };
const german = { text: 'Hallo', language: 'de', speed: 1 };

async function start(answer?: Answerer) {
  const server = await startPolly(answer);
  const { report, calls } = keepReport();
  const polly = createPolly({ ...options, endpoint: server.url });
  return { server, calls, polly: (request = german, signal = calm) => polly(request, report, signal) };
}

test("the signature is the one of AWS' own example", async () => {
  const example = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const url = new URL('https://example.amazonaws.com/');
  const now = new Date('2015-08-30T12:36:00Z');
  const headers = await signAwsRequest(example, { url, headers: {}, body: '', service: 'service', region: 'us-east-1', now });
  expect(headers['authorization']).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ' +
      'Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  );
});

test('a text is asked for as PCM in the voice of its language, and the characters that are billed are reported', async () => {
  const { server, calls, polly } = await start();
  const { pcm, sampleRate } = await polly();
  expect([pcm.length, sampleRate]).toEqual([5 * 32, 16_000]);
  expect(server.calls.map((call) => call.json())).toEqual([
    {
      Engine: 'neural',
      VoiceId: 'Vicki',
      LanguageCode: 'de-DE',
      OutputFormat: 'pcm',
      SampleRate: '16000',
      TextType: 'text',
      Text: 'Hallo',
    },
  ]);
  expect(calls).toEqual([
    expect.objectContaining({
      author: { provider: 'polly', model: 'neural' },
      used: { inputTokens: 0, outputTokens: 0, characters: 5 },
      settled: true,
    }),
  ]);
});

test('another speed is asked for in SSML, in which the text stays a text', async () => {
  const { server, polly } = await start();
  await polly({ text: 'a < b & "c"', language: 'en', speed: 0.5 });
  expect(server.calls[0]?.json()).toMatchObject({
    TextType: 'ssml',
    Text: '<speak><prosody rate="50%">a &lt; b &amp; &quot;c&quot;</prosody></speak>',
  });
});

test('each language has a voice, regions have their own, and a voice without the wanted engine speaks with the one it has', () => {
  expect(pollyLanguages.length).toBeGreaterThanOrEqual(28);
  for (const language of pollyLanguages) expect(choosePollyVoice(language, undefined, 'neural').id).toMatch(/^[A-Z][a-z]+$/);
  expect(choosePollyVoice('en-GB', undefined, 'neural')).toEqual({ id: 'Amy', engine: 'neural', language: 'en-GB' });
  expect(choosePollyVoice('zh', undefined, 'neural')).toEqual({ id: 'Zhiyu', engine: 'neural', language: 'cmn-CN' });
  expect(choosePollyVoice('zh-HK', undefined, 'neural')).toEqual({ id: 'Hiujin', engine: 'neural', language: 'yue-CN' });
  expect(choosePollyVoice('zh-TW', undefined, 'neural')).toEqual({ id: 'Zhiyu', engine: 'neural', language: 'cmn-CN' });
  expect(choosePollyVoice('no', undefined, 'neural')).toEqual({ id: 'Ida', engine: 'neural', language: 'nb-NO' });
  expect(choosePollyVoice('ru', undefined, 'neural')).toEqual({ id: 'Tatyana', engine: 'standard', language: 'ru-RU' });
  expect(choosePollyVoice('de', 'Hans', 'neural')).toEqual({ id: 'Hans', engine: 'standard', language: 'de-DE' });
  expect(choosePollyVoice('hi', 'Kajal', 'neural')).toEqual({ id: 'Kajal', engine: 'neural', language: 'hi-IN' });
  // A voice of another language is not told that the text is in its language.
  expect(choosePollyVoice('de', 'Joanna', 'neural')).toEqual({ id: 'Joanna', engine: 'neural' });
  expect(() => choosePollyVoice('de', 'Nobody', 'neural')).toThrow('invalid_input');
  expect(() => choosePollyVoice('uk', undefined, 'neural')).toThrow('invalid_input');
});

const ERRORS: [status: number, name: string, code: string][] = [
  [400, 'ThrottlingException', 'provider_rate_limited'],
  [429, 'TooManyRequestsException', 'provider_rate_limited'],
  [400, 'TextLengthExceededException', 'provider_rejected'],
  [400, 'EngineNotSupportedException', 'provider_rejected'],
  [400, 'LanguageNotSupportedException', 'provider_rejected'],
  [400, 'InvalidSsmlException', 'provider_rejected'],
  [403, 'UnrecognizedClientException', 'provider_unauthorized'],
  [403, 'ExpiredTokenException', 'provider_unauthorized'],
  [403, 'AccessDeniedException', 'provider_unauthorized'],
  [402, 'ServiceQuotaExceededException', 'provider_quota_exceeded'],
  [500, 'ServiceFailureException', 'provider_unavailable'],
  [400, 'SomethingNewException', 'provider_rejected'],
  [503, 'constructor', 'provider_unavailable'],
];

test.each(ERRORS)('HTTP %i with %s is %s, and nothing is owed', async (status, name, code) => {
  const { calls, polly } = await start((response) => refuse(response, status, name, 'a message with the text in it'));
  await expect(polly()).rejects.toMatchObject({ code, detail: expect.not.stringContaining('message') });
  expect(calls).toMatchObject([{ used: undefined, settled: true }]);
});

test('the name of an error also counts in the body, as other services of AWS send it', async () => {
  const { polly } = await start((response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: 'com.amazon.coral.service#ThrottlingException', message: 'Rate exceeded' }));
  });
  await expect(polly()).rejects.toMatchObject({ code: 'provider_rate_limited' });
});

test('a wrong key is refused by the server, and an answer without sound is malformed', async () => {
  const { server, polly } = await start((response) => response.writeHead(200, { 'content-type': 'audio/pcm' }).end());
  await expect(polly()).rejects.toMatchObject({ code: 'provider_bad_answer' });
  const wrong = createPolly({ ...options, credentials: { ...credentials, secretAccessKey: 'another' }, endpoint: server.url });
  await expect(wrong(german, keepReport().report, calm)).rejects.toMatchObject({ code: 'provider_unauthorized' });
});

test('a server that is silent is a timeout, one that breaks off is unavailable, and a redirect is not followed', async () => {
  const silent = await startPolly(() => {});
  const polly = createPolly({ ...options, timeoutMs: 50, endpoint: silent.url });
  await expect(polly(german, keepReport().report, calm)).rejects.toMatchObject({ code: 'provider_timeout' });
  const broken = await start((response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('half');
    response.destroy();
  });
  await expect(broken.polly()).rejects.toMatchObject({ code: 'provider_unavailable' });
  const elsewhere = await start((response) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end());
  await expect(elsewhere.polly()).rejects.toMatchObject({ code: 'provider_unavailable' });
});

test('an abort closes the connection, and what was under way counts as an estimate', async () => {
  const controller = new AbortController();
  const { server, calls, polly } = await start((response, call) => {
    response.writeHead(200, { 'content-type': 'audio/pcm' }).write('half');
    if (call.body.length > 0) controller.abort(new Error('cancelled'));
  });
  await expect(polly(german, controller.signal)).rejects.toThrow('cancelled');
  await server.calls[0]?.dropped;
  expect(calls).toMatchObject([{ used: { characters: 5, estimated: true }, settled: true }]);
});

test('no key is in an address, and no secret is sent', async () => {
  const { server, polly } = await start(speak);
  await polly();
  const [call] = server.calls;
  expect(call?.url).toBe('/v1/speech');
  expect(JSON.stringify(call?.headers) + call?.body.toString()).not.toContain(POLLY_KEYS.AWS_SECRET_ACCESS_KEY);
});
