/** Pronunciation over the real stack: recordings as phones make them, against a server that answers as Azure Speech. */
import { beforeAll, describe, expect, test } from 'vitest';
import { durationOf } from '../../../worker/audio/pcm.ts';
import { decodeWav } from '../../../worker/audio/wav.ts';
import { startAzureSpeech, wantedOf } from '../../support/azure-speech.ts';
import { encode, PATH, programs, type Recipe, speakWav } from '../../support/spoken.ts';
import { isEnd } from '../../support/sse.ts';
import type { Part, Stack } from '../../support/stack-in-process.ts';
import { startStack } from '../../support/stack-in-process.ts';
import { type Submitted, submitFile, submitJson } from '../../support/submit.ts';
import { sendJson, startVendorServer } from '../../support/vendor-server.ts';

const PATH_OF_KIND = '/api/pronunciation-assess';
const TEXT = 'The quick brown fox jumps over the lazy dog.';

/** Submits a recording under a name that says nothing: its type is told by what is in it. */
const submit = (stack: Stack, bytes: Buffer, fields: Record<string, string> = {}): Promise<Submitted> =>
  submitFile(stack, PATH_OF_KIND, { referenceText: TEXT, ...fields }, { field: 'audio', bytes, name: 'recording.bin' });

/** Submits and waits for the end. */
async function assess(stack: Stack, bytes: Buffer, fields?: Record<string, string>) {
  const { status, body } = await submit(stack, bytes, fields);
  expect([status, body['code']]).toEqual([202, undefined]);
  return (await stack.watch(body)).until(isEnd);
}

async function start(env: Record<string, string>): Promise<Stack & { worker: Part }> {
  const stack = await startStack(env);
  return { ...stack, worker: await stack.startWorker() };
}

describe.skipIf(!programs.espeak || !programs.ffmpeg)('recordings', () => {
  let wav: Buffer;
  let files: Record<Recipe, Buffer>;
  beforeAll(() => {
    wav = speakWav(TEXT);
    files = encode(wav);
  });

  test('recordings of phones and browsers arrive as WAV of 16 kHz; what the service takes goes as it is', async () => {
    const azure = await startAzureSpeech();
    const stack = await start({ ...azure.env, PATH });
    for (const recipe of ['m4a', 'mp3', 'webm', '3gp', 'vorbis.ogg', 'stereo.wav', 'speech.wav', 'opus.ogg'] as const) {
      const end = await assess(stack, files[recipe]);
      expect([recipe, end.event]).toEqual([recipe, 'completed']);
      const { result, usage } = end.data;
      expect(result).toMatchObject({ recognizedText: TEXT, scores: { pronunciation: 90.2, prosody: 84.3 } });
      expect(result).not.toHaveProperty('estimate');
      expect(result.words).toHaveLength(9);
      const seconds = result.durationMs / 1000;
      expect(seconds).toBeGreaterThan(2);
      expect(usage).toEqual({ inputTokens: 0, outputTokens: 0, seconds: 3, costUsd: 0.000_833_333 });

      const call = azure.calls.at(-1);
      expect(call && wantedOf(call)['ReferenceText']).toBe(TEXT);
      if (recipe === 'speech.wav' || recipe === 'opus.ogg') expect([recipe, call?.body.equals(files[recipe])]).toEqual([recipe, true]);
      if (recipe === 'opus.ogg') continue;
      const sound = decodeWav(call?.body ?? Buffer.alloc(0));
      expect([recipe, sound?.sampleRate, Math.round((sound ? durationOf(sound) : 0) / 500)]).toEqual([
        recipe,
        16_000,
        Math.round(seconds * 2),
      ]);
    }
    expect(azure.calls).toHaveLength(8);
  });

  test('base64 in JSON is a recording, too, with the language that is said', async () => {
    const azure = await startAzureSpeech();
    const stack = await start(azure.env);
    const audio = `data:audio/wav;base64,${files['speech.wav'].toString('base64')}`;
    const { status, body } = await submitJson(stack, PATH_OF_KIND, { audio, referenceText: TEXT, language: 'de' });
    expect(status).toBe(202);
    expect((await (await stack.watch(body)).until(isEnd)).event).toBe('completed');
    expect(azure.calls[0]?.url).toContain('language=de-DE');
    expect(await stack.get(body['statusUrl'], { 'user-id': 'ana' })).toMatchObject({ provider: 'azure-speech', status: 'completed' });
  });

  test('where no worker has ffmpeg, a recording that needs it is refused with 415, and others are taken', async () => {
    const azure = await startAzureSpeech();
    const stack = await start(azure.env);
    for (const recipe of ['m4a', 'stereo.wav', 'vorbis.ogg'] as const) {
      const { status, body } = await submit(stack, files[recipe]);
      expect([recipe, status, body['code']]).toEqual([recipe, 415, 'unsupported_media_type']);
      expect(body['detail']).toMatch(/ffmpeg.*WAV of 16 kHz.*Opus/);
    }
    expect((await assess(stack, files['speech.wav'])).event).toBe('completed');
    expect((await assess(stack, files['opus.ogg'])).event).toBe('completed');
  });

  test('where only one of the workers has ffmpeg, it gets the recordings that need it', async () => {
    const azure = await startAzureSpeech();
    const stack = await startStack(azure.env);
    await stack.startWorker();
    await stack.startWorker({ PATH });
    for (let n = 0; n < 3; n++) expect((await assess(stack, files.m4a)).event).toBe('completed');
  });

  test('a file whose sound is damaged passes its structure and fails as a job, not tried again', async () => {
    const azure = await startAzureSpeech();
    const stack = await start({ ...azure.env, PATH });
    const damaged = Buffer.from(files.m4a);
    damaged.fill(0xff, damaged.indexOf('mdat') + 4, damaged.indexOf('moov') - 4);
    const end = await assess(stack, damaged);
    expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'invalid_input', retryable: false } } });
    expect(azure.calls).toHaveLength(0);
  });

  test('silence and noise fail at once as nothing to work with', async () => {
    const azure = await startAzureSpeech((response) => sendJson(response, 200, { RecognitionStatus: 'InitialSilenceTimeout' }));
    const stack = await start(azure.env);
    const end = await assess(stack, files['speech.wav']);
    expect(end).toMatchObject({ event: 'failed', data: { error: { code: 'content_unusable' }, usage: { seconds: expect.any(Number) } } });
    expect(azure.calls).toHaveLength(1);
  });

  test('a service that is busy is asked again, and a cancelled job closes its connection', async () => {
    const azure = await startAzureSpeech((response, call, n) => {
      if (n === 1) sendJson(response, 503, { error: { code: '503' } });
      if (n === 2) sendJson(response, 200, { RecognitionStatus: 'NoMatch' });
      return call;
    });
    const stack = await start(azure.env);
    expect(await assess(stack, files['speech.wav'])).toMatchObject({ event: 'failed', data: { error: { code: 'content_unusable' } } });
    expect(azure.calls).toHaveLength(2);

    const { body: job } = await submit(stack, files['speech.wav']);
    const stream = await stack.watch(job);
    await expect.poll(() => azure.calls.length).toBe(3);
    await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: { 'user-id': 'ana' } });
    expect((await stream.until(isEnd)).event).toBe('cancelled');
    await azure.calls[2]?.dropped;
  });

  test('a model estimates only where it is named, and says that it does', async () => {
    const report = { recognizedText: TEXT, pronunciation: 1, accuracy: 2, fluency: 3, completeness: 4, words: [] };
    const message = { tool_calls: [{ function: { name: 'report', arguments: JSON.stringify(report) } }] };
    const usage = { prompt_tokens: 100, completion_tokens: 20 };
    const model = await startVendorServer((response) => sendJson(response, 200, { choices: [{ message }], usage }));
    const env = { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_AUDIO_MODEL: 'hears' };
    const stack = await startStack();
    const unnamed = await stack.startWorker(env);
    expect((await submit(stack, files.mp3)).status).toBe(501);
    await unnamed.stop();
    const named = await start({ ...env, PROVIDER_PRONUNCIATION: 'openai' });
    expect(await assess(named, files.mp3)).toMatchObject({
      event: 'completed',
      data: { result: { estimate: true, scores: { accuracy: 2 } }, usage: { inputTokens: 100, outputTokens: 20 } },
    });
    expect(model.calls[0]?.json()).toMatchObject({ model: 'hears' });
  });
});

test('without a provider it is 501, with the variables that are missing; a mistake in the input is told first', async () => {
  const stack = await start({});
  const silence = Buffer.alloc(32_044);
  silence.write('RIFF', 0);
  silence.writeUInt32LE(32_036, 4);
  silence.write('WAVEfmt ', 8);
  silence.set([16, 0, 0, 0, 1, 0, 1, 0, 0x80, 0x3e, 0, 0, 0, 0x7d, 0, 0, 2, 0, 16, 0], 16);
  silence.write('data', 36);
  silence.writeUInt32LE(32_000, 40);
  const { status, body } = await submit(stack, silence);
  expect([status, body['code']]).toEqual([501, 'provider_not_configured']);
  expect(body['detail']).toMatch(/AZURE_SPEECH_KEY.*AZURE_SPEECH_REGION/);
  expect(body['detail']).not.toContain('OPENAI');
  const refused = await submit(stack, silence, { referenceText: ' … ' });
  expect([refused.status, refused.body['errors']]).toMatchObject([400, [{ pointer: '#/referenceText' }]]);
});
