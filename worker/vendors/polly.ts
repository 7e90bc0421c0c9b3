/** Amazon Polly: speaks texts. Its SDK would bring 26 packages for one signed request. */
import { z } from 'zod';
import { ProblemError } from '../../src/job/problem.ts';
import type { Usage } from '../../src/job/snapshot.ts';
import { httpUrl, milliseconds, vendorKey } from '../../src/env/variables.ts';
import { type Capabilities, type SpeechRequest, NO_TOKENS } from '../capabilities.ts';
import { type AwsCredentials, signAwsRequest } from './polly/sign.ts';
import { choosePollyVoice, POLLY_ENGINES, type PollyEngine, pollyLanguages, pollyVoices } from './polly/voices.ts';
import { paidCall } from './paid-call.ts';
import { type OwnCodes, type RefusalWords, toRefusalProblem } from './refusal.ts';
import { bodyOf, callVendor, type VendorAnswer } from './vendor-call.ts';
import { defineVendor, missingIn } from './vendor.ts';

/** How Polly is called. `timeoutMs`: of one call. */
export type PollyOptions = { endpoint: string; region: string; credentials: AwsCredentials; engine: PollyEngine; timeoutMs: number };

/** The longest text of one call. Polly takes 3000 characters that are billed. */
const MAX_LENGTH = 2800;

/** The highest sample rate that Polly has for PCM, in Hz. */
const SAMPLE_RATE = 16_000;

/** 2800 characters of a slow language at half the speed are some 20 minutes: 40 MB. */
const MAX_ANSWER = 67_108_864;

/** Makes the capability to speak by Amazon Polly. */
export function createPolly({ endpoint, region, credentials, engine, timeoutMs }: PollyOptions): Capabilities['speech']['speak'] {
  const url = new URL(`${endpoint}/v1/speech`);
  const limits = { name: 'Amazon Polly', timeoutMs, maxBytes: MAX_ANSWER };
  const sign = (body: string) =>
    signAwsRequest(credentials, {
      url,
      headers: { 'content-type': 'application/json' },
      body,
      service: 'polly',
      region,
      now: new Date(),
    });

  return async (request, report, signal) => {
    const { voice, body } = toBody(request, engine);
    const used = (characters: number): Usage => ({ ...NO_TOKENS, characters });
    const expected = used(Array.from(request.text).length);
    const author = { provider: 'polly', model: voice.engine };
    return paidCall({ report, signal, author, expected, ifAborted: { ...expected, estimated: true } }, async (bill) => {
      const answer = await callVendor(url.href, { method: 'POST', headers: await sign(body), body }, limits, signal);
      if (answer.status !== 200) throw toPollyProblem(answer);
      const reported = Number(answer.headers.get('x-amzn-requestcharacters') ?? Number.NaN);
      bill(Number.isSafeInteger(reported) && reported >= 0 ? used(reported) : expected);
      if (answer.bytes.length < 2) throw new ProblemError('provider_bad_answer', 'Amazon Polly answered without sound.');
      return { pcm: answer.bytes, sampleRate: SAMPLE_RATE };
    });
  };
}

/** What is sent, and the voice it is for. Speed exists only in SSML. */
function toBody({ text, language, voice: id, speed }: SpeechRequest, wanted: PollyEngine) {
  const voice = choosePollyVoice(language, id, wanted);
  const fields = {
    Engine: voice.engine,
    VoiceId: voice.id,
    ...(voice.language !== undefined && { LanguageCode: voice.language }),
    OutputFormat: 'pcm',
    SampleRate: String(SAMPLE_RATE),
    ...(speed === 1
      ? { TextType: 'text', Text: text }
      : { TextType: 'ssml', Text: `<speak><prosody rate="${Math.round(speed * 100)}%">${escapeXml(text)}</prosody></speak>` }),
  };
  return { voice, body: JSON.stringify(fields) };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

const CLOCK: RefusalWords = ['provider_unauthorized', "Amazon Polly refuses the request's time: this server's clock may be wrong."];
const VOICE: RefusalWords = [
  'provider_rejected',
  'The voice does not speak this language, or not with this engine, in the region this server uses.',
];

/**
 * What only Polly says, by the names of its errors: throttling and a text that is too long have the
 * same status.
 */
const OWN: OwnCodes = {
  expiredtokenexception: ['provider_unauthorized', "This server's temporary keys for AWS have expired."],
  requestexpired: CLOCK,
  requesttimetooskewed: CLOCK,
  textlengthexceededexception: ['provider_rejected', 'A part of the text is too long for Amazon Polly.'],
  enginenotsupportedexception: VOICE,
  languagenotsupportedexception: VOICE,
};

/** The problem of an answer that is no success. */
function toPollyProblem(answer: VendorAnswer): ProblemError {
  return toRefusalProblem('Amazon Polly', { ...answer, body: bodyOf(answer) }, OWN);
}

/** Amazon Polly as a vendor. */
export const polly = defineVendor({
  name: 'polly',
  keys: ['AWS_ACCESS_KEY_ID'],
  prices: {
    standard: { perMillionCharacters: 4 },
    neural: { perMillionCharacters: 16 },
    generative: { perMillionCharacters: 30 },
    'long-form': { perMillionCharacters: 100 },
  },
  variables: {
    AWS_REGION: z
      .string()
      .regex(/^[a-z0-9-]+$/, 'expected the name of a region, such as eu-central-1')
      .optional(),
    AWS_ACCESS_KEY_ID: vendorKey.optional(),
    AWS_SECRET_ACCESS_KEY: vendorKey.optional(),
    AWS_SESSION_TOKEN: vendorKey.optional(),
    AWS_ENDPOINT_URL_POLLY: httpUrl.optional(),
    POLLY_ENGINE: z.enum(POLLY_ENGINES).default('neural'),
    POLLY_TIMEOUT_MS: milliseconds(60_000),
  },
  offers(variables, { guard }) {
    const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
    if (region === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
      const missing = missingIn({ AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
      return { speech: { available: false, missing } };
    }
    const { POLLY_ENGINE: engine, POLLY_TIMEOUT_MS: timeoutMs, AWS_SESSION_TOKEN: sessionToken } = variables;
    const endpoint = variables.AWS_ENDPOINT_URL_POLLY?.replace(/\/+$/, '') ?? `https://polly.${region}.amazonaws.com`;
    const credentials = { accessKeyId, secretAccessKey, sessionToken };
    const voices = [...new Set(pollyVoices.map(({ id }) => id))].toSorted();
    return {
      speech: {
        available: true,
        work: {
          sampleRate: SAMPLE_RATE,
          maxLength: () => MAX_LENGTH,
          speak: guard('polly', createPolly({ endpoint, region, credentials, engine, timeoutMs })),
        },
        author: { provider: 'polly', model: engine },
        answers: JSON.stringify(['polly', endpoint, engine]),
        accepts: [
          { field: 'voice', values: voices, detail: `must be a voice of Amazon Polly: ${voices.join(', ')}` },
          {
            field: 'language',
            values: pollyLanguages,
            byLanguage: true,
            detail: `must be a language that Amazon Polly speaks: ${pollyLanguages.toSorted().join(', ')}`,
          },
        ],
      },
    };
  },
});
