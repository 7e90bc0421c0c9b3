/** Parses what the server streams. A value of a wrong type is treated as absent. */
import { z } from 'zod';

const text = z.string().default('').catch('');

const chunk = z.object({
  choices: z
    .array(
      z.object({
        // Servers use one of two names for the model's thinking.
        delta: z
          .object({ content: text, refusal: text, reasoning_content: text, reasoning: text })
          .catch({ content: '', refusal: '', reasoning_content: '', reasoning: '' }),
        finish_reason: z.string().nullish().catch(null),
      }),
    )
    .catch([]),
  usage: z.unknown().optional(),
});

/** One chunk of an answer. Texts that the chunk does not have are empty. */
export type Delta = {
  content: string;
  refusal: string;
  reasoning: string;
  /** Why the answer has ended; undefined while it goes on. */
  finish: string | undefined;
  usage: TokenCount;
};

/** The tokens that the server reports for the call so far. Numbers that can't be right are absent. */
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

/** No call uses more tokens than this. A greater number is a mistake, and would use up a user's budget. */
const MAX_TOKENS = 1_000_000_000;

const tokens = z.number().min(0).max(MAX_TOKENS).transform(Math.ceil).optional().catch(undefined);

const usage = z.object({ prompt_tokens: tokens, completion_tokens: tokens }).catch({});

function readUsage(raw: unknown): TokenCount {
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage.parse(raw);
  return { inputTokens, outputTokens };
}
