/**
 * OpenAI, or any server with the same chat completions. Its SDK is loaded only where a key is set.
 */
import { z } from 'zod';
import { httpUrl, MAX_TIMER_MS, milliseconds, positive, splitList, wholeNumber, vendorKey } from '../../src/env/variables.ts';
import { withFallback } from '../fallback.ts';
import { factsOf } from './openai/model-facts.ts';
import { OPENAI_PRICES } from './openai/prices.ts';
import type { OpenAIOptions } from './openai/structured-answer.ts';
import { defineVendor } from './vendor.ts';

const VARIABLES = {
  OPENAI_API_KEY: vendorKey.optional(),
  EXPO_PUBLIC_OPENAI_API_KEY: vendorKey.optional(),
  OPENAI_BASE_URL: httpUrl.optional(),
  OPENAI_MODEL: z.string().default('gpt-5.4-mini'),
  OPENAI_IDLE_TIMEOUT_MS: milliseconds(30_000),
  OPENAI_THINKING_MAX_MS: wholeNumber(1, MAX_TIMER_MS).optional(),
  OPENAI_MAX_TOKENS: positive(16_384),
  OPENAI_SPEECH_MODEL: z.string().optional(),
  OPENAI_AUDIO_MODEL: z.string().optional(),
  OPENAI_AUDIO_TIMEOUT_MS: milliseconds(110_000),
  OPENAI_VISION_MODEL: z.string().optional(),
  OPENAI_API: z.enum(['responses', 'chat']).optional(),
  OPENAI_FALLBACK_MODEL: z.string().optional(),
  OPENAI_FALLBACK_BASE_URL: httpUrl.optional(),
  OPENAI_FALLBACK_API_KEY: vendorKey.optional(),
  /** The process's own: the models that answer any prompt. */
  RESPONSE_MODELS: z.string().transform(splitList).default([]),
  /**
   * The process's own. Where it is set, it says how long an attempt may take, thinking included.
   */
  JOB_TIMEOUT_MS: z.string().optional(),
};

/** How long a model may give signs of life only, unless a variable says it, in ms. */
const THINKING_MAX_MS = 300_000;

type Variables = z.output<z.ZodObject<typeof VARIABLES>>;

/** OpenAI as a vendor, with its fallback model. */
export const openai = defineVendor({
  name: 'openai',
  keys: ['OPENAI_API_KEY', 'EXPO_PUBLIC_OPENAI_API_KEY'],
  writes: true,
  prices: OPENAI_PRICES,
  variables: VARIABLES,
  async offers(variables, deps) {
    const { guard, warn } = deps;
    const options = mainOptions(variables);
    if (!options) {
      const missing = { available: false, missing: ['OPENAI_API_KEY'] } as const;
      return {
        structuredAnswer: missing,
        response: missing,
        imageText: missing,
        speech: missing,
        speechAssessment: { ...missing, optIn: true },
      };
    }
    if (variables.OPENAI_API_KEY === undefined) {
      warn('EXPO_PUBLIC_OPENAI_API_KEY is used: that prefix ships the key inside the app; rename it to OPENAI_API_KEY and make a new key');
    }
    const [{ createOpenAI }, { createModelMemory }, { offerPrompts }, { offerImageText }, { offerSpeech }, { offerAssessment }] =
      await Promise.all([
        import('./openai/structured-answer.ts'),
        import('./openai/form.ts'),
        import('./openai/offer-prompts.ts'),
        import('./openai/read-image.ts'),
        import('./openai/speech.ts'),
        import('./openai/assess-speech.ts'),
      ]);
    const main = { ...options, modelMemory: createModelMemory() };
    const fallback = fallbackOptions(variables, main);
    const first = guard('openai', createOpenAI(main));
    const audio = { apiKey: main.apiKey, baseURL: main.baseURL, timeoutMs: variables.OPENAI_AUDIO_TIMEOUT_MS };
    return {
      structuredAnswer: {
        ...factsOf(main.baseURL, main.model, fallback && [fallback.model]),
        work: fallback ? withFallback(first, guard('openai-fallback', createOpenAI(fallback))) : first,
      },
      response: offerPrompts({ ...main, models: variables.RESPONSE_MODELS, api: variables.OPENAI_API }, deps),
      imageText: offerImageText(main, variables.OPENAI_VISION_MODEL, deps),
      speech: offerSpeech({ ...audio, model: variables.OPENAI_SPEECH_MODEL, idleTimeoutMs: main.idleTimeoutMs }, deps),
      speechAssessment: { ...offerAssessment({ ...audio, model: variables.OPENAI_AUDIO_MODEL }, deps), optIn: true },
    };
  },
});

/** The settings of the model that is asked first; undefined without a key. */
export function mainOptions(variables: Variables): OpenAIOptions | undefined {
  const apiKey = variables.OPENAI_API_KEY ?? variables.EXPO_PUBLIC_OPENAI_API_KEY;
  if (apiKey === undefined) return undefined;
  const thinkingMaxMs = variables.OPENAI_THINKING_MAX_MS ?? (variables.JOB_TIMEOUT_MS === undefined ? THINKING_MAX_MS : Infinity);
  return {
    apiKey,
    baseURL: variables.OPENAI_BASE_URL,
    model: variables.OPENAI_MODEL,
    idleTimeoutMs: variables.OPENAI_IDLE_TIMEOUT_MS,
    thinkingMaxMs,
    maxTokens: variables.OPENAI_MAX_TOKENS,
  };
}

/**
 * The settings of the fallback model. On another server it gets its own key or none, never the
 * first one's.
 */
export function fallbackOptions(variables: Variables, main: OpenAIOptions): OpenAIOptions | undefined {
  const { OPENAI_FALLBACK_MODEL: model, OPENAI_FALLBACK_BASE_URL: baseURL, OPENAI_FALLBACK_API_KEY: apiKey } = variables;
  if (model === undefined) return undefined;
  return { ...main, model, baseURL: baseURL ?? main.baseURL, apiKey: apiKey ?? (baseURL === undefined ? main.apiKey : 'none') };
}
