/** Azure Speech: assesses how a recording speaks a text, by its interface for short audio. */
import { z } from 'zod';
import type { Author } from '../../src/job/snapshot.ts';
import { httpUrl, milliseconds, vendorKey } from '../../src/env/variables.ts';
import { type Capabilities, type Recording, NO_TOKENS } from '../capabilities.ts';
import { acceptedRecordings, SPEECH_WAV, withConversion } from '../audio/convert-recording.ts';
import { toAzureSpeechProblem } from './azure-speech/errors.ts';
import { toLocale } from './azure-speech/languages.ts';
import { readAssessment } from './azure-speech/result.ts';
import { paidCall } from './paid-call.ts';
import { callVendor, jsonOf } from './vendor-call.ts';
import { defineVendor, missingIn } from './vendor.ts';

/** How the service is called. `endpoint`: what stands before `/speech/recognition/…`. */
export type AzureSpeechOptions = { endpoint: string; key: string; timeoutMs: number };

/** What the service takes as it is, and the header that says it. */
const OGG_OPUS = { type: 'audio/ogg', codec: 'opus' };
const CONTENT_TYPES = { wav: 'audio/wav; codecs=audio/pcm; samplerate=16000', ogg: 'audio/ogg; codecs=opus' };

/** An answer for 30 s of speech has some 100 kB: each phoneme of each word stands in it. */
const MAX_ANSWER = 4_194_304;

/**
 * Makes the capability to assess speech. It takes WAV of 16 kHz, 16 bits and one channel, and Ogg
 * with Opus.
 */
export function createAzureSpeech({ endpoint, key, timeoutMs }: AzureSpeechOptions): Capabilities['speechAssessment'] {
  const limits = { name: 'Azure Speech', timeoutMs, maxBytes: MAX_ANSWER };

  return async ({ audio, referenceText, language }, report, signal) => {
    const query = new URLSearchParams({ language: toLocale(language), format: 'detailed' });
    const url = `${endpoint}/speech/recognition/conversation/cognitiveservices/v1?${query.toString()}`;
    const headers = {
      'Ocp-Apim-Subscription-Key': key,
      Accept: 'application/json',
      'Content-Type': audio.facts.type === OGG_OPUS.type ? CONTENT_TYPES.ogg : CONTENT_TYPES.wav,
      'Pronunciation-Assessment': toHeader(referenceText),
    };
    const used = { ...NO_TOKENS, ...billedSeconds(audio) };
    return paidCall({ report, signal, author: AUTHOR, expected: used }, async (bill) => {
      const answer = await callVendor(url, { method: 'POST', headers, body: audio.bytes as Uint8Array<ArrayBuffer> }, limits, signal);
      if (answer.status !== 200) throw toAzureSpeechProblem(answer);
      bill(used);
      return readAssessment(jsonOf(answer), audio.facts.durationMs);
    });
  };
}

const AUTHOR: Author = { provider: 'azure-speech' };

/** What is asked for. The service's own defaults give less, and it wants the switches as texts. */
function toHeader(referenceText: string): string {
  const wanted = {
    ReferenceText: referenceText,
    GradingSystem: 'HundredMark',
    Granularity: 'Phoneme',
    Dimension: 'Comprehensive',
    EnableMiscue: 'True',
    EnableProsodyAssessment: 'True',
  };
  return Buffer.from(JSON.stringify(wanted)).toString('base64');
}

/**
 * Whole seconds, as they are billed. A recording that does not tell its length counts with the
 * estimate of its size.
 */
function billedSeconds({ bytes, facts }: Recording): { seconds: number; estimated?: true } {
  if (facts.durationMs !== undefined) return { seconds: Math.ceil(facts.durationMs / 1000) };
  return { seconds: Math.min(Math.ceil(bytes.length / 3000), 30), estimated: true };
}

/** Azure Speech as a vendor. */
export const azureSpeech = defineVendor({
  name: 'azure-speech',
  keys: ['AZURE_SPEECH_KEY'],
  prices: { '*': { perHour: 1 } },
  variables: {
    AZURE_SPEECH_KEY: vendorKey.optional(),
    AZURE_SPEECH_REGION: z
      .string()
      .regex(/^[a-z0-9-]+$/, 'expected the name of a region, such as westeurope')
      .optional(),
    AZURE_SPEECH_ENDPOINT: httpUrl.optional(),
    AZURE_SPEECH_TIMEOUT_MS: milliseconds(60_000),
  },
  offers(variables, { guard, findProgram }) {
    const { AZURE_SPEECH_KEY: key, AZURE_SPEECH_REGION: region, AZURE_SPEECH_ENDPOINT: address } = variables;
    const endpoint = address?.replace(/\/+$/, '') ?? (region && `https://${region}.stt.speech.microsoft.com`);
    if (key === undefined || endpoint === undefined) {
      return { speechAssessment: { available: false, missing: missingIn({ AZURE_SPEECH_KEY: key, AZURE_SPEECH_REGION: endpoint }) } };
    }
    const assess = createAzureSpeech({ endpoint, key, timeoutMs: variables.AZURE_SPEECH_TIMEOUT_MS });
    const recordings = {
      taken: [SPEECH_WAV, OGG_OPUS],
      names: 'WAV of 16 kHz, 16 bits and one channel, and Ogg with Opus',
      ffmpeg: findProgram('ffmpeg'),
    };
    return {
      speechAssessment: {
        available: true,
        work: withConversion(guard('azure-speech', assess), recordings),
        author: AUTHOR,
        answers: JSON.stringify([AUTHOR.provider, endpoint]),
        ...acceptedRecordings(recordings),
      },
    };
  },
});
