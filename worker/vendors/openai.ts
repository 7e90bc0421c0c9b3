/** OpenAI, or any server with the same chat completions. Its SDK is loaded only where a key is set. */
import { z } from 'zod';
import { httpUrl, milliseconds, positive, secret } from '../../src/env/variables.ts';
import { withFallback } from '../fallback.ts';
import type { OpenAIOptions } from './openai/structured-answer.ts';
import { defineVendor } from './vendor.ts';

const VARIABLES = {
  OPENAI_API_KEY: secret.optional(),
  EXPO_PUBLIC_OPENAI_API_KEY: secret.optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_MODEL: z.string().default('gpt-5.4-mini'),
  OPENAI_IDLE_TIMEOUT_MS: milliseconds(30_000),
  OPENAI_MAX_TOKENS: positive(16_384),
  OPENAI_SPEECH_MODEL: z.string().optional(),
  OPENAI_AUDIO_MODEL: z.string().optional(),
  OPENAI_AUDIO_TIMEOUT_MS: milliseconds(110_000),
  OPENAI_VISION_MODEL: z.string().optional(),
  OPENAI_FALLBACK_MODEL: z.string().optional(),
  OPENAI_FALLBACK_BASE_URL: httpUrl.optional(),
  OPENAI_FALLBACK_API_KEY: secret.optional(),
};

type Variables = z.output<z.ZodObject<typeof VARIABLES>>;

/** OpenAI as a vendor, with its fallback model. */
export const openai = defineVendor({
  name: 'openai',
  keys: ['OPENAI_API_KEY', 'EXPO_PUBLIC_OPENAI_API_KEY'],
  writes: true,
  variables: VARIABLES,
  async offers(variables, deps) {
    const { guard, warn } = deps;
    const main = mainOptions(variables);
    if (!main) {
      const missing = { available: false, missing: ['OPENAI_API_KEY'] } as const;
      return { structuredAnswer: missing, imageText: missing, speech: missing, speechAssessment: { ...missing, optIn: true } };
    }
    if (variables.OPENAI_API_KEY === undefined) {
      warn('EXPO_PUBLIC_OPENAI_API_KEY is used: that prefix ships the key inside the app; rename it to OPENAI_API_KEY and make a new key');
    }
    const [{ createOpenAI }, { offerImageText }, { offerSpeech }, { offerAssessment }] = await Promise.all([
      import('./openai/structured-answer.ts'),
      import('./openai/read-image.ts'),
      import('./openai/speech.ts'),
      import('./openai/assess-speech.ts'),
    ]);
    const fallback = fallbackOptions(variables, main);
    const first = guard('openai', createOpenAI(main));
    const audio = { apiKey: main.apiKey, baseURL: main.baseURL, timeoutMs: variables.OPENAI_AUDIO_TIMEOUT_MS };
    return {
      structuredAnswer: {
        available: true,
        work: fallback ? withFallback(first, guard('openai-fallback', createOpenAI(fallback))) : first,
        author: { provider: 'openai', model: main.model },
        answers: JSON.stringify(['openai', main.baseURL, main.model]),
      },
      imageText: offerImageText(main, variables.OPENAI_VISION_MODEL, deps),
      speech: offerSpeech({ ...audio, model: variables.OPENAI_SPEECH_MODEL }, deps),
      speechAssessment: { ...offerAssessment({ ...audio, model: variables.OPENAI_AUDIO_MODEL }, deps), optIn: true },
    };
  },
});

/** The settings of the model that is asked first; undefined without a key. */
export function mainOptions(variables: Variables): OpenAIOptions | undefined {
  const apiKey = variables.OPENAI_API_KEY ?? variables.EXPO_PUBLIC_OPENAI_API_KEY;
  if (apiKey === undefined) return undefined;
  return {
    apiKey,
    baseURL: variables.OPENAI_BASE_URL,
    model: variables.OPENAI_MODEL,
    idleTimeoutMs: variables.OPENAI_IDLE_TIMEOUT_MS,
    maxTokens: variables.OPENAI_MAX_TOKENS,
  };
}

/** The settings of the fallback model. On another server it gets its own key or none, never the first one's. */
export function fallbackOptions(variables: Variables, main: OpenAIOptions): OpenAIOptions | undefined {
  const { OPENAI_FALLBACK_MODEL: model, OPENAI_FALLBACK_BASE_URL: baseURL, OPENAI_FALLBACK_API_KEY: apiKey } = variables;
  if (model === undefined) return undefined;
  return { ...main, model, baseURL: baseURL ?? main.baseURL, apiKey: apiKey ?? (baseURL === undefined ? main.apiKey : 'none') };
}
