/** What the server streams, parsed where it comes in: whatever is not of the right type counts as not said. */
import { z } from 'zod';

const text = z.string().default('').catch('');

const chunk = z.object({
  choices: z
    .array(
      z.object({
        // Compatible servers call a model's thinking by one of two names.
        delta: z
          .object({ content: text, refusal: text, reasoning_content: text, reasoning: text })
          .catch({ content: '', refusal: '', reasoning_content: '', reasoning: '' }),
        finish_reason: z.string().nullish().catch(null),
      }),
    )
    .catch([]),
  usage: z.unknown().optional(),
});

/** A step of an answer. The texts are empty where there is none. */
export type Delta = {
  content: string;
  refusal: string;
  reasoning: string;
  /** Why the answer is over, once it is. */
  finish: string | undefined;
  usage: TokenCount;
};

/** What the server says it took so far, in all; as far as that can be believed. */
export type TokenCount = { inputTokens?: number | undefined; outputTokens?: number | undefined };

/** Reads a chunk of a streamed completion. */
export function readChunk(raw: unknown): Delta {
  const { choices, usage } = chunk.catch({ choices: [], usage: undefined }).parse(raw);
  const { delta, finish_reason: finish } = choices[0] ?? {};
  return {
    content: delta?.content ?? '',
    refusal: delta?.refusal ?? '',
    reasoning: (delta?.reasoning_content ?? '') + (delta?.reasoning ?? ''),
    finish: finish ?? undefined,
    usage: readUsage(usage),
  };
}

/** No call takes so many tokens: a greater number is a mistake, and believed it would use up a budget for good. */
const MAX_TOKENS = 1_000_000_000;

const tokens = z.number().min(0).max(MAX_TOKENS).transform(Math.ceil).optional().catch(undefined);

const usage = z.object({ prompt_tokens: tokens, completion_tokens: tokens }).catch({});

function readUsage(raw: unknown): TokenCount {
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage.parse(raw);
  return { inputTokens, outputTokens };
}
