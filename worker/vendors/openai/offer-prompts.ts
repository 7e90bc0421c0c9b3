/** The offer to answer any prompt, with the models that RESPONSE_MODELS names. */
import OpenAI from 'openai';
import type { Offer, VendorTools } from '../vendor.ts';
import { createPrompts } from './answer-prompt.ts';
import { endsOf } from './model-facts.ts';
import type { OpenAIOptions } from './structured-answer.ts';
import { createAnswerByChat } from './upstream-chat.ts';
import { answerByResponses } from './upstream-responses.ts';

/**
 * `api`: what the server speaks; where it is not set, OpenAI itself speaks Responses, and others
 * chat completions.
 */
type PromptOptions = OpenAIOptions & { models: readonly string[]; api: 'responses' | 'chat' | undefined };

/** See above. */
export function offerPrompts(options: PromptOptions, { guard }: Pick<VendorTools, 'guard'>): Offer<'response'> {
  const { apiKey, baseURL, models, thinkingMaxMs: thinkingMs = Infinity, idleTimeoutMs: idleMs } = options;
  const [first] = models;
  if (first === undefined) return { available: false, missing: ['RESPONSE_MODELS'] };
  const { api = baseURL === undefined ? 'responses' : 'chat' } = options;
  const client = new OpenAI({ apiKey, baseURL: baseURL ?? null, maxRetries: 0 });
  const answer = api === 'responses' ? answerByResponses : createAnswerByChat({ thinkingMs, idleMs });
  return {
    available: true,
    author: { provider: 'openai', model: first },
    models,
    answers: JSON.stringify(['openai', api, baseURL, models]),
    ends: endsOf(models),
    accepts: [{ field: 'model', values: models, detail: `is none of the models that answer here: ${models.join(', ')}` }],
    work: guard('openai-responses', createPrompts(client, models, answer)),
  };
}
